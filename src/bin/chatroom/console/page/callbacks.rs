//! The callbacks, the newest first, each with its answer and the reason for it.

use std::{borrow::Cow, sync::Arc};

use chatroom_status_sync::{callback::body::raw_events, domain::time::Timestamp};
use maud::{Markup, html};
use serde_json::Value;

use super::{
    mark::mark,
    text::{ago, counted, for_field, id, number, reason, time},
};
use crate::console::{
    feed::MOST,
    outcome::Outcome,
    record::{CallbackRecord, EventSummary, MAX_BODY_BYTES},
    view::View,
};
use crate::print::{printable, printable_lines};

/// The users that are named in the line of an event.
const NAMED: usize = 4;
/// The users of an event that are listed, the bytes of a body that are shown at once, and the
/// callbacks on a page: all that is drawn again with each that comes.
const LISTED: usize = 10;
const START: usize = 1000;
const SHOWN: usize = 100;

/// The callbacks that are kept, and the number of all so far.
pub struct Callbacks {
    pub records: Vec<Arc<CallbackRecord>>,
    pub seen: u64,
    /// A command that sends a first one.
    pub curl: String,
}

/// Draws the form that filters what happened, by text and by these outcomes.
pub fn filter_form(view: &View, outcomes: &[Outcome]) -> Markup {
    html! {
        form.row method="get" action="/" data-live="" {
            input type="hidden" name="view" value=(view.unfiltered().query());
            label { span.hidden { "Filter by text" }
                input type="search" name="filter" value=[for_field(view.filter.as_ref())] maxlength="256"
                    placeholder="Filter: room, user, reason …" autocomplete="off" spellcheck="false";
            }
            @if !outcomes.is_empty() {
                label { span.hidden { "Filter by outcome" }
                    select name="outcome" {
                        option value="" { "all outcomes" }
                        @for &outcome in outcomes {
                            option value=(outcome.word()) selected[view.outcome == Some(outcome)] {
                                (outcome.word())
                            }
                        }
                    }
                }
            }
            button { "Filter" }
        }
    }
}

/// Draws the callbacks that the view's filter lets through.
pub fn callbacks(callbacks: &Callbacks, view: &View, now: Timestamp) -> Markup {
    let shown = callbacks.records.iter().filter(|record| is_shown(record, view));
    let shown: Vec<_> = shown.take(SHOWN).collect();
    let is_filtered = view.filter.is_some() || view.outcome.is_some();
    html! {
        section #callbacks data-part="callbacks" aria-labelledby="callbacks-title" {
            @if callbacks.seen == 0 {
                (first_steps(&callbacks.curl))
            } @else if shown.is_empty() {
                p.empty {
                    "None of the last " (number(callbacks.records.len() as u64))
                    " callbacks is like that. "
                    a href=(view.unfiltered().link()) { "Show all" }
                }
            } @else {
                ol.feed {
                    @for record in &shown { (row(record, view, now)) }
                }
                p.note {
                    @if is_filtered {
                        (number(shown.len() as u64)) " of the last "
                        (counted(callbacks.records.len() as u64, "callback")) ". "
                        a href=(view.unfiltered().link()) { "Show all" }
                    } @else if callbacks.seen > shown.len() as u64 {
                        "The last " (shown.len()) " of " (number(callbacks.seen))
                        ". The filter finds the last " (MOST) ", which are kept in memory."
                    } @else {
                        (counted(callbacks.seen, "callback")) " since the start."
                    }
                }
            }
        }
    }
}

/// Tells a newcomer what to do.
fn first_steps(curl: &str) -> Markup {
    html! {
        div.empty {
            p { strong { "No callback has come yet." } " Send the first one, either way:" }
            ol {
                li {
                    "Fill in " a href="#send" { "Send an event" } " below: it is signed with the \
                    sample app's secret and goes through the real endpoint."
                }
                li {
                    "Or run this in a terminal. Its signature is good for 15 minutes:"
                    pre.command tabindex="0" { code { (curl) } }
                }
            }
            p { "It appears here at once, with its answer, and its room on the right." }
        }
    }
}

fn is_shown(record: &CallbackRecord, view: &View) -> bool {
    view.outcome.is_none_or(|outcome| outcome == record.outcome)
        && view.filter.as_ref().is_none_or(|text| record.contains(&text.to_lowercase()))
}

fn row(record: &CallbackRecord, view: &View, now: Timestamp) -> Markup {
    let is_sent = view.sent == Some(record.number);
    html! {
        li #{ "c" (record.number) } .sent[is_sent] {
            details {
                summary {
                    span.when { (time(record.taken.millis(), now)) (ago(record.taken.millis(), now)) }
                    (mark(record.outcome))
                    span.what { (headline(record)) }
                    span.tally { (tally(record)) }
                }
                (particulars(record, view, now))
            }
        }
    }
}

/// Says what a callback holds, in a line.
fn headline(record: &CallbackRecord) -> Markup {
    let more = record.events.len().saturating_sub(1) + record.more_events;
    html! {
        @match record.events.first() {
            Some(event) => {
                (event_line(event))
                @if more > 0 { span.more { " + " (counted(more as u64, "event")) } }
            }
            None if record.body.is_none() => { (number(record.bytes as u64)) " bytes" }
            None => "no events",
        }
    }
}

fn event_line(event: &EventSummary) -> Markup {
    let named = &event.users[..event.users.len().min(NAMED)];
    let more = event.users.len() - named.len();
    html! {
        span.kind { (printable(&event.kind)) } " "
        (id(&event.room))
        @for (index, user) in named.iter().enumerate() {
            @if index == 0 { span.sep { " · " } } @else { ", " }
            (id(user))
        }
        @if more > 0 { " + " (number(more as u64)) }
    }
}

/// Gives the numbers of a callback's changes, or the status and the name of its refusal.
fn tally(record: &CallbackRecord) -> String {
    let Some(counts) = record.counts else {
        return format!("{} {}", record.status, reason(&record.error));
    };
    let parts = [
        (counts.applied, "applied"),
        (counts.stale, "stale"),
        (counts.deferred, "deferred"),
        (counts.quarantined, "quarantined"),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|(count, _)| *count > 0).collect();
    // The mark has the word already.
    if let [(count, _)] = parts[..] {
        let noun = if counts.quarantined > 0 { "event" } else { "change" };
        return counted(count as u64, noun);
    }
    parts.iter().map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(" · ")
}

fn particulars(record: &CallbackRecord, view: &View, now: Timestamp) -> Markup {
    html! {
        div.particulars {
            @for sentence in &record.meaning { p { (printable(sentence)) } }
            @if !record.events.is_empty() { (events(record, view, now)) }
            h4 { "Answer " (record.status) }
            pre tabindex="0" { code { (printable_lines(&indented(&record.answer))) } }
            dl {
                dt { "request" } dd { (printable(&record.request_id)) ", callback " (record.number) }
                dt { "took" } dd { (number(record.duration_ms)) " ms" }
                @for (name, value) in record.parameters.iter().take(8) {
                    dt { (printable(name)) } dd { (id(&shortened(name, value))) }
                }
            }
            @match &record.body {
                Some(body) => {
                    details.raw {
                        summary { "Body, " (counted(record.bytes as u64, "byte")) }
                        pre tabindex="0" { code { (printable_lines(&start_of(body))) } }
                        @if body.len() > START {
                            a href={ "/console/body?number=" (record.number) } { "The whole body" }
                        }
                    }
                    @if raw_events(body).is_ok() {
                        form method="post" action="/console/again" data-send="" {
                            input type="hidden" name="view" value=(view.query());
                            input type="hidden" name="number" value=(record.number);
                            button { "Send again" }
                            span.note { " the same events, signed anew for the sample app" }
                        }
                    }
                }
                None => p.note {
                    "The body has " (number(record.bytes as u64)) " bytes; above "
                    (number(MAX_BODY_BYTES as u64)) " it is not kept here."
                },
            }
        }
    }
}

/// Gives as much of a body as is shown at once.
fn start_of(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(&body[..body.len().min(START)])
}

fn events(record: &CallbackRecord, view: &View, now: Timestamp) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label="Events" {
            table {
                thead { tr {
                    th scope="col" { "event" } th scope="col" { "room" } th scope="col" { "users" }
                    th scope="col" { "status" } th scope="col" { "happened" }
                } }
                tbody {
                    @for event in &record.events {
                        tr {
                            td { (printable(&event.kind)) }
                            td { a href={ (view.of_room(&event.room).link()) "#detail" } { (id(&event.room)) } }
                            td {
                                @for (index, user) in event.users.iter().take(LISTED).enumerate() {
                                    @if index > 0 { ", " }
                                    a href={ (view.of_user(user).link()) "#detail" } { (id(user)) }
                                }
                                @if event.users.len() > LISTED { " + " (event.users.len() - LISTED) }
                            }
                            td.number { @if let Some(status) = event.status { (status) } }
                            td { @if let Some(millis) = event.time { (time(millis, now)) " " (ago(millis, now)) } }
                        }
                    }
                }
            }
        }
        @if record.more_events > 0 {
            p.note { "and " (counted(record.more_events as u64, "event")) " more" }
        }
    }
}

/// Shortens the signature: whoever sees the whole of it could send by it.
fn shortened(name: &str, value: &str) -> String {
    let start = value.char_indices().nth(if name == "signature" { 8 } else { 256 });
    start.map_or_else(|| value.to_owned(), |(end, _)| format!("{}…", &value[..end]))
}

fn indented(json: &str) -> String {
    let value: Option<Value> = serde_json::from_str(json).ok();
    value
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| json.to_owned())
}
