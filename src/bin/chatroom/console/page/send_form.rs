//! The form that makes an event and sends it.

use maud::{Markup, html};

use super::text::for_field;
use crate::console::{sending::EventForm, view::View};

const KINDS: [(&str, &str); 4] = [
    ("join", "users join"),
    ("leave", "users leave"),
    ("create", "room is created"),
    ("destroy", "room is destroyed"),
];
const REASONS: [(&str, &str); 4] =
    [("0", "0 requested"), ("1", "1 auto exit"), ("2", "2 banned"), ("3", "3 auto destroyed")];

/// Draws the form, with what was typed and the reason why it was not sent.
pub fn send_form(form: &EventForm, problem: Option<&str>, view: &View, is_open: bool) -> Markup {
    let room = Some(&*form.room).filter(|room| !room.is_empty());
    let room = room.or_else(|| for_field(view.room.as_ref()));
    html! {
        section #send aria-labelledby="send-title" {
            details open[is_open || problem.is_some()] {
                summary { h2 #send-title { "Send an event" } }
                form.fields method="post" action="/console/send" data-send="" {
                    input type="hidden" name="view" value=(view.query());
                    label { "What happened"
                        select name="kind" {
                            @for (value, words) in KINDS {
                                option value=(value) selected[form.kind == value] { (words) }
                            }
                        }
                    }
                    label { "Room"
                        input name="room" required maxlength="256" value=[room] autocomplete="off"
                            spellcheck="false";
                    }
                    label { "Users, comma-separated"
                        input name="users" maxlength="4000" value=(form.users) autocomplete="off"
                            spellcheck="false" placeholder="anna, ben";
                    }
                    label { "Status"
                        select name="status" {
                            @for (value, words) in REASONS {
                                option value=(value) selected[form.status == value] { (words) }
                            }
                        }
                    }
                    div.row {
                        button.primary { "Sign and send" }
                        span #problem role="alert" { @if let Some(problem) = problem { (problem) } }
                    }
                }
            }
        }
    }
}
