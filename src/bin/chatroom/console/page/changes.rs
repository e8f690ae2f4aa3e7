//! The changes of a table, the newest first.

use chatroom_status_sync::{domain::time::Timestamp, table::changes::Change};
use maud::{Markup, html};

use super::{
    mark::mark_of_change,
    text::{ago, counted, id, number, reason, time},
};
use crate::{
    console::{
        changes::{Heard, MOST},
        view::View,
    },
    print::printable,
};

pub fn changes(heard: &Heard, view: &View, now: Timestamp) -> Markup {
    let text = view.filter.as_ref().map(|text| text.to_lowercase());
    let is_shown = |change: &Change| text.as_ref().is_none_or(|text| contains(change, text));
    let shown: Vec<_> = heard.changes.iter().filter(|(_, change)| is_shown(change)).collect();
    html! {
        section #changes data-part="changes" aria-labelledby="changes-title" {
            @if let Some(why) = &heard.trouble {
                p.problem { "Changes are not heard: " (printable(why)) }
            }
            @if heard.count == 0 {
                @if heard.trouble.is_none() {
                    p.empty { "Nothing has changed since this page is served. The next join is here within seconds." }
                }
            } @else if shown.is_empty() {
                p.empty {
                    "None of the last " (counted(heard.changes.len() as u64, "change"))
                    " is like that. " a href=(view.unfiltered().link()) { "Show all" }
                }
            } @else {
                ol.feed { @for (number, change) in shown { (row(*number, change, view, now)) } }
                p.note {
                    @if view.filter.is_some() {
                        a href=(view.unfiltered().link()) { "Show all" }
                    } @else if heard.count > MOST as u64 {
                        "The last " (MOST) " of " (number(heard.count)) "."
                    } @else {
                        (counted(heard.count, "change")) " since the start."
                    }
                }
            }
        }
    }
}

fn contains(change: &Change, lowercase: &str) -> bool {
    let texts = [
        Some(&*change.chat_room_id),
        change.user_id.as_deref(),
        change.kind.reason(),
        Some(change.kind.name()),
    ];
    texts.into_iter().flatten().any(|text| text.to_lowercase().contains(lowercase))
}

fn row(number: u64, change: &Change, view: &View, now: Timestamp) -> Markup {
    let millis = change.at.millis();
    html! {
        li #{ "n" (number) } .line {
            span.when { (time(millis, now)) (ago(millis, now)) }
            (mark_of_change(&change.kind))
            span.what {
                a href={ (view.of_room(&change.chat_room_id).link()) "#detail" } {
                    (id(&change.chat_room_id))
                }
                @if let Some(user) = &change.user_id {
                    span.sep { " · " }
                    a href={ (view.of_user(user).link()) "#detail" } { (id(user)) }
                }
            }
            span.tally { (reason(change.kind.reason().unwrap_or_default())) }
        }
    }
}
