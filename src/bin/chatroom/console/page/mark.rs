//! The mark of an outcome: a word with a colour and a shape of its own.

use maud::{Markup, html};

use crate::console::outcome::Outcome;

pub fn mark(outcome: Outcome) -> Markup {
    html! {
        span.mark.(outcome.word()) { (shape(outcome)) (outcome.word()) }
    }
}

/// Draws a shape that is told apart without its colour.
fn shape(outcome: Outcome) -> Markup {
    html! {
        svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false" {
            @match outcome {
                Outcome::Applied => circle cx="6" cy="6" r="4.5" fill="currentColor" {},
                Outcome::Stale => {
                    circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.5" {}
                }
                Outcome::Deferred => {
                    circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.5" {}
                    path d="M6 3.5V6l2 1.2" fill="none" stroke="currentColor" stroke-width="1.5" {}
                }
                Outcome::Quarantined => path d="M6 1 11.5 10.5H.5Z" fill="currentColor" {},
                Outcome::Refused => {
                    path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" stroke-width="2" {}
                }
                Outcome::Unavailable => {
                    rect x="1.5" y="1.5" width="9" height="9" fill="currentColor" {}
                }
            }
        }
    }
}
