//! The depths of the queues, and the last dead letters.

use chatroom_status_sync::domain::time::Timestamp;
use maud::{Markup, html};

use super::text::{ago, number, time};
use crate::console::depths::{Depth, Depths, LetterSummary, MOST_LETTERS, NoNumbers};
use crate::print::{printable, printable_lines};

pub fn queues(depths: &Depths, now: Timestamp) -> Markup {
    html! {
        section #queues data-part="queues" aria-labelledby="queues-title" {
            h2.hidden #queues-title { "Queues" }
            div.scroll tabindex="0" role="group" aria-labelledby="queues-title" {
                table.depths {
                    thead { tr {
                        th scope="col" { "queue" }
                        th.number scope="col" { "visible" }
                        th.number scope="col" { "in flight" }
                        th.number scope="col" { "delayed" }
                    } }
                    tbody { @for depth in &depths.queues { (row(depth)) } }
                }
            }
            @if let Some(letters) = &depths.letters {
                div.letters {
                    h3 { "Last dead letters" }
                    @if letters.is_empty() {
                        p.empty { "None. Events that cannot be understood are kept there." }
                    } @else {
                        ol { @for letter in letters { (line(letter, now)) } }
                        @if letters.len() == MOST_LETTERS {
                            p.note { "The last " (MOST_LETTERS) ". " code { "chatroom dead-letters list" } " shows all." }
                        }
                    }
                }
            }
        }
    }
}

fn row(depth: &Depth) -> Markup {
    html! {
        tr {
            th scope="row" { (depth.name) }
            @match &depth.numbers {
                Ok(numbers) => {
                    @for count in [numbers.visible, numbers.in_flight, numbers.delayed] {
                        td.number.zero[count == 0] { (number(count)) }
                    }
                }
                Err(NoNumbers(why)) => td.problem colspan="3" { (printable(why)) },
            }
        }
    }
}

fn line(letter: &LetterSummary, now: Timestamp) -> Markup {
    html! {
        li {
            details {
                summary {
                    @if let Some(millis) = letter.received_at {
                        span.when { (time(millis, now)) (ago(millis, now)) }
                    }
                    span.why { (printable(&letter.reason)) }
                    span.note { (printable(&letter.kind)) }
                }
                div.particulars {
                    @if let Some(request) = &letter.request_id { p { "request " (printable(request)) } }
                    pre tabindex="0" { code { (printable_lines(&letter.content)) } }
                }
            }
        }
    }
}
