//! What must hold, whatever bytes come in. Every check panics where it does not.
//!
//! * [`requests`]: only what is signed is believed.
//! * [`bodies`]: everything signed is accounted for, in bounded memory.
//! * [`plans`]: order and repetition change nothing.
//! * [`messages`]: what is deferred comes back as it was.
//!
//! * [`story`]: events made of bytes.
//! * [`memory`]: how much was allocated.

pub mod bodies;
pub mod memory;
pub mod messages;
pub mod plans;
pub mod requests;
pub mod story;

use crate::{
    domain::{ids::AppKey, time::Timestamp},
    wire::limits::MAX_BYTES,
};

/// The time of the sample events.
pub fn now() -> Timestamp {
    Timestamp::from_millis(1_574_476_797_772).expect("a time of 13 digits")
}

pub fn app() -> AppKey {
    AppKey::new("someappKey").expect("an app key")
}

/// Whether SQS takes a message: its size, and its characters.
pub fn assert_sendable(message: &str) {
    assert!(message.len() <= MAX_BYTES, "{} bytes", message.len());
    let is_allowed = |character| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(message.chars().all(is_allowed), "{message:?}");
}
