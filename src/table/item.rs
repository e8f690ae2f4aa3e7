//! Reads what a stored item says.

use std::cmp::Ordering;

use super::Attributes;
use crate::domain::{
    event::{Kind, Version},
    room_state::RoomState,
    time::Timestamp,
};

/// Reads a number attribute; `None` if it is absent or no whole number.
pub fn number(item: &Attributes, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// Reads a text attribute; `None` if it is absent or no text.
pub fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// Reads a version; `None` if it is absent or no event has it.
pub fn version(item: &Attributes, name: &str) -> Option<Version> {
    number(item, name).and_then(Version::from_number)
}

/// Reads the state of a room's item.
pub fn room_state(item: &Attributes) -> RoomState {
    let is_destroyed = text(item, "lifecycle") == Some("destroyed");
    RoomState {
        active: text(item, "lifecycle") == Some("active"),
        destroyed: version(item, "destroyVersion"),
        unswept: is_destroyed && !item.contains_key("expiresAt"),
    }
}

/// Compares what the item records about this kind of event with `event`; `None` if it records
/// nothing.
///
/// Of creates, joins and leaves the item keeps the time alone, so two of the same millisecond are
/// equal here. Of destroys it keeps the whole version.
pub fn compare(item: &Attributes, event: Version) -> Option<Ordering> {
    let time = |name| {
        let known = number(item, name).and_then(Timestamp::from_millis)?;
        Some(known.cmp(&event.time()))
    };
    match event.kind() {
        Kind::Create => time("createdAt"),
        Kind::Join => time("joinedAt"),
        Kind::Leave => time("leftAt"),
        Kind::Destroy => version(item, "destroyVersion").map(|known| known.cmp(&event)),
    }
}
