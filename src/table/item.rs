//! What an item that was in the table already says.

use std::cmp::Ordering;

use super::Attributes;
use crate::domain::{
    event::{Kind, Version},
    room_state::RoomState,
    time::Timestamp,
};

/// A number attribute; `None` if it is absent or no whole number.
pub fn number(item: &Attributes, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// A text attribute; `None` if it is absent or no text.
pub fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

/// What a room's item says to those who join it.
pub fn sight(item: &Attributes) -> RoomState {
    RoomState {
        active: text(item, "lifecycle") == Some("active"),
        destroyed: destroy_version(item),
    }
}

/// The newest destroy that a room's item records.
pub fn destroy_version(item: &Attributes) -> Option<Version> {
    number(item, "destroyVersion").and_then(Version::from_number)
}

/// How what the item records about this kind of event compares with `version`; `None` if it records
/// nothing.
///
/// Of creates, joins and leaves the table keeps the time, so only a later time differs; of destroys
/// the version.
pub fn compare(item: &Attributes, version: Version) -> Option<Ordering> {
    let time = |name| {
        number(item, name).and_then(Timestamp::from_millis).map(|time| time.cmp(&version.time()))
    };
    match version.kind() {
        Kind::Create => time("createdAt"),
        Kind::Join => time("joinedAt"),
        Kind::Leave => time("leftAt"),
        Kind::Destroy => destroy_version(item).map(|known| known.cmp(&version)),
    }
}
