//! Checks that must hold for any bytes. A check panics if it does not.
//!
//! * [`requests`]: only signed requests are believed.
//! * [`bodies`]: everything signed is accounted for, in bounded memory.
//! * [`plans`]: order and repetition change nothing.
//! * [`messages`]: deferred changes come back as they were.
//!
//! * [`story`]: events made from bytes.
//! * [`memory`]: a meter for allocations.

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

/// Checks that SQS would take a message: its size, and its characters.
pub fn assert_sendable(message: &str) {
    assert!(message.len() <= MAX_BYTES, "{} bytes", message.len());
    let is_allowed = |character| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(message.chars().all(is_allowed), "{message:?}");
}
