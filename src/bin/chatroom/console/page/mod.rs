//! The page: HTML that says everything without a script, and parts of it for the script that keeps
//! it up to date.
//!
//! * `callbacks`, `send_form`: the left side, what came in and a form to send more. Where nothing
//!   comes in: `changes`, what happened to the table.
//! * `rooms`, `detail`: the right side, the rooms by size and the members of one.
//! * `queues`: the bottom.
//! * `mark`, `text`: outcomes, ids, times and numbers, the same everywhere.

mod callbacks;
mod changes;
mod detail;
mod mark;
mod queues;
mod rooms;
mod send_form;
mod text;

use std::sync::Arc;

use chatroom_status_sync::domain::time::Timestamp;
use maud::{DOCTYPE, Markup, html};

pub use callbacks::Callbacks;
pub use detail::Detail;
use text::id;

use crate::print::printable;

use super::{
    changes::Heard, depths::Depths, hub::Part, outcome::Outcome, sending::EventForm, sizes::Count,
    view::View,
};

/// The facts that every page shows at its top.
pub struct Place<'a> {
    pub table: &'a str,
    pub app: &'a str,
    /// The place of the table, such as a region.
    pub at: &'a str,
}

/// The form for events, as it is shown.
#[derive(Default)]
pub struct Sending<'a> {
    pub form: EventForm,
    /// The reason why it was not sent.
    pub problem: Option<&'a str>,
    /// The callback that was just sent: its number and outcome.
    pub sent: Option<(u64, Outcome)>,
}

/// The content of a page, as far as it is asked for.
pub struct Content {
    pub callbacks: Option<Callbacks>,
    pub changes: Option<Heard>,
    pub count: Option<Arc<Count>>,
    pub detail: Option<Detail>,
    pub depths: Option<Arc<Depths>>,
}

impl Content {
    /// Draws the parts that are there.
    pub fn parts(&self, view: &View, now: Timestamp) -> Markup {
        html! { @for part in Part::ALL { (self.part(part, view, now)) } }
    }

    /// Draws the whole page. Without `sending`, it is one to read only.
    pub fn page(
        &self,
        place: &Place<'_>,
        view: &View,
        sending: Option<&Sending<'_>>,
        now: Timestamp,
    ) -> Markup {
        let part = |part| self.part(part, view, now);
        html! {
            (DOCTYPE)
            html lang="en" {
                (head(view))
                body {
                    (banner(place, self, sending.is_none(), now))
                    main {
                        @if let Some(sending) = sending {
                            div.left {
                                header.row {
                                    h2 #callbacks-title { "Callbacks" }
                                    (callbacks::filter_form(view, &Outcome::ALL))
                                }
                                (part(Part::Callbacks))
                                (send(sending, self, view))
                            }
                        } @else {
                            div.left {
                                header.row {
                                    h2 #changes-title { "Changes" }
                                    (callbacks::filter_form(view, &[]))
                                }
                                (part(Part::Changes))
                            }
                        }
                        div.right {
                            (detail::search_form(view))
                            (part(Part::Rooms))
                            (part(Part::Detail))
                        }
                    }
                    (part(Part::Queues))
                }
            }
        }
    }

    fn part(&self, part: Part, view: &View, now: Timestamp) -> Markup {
        let drawn = match part {
            Part::Callbacks => {
                self.callbacks.as_ref().map(|all| callbacks::callbacks(all, view, now))
            }
            Part::Changes => self.changes.as_ref().map(|heard| changes::changes(heard, view, now)),
            Part::Rooms => self.count.as_ref().map(|count| rooms::rooms(count, view, now)),
            Part::Detail => self.detail.as_ref().map(|what| detail::detail(what, view, now)),
            Part::Queues => self.depths.as_ref().map(|depths| queues::queues(depths, now)),
        };
        drawn.unwrap_or_default()
    }
}

fn head(view: &View) -> Markup {
    let chosen = view.room.as_ref().or(view.user.as_ref()).or(view.search.as_ref());
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title {
                @if let Some(chosen) = chosen { (printable(chosen)) " – " }
                "Chatrooms"
            }
            link rel="icon" type="image/svg+xml" href="/console/icon.svg";
            link rel="stylesheet" href="/console/style.css";
            script src="/console/script.js" defer {}
        }
    }
}

fn banner(place: &Place<'_>, content: &Content, is_read_only: bool, now: Timestamp) -> Markup {
    html! {
        header.banner {
            h1 { a href="/" { "Chatrooms" } }
            p.place {
                "table " (id(place.table)) " · app " (id(place.app)) " · " (id(place.at))
                @if is_read_only { " · read-only" }
            }
            nav aria-label="Parts of the page" {
                @if is_read_only {
                    a href="#changes-title" { "Changes" }
                } @else {
                    a href="#callbacks-title" { "Callbacks" }
                }
                a href="#rooms" { "Rooms" }
                a href="#detail" { "Members" }
                @if content.depths.is_some() { a href="#queues" { "Queues" } }
            }
            p.live {
                span #zone { "UTC" } " · "
                span #live { "as of " (text::time(now.millis(), now)) }
                noscript { " · reload for news" }
                button #pause type="button" aria-pressed="false" hidden { "Pause" }
            }
        }
    }
}

fn send(sending: &Sending<'_>, content: &Content, view: &View) -> Markup {
    let is_first = content.callbacks.as_ref().is_some_and(|callbacks| callbacks.seen == 0);
    html! {
        (send_form::send_form(&sending.form, sending.problem, view, is_first))
        p #notice role="status" {
            @if let Some((number, outcome)) = sending.sent {
                "Sent as callback " (number) ": " (outcome.word()) "."
            }
        }
    }
}
