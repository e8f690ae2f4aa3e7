//! The mark of an outcome or a change: a word with a colour and a shape of its own.

use chatroom_status_sync::table::changes::ChangeKind;
use maud::{Markup, html};

use crate::console::outcome::Outcome;

/// A shape that is told apart without its colour.
#[derive(Clone, Copy)]
enum Shape {
    Disc,
    Ring,
    Clock,
    Triangle,
    Cross,
    Square,
}

pub fn mark(outcome: Outcome) -> Markup {
    let shape = match outcome {
        Outcome::Applied => Shape::Disc,
        Outcome::Stale => Shape::Ring,
        Outcome::Deferred => Shape::Clock,
        Outcome::Quarantined => Shape::Triangle,
        Outcome::Refused => Shape::Cross,
        Outcome::Unavailable => Shape::Square,
    };
    draw(shape, outcome.word(), outcome.word())
}

pub fn mark_of_change(kind: &ChangeKind) -> Markup {
    let (shape, colour) = match kind {
        ChangeKind::Joined { .. } => (Shape::Disc, "applied"),
        ChangeKind::Created { .. } | ChangeKind::Appeared | ChangeKind::Revived => {
            (Shape::Square, "applied")
        }
        ChangeKind::Left { .. } | ChangeKind::Ended | ChangeKind::Expired | ChangeKind::Deleted => {
            (Shape::Ring, "stale")
        }
        ChangeKind::Destroyed { .. } => (Shape::Cross, "refused"),
    };
    draw(shape, colour, kind.name())
}

fn draw(shape: Shape, colour: &str, word: &str) -> Markup {
    html! {
        span.mark.(colour) {
            svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false" {
                @match shape {
                    Shape::Disc => circle cx="6" cy="6" r="4.5" fill="currentColor" {},
                    Shape::Ring => {
                        circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.5" {}
                    }
                    Shape::Clock => {
                        circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.5" {}
                        path d="M6 3.5V6l2 1.2" fill="none" stroke="currentColor" stroke-width="1.5" {}
                    }
                    Shape::Triangle => path d="M6 1 11.5 10.5H.5Z" fill="currentColor" {},
                    Shape::Cross => {
                        path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" stroke-width="2" {}
                    }
                    Shape::Square => rect x="1.5" y="1.5" width="9" height="9" fill="currentColor" {},
                }
            }
            (word)
        }
    }
}
