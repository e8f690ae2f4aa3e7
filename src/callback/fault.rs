//! The faults of single events.

use std::{error::Error, fmt};

use serde_json::value::RawValue;

use crate::domain::{ids::IdError, time::Timestamp};

/// An event that cannot be understood.
#[derive(Debug)]
pub struct Fault<'body> {
    /// Its JSON text, byte for byte.
    pub raw: &'body RawValue,
    /// The reason.
    pub why: EventError,
}

/// A reason why an event cannot be understood. Its words are a clause such as `type 7 is unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventError {
    /// It is no JSON object, or one that names a field twice.
    NoObject,
    /// A field that every event has is absent.
    Missing(&'static str),
    /// A field holds a value of the wrong type.
    WrongType {
        /// The field's name.
        field: &'static str,
        /// The expected type, in words.
        expected: &'static str,
    },
    /// The text of `chatRoomId` is no room id.
    Room(IdError),
    /// One of the texts of `userIds` is no user id.
    User(IdError),
    /// The sender documents no such `type`.
    UnknownType(u64),
    /// The time lies before September 2001, or more than five minutes ahead.
    ImplausibleTime {
        /// The event's time, in Unix milliseconds.
        millis: u64,
        /// The receiver's time.
        now: Timestamp,
    },
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject => f.write_str("it is no JSON object, or names a field twice"),
            Self::Missing(field) => write!(f, "{field} is missing"),
            Self::WrongType { field, expected } => write!(f, "{field} is not {expected}"),
            Self::Room(why) => write!(f, "chatRoomId {why}"),
            Self::User(why) => write!(f, "a user id {why}"),
            Self::UnknownType(number) => write!(f, "type {number} is unknown"),
            Self::ImplausibleTime { millis, now } => {
                write!(f, "time {millis} is implausible at {now}")
            }
        }
    }
}

impl Error for EventError {}
