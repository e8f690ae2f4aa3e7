//! The body: turns the bytes of a verified callback into events.
//!
//! The sender documents "a JSON object" and shows an array: both are read. Every fault of one event
//! is that event's own: its neighbours are not affected, and its raw text is kept, so that nothing
//! signed is lost.

use std::{error::Error, fmt};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    fault::{EventError, Fault},
    verify::Verified,
};
use crate::domain::{
    event::{Event, Kind, Version, is_plausible},
    ids::{RoomId, UserId},
    time::Timestamp,
};

/// The most faulty events of one body that are kept one by one. The body is not signed: it may hold
/// a million faults of a few bytes each, and each that is kept becomes a message.
pub const MOST_FAULTS: usize = 1000;

/// The events of a body, and those that cannot be understood.
#[derive(Debug, Default)]
pub struct Parsed<'body> {
    /// The events, in the order of the body, which means nothing.
    pub events: Vec<Event>,
    /// The faulty events, at most [`MOST_FAULTS`] of them, to be quarantined one by one.
    pub faults: Vec<Fault<'body>>,
    /// The number of all faulty events. If `faults` holds fewer, the body is to be kept whole.
    pub faulty: usize,
    /// The whole body.
    pub body: &'body [u8],
}

/// The error of a body that as a whole is no JSON array or object.
#[derive(Debug)]
pub struct InvalidBody {
    /// The parser's error, if the body begins like an array or an object.
    pub syntax: Option<serde_json::Error>,
}

/// Separates the events of a body: the elements of an array, or one object.
pub fn raw_events(body: &[u8]) -> Result<Vec<&RawValue>, InvalidBody> {
    let body = body.trim_ascii_start();
    let events = match body.first() {
        Some(b'[') => serde_json::from_slice(body),
        Some(b'{') => serde_json::from_slice(body).map(|event| vec![event]),
        _ => return Err(InvalidBody { syntax: None }),
    };
    events.map_err(|why| InvalidBody { syntax: Some(why) })
}

/// Reads all events of a body, and judges at `now` whether their times are plausible. Neither
/// events nor users are limited in number: the transport limits the bytes.
///
/// # Errors
/// [`InvalidBody`] where the body as a whole is no JSON array or object. Everything else is a fault
/// of one event.
pub fn parse(callback: &Verified, now: Timestamp) -> Result<Parsed<'_>, InvalidBody> {
    let body = callback.body();
    let mut parsed = Parsed { body, ..Parsed::default() };
    for raw in raw_events(body)? {
        match parse_event(raw, now) {
            Ok(event) => parsed.events.push(event),
            Err(why) => {
                parsed.faulty += 1;
                if parsed.faults.len() < MOST_FAULTS {
                    parsed.faults.push(Fault { raw, why });
                }
            }
        }
    }
    Ok(parsed)
}

/// The fields of an event, still raw, so that an error can name the field. A field that is `null`
/// counts as absent.
#[derive(Deserialize)]
struct Fields<'body> {
    #[serde(borrow, rename = "chatRoomId")]
    room: Option<&'body RawValue>,
    #[serde(borrow, rename = "userIds")]
    users: Option<&'body RawValue>,
    #[serde(borrow)]
    status: Option<&'body RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'body RawValue>,
    #[serde(borrow)]
    time: Option<&'body RawValue>,
}

impl<'body> Fields<'body> {
    fn read(raw: &'body RawValue) -> Option<Self> {
        // A sequence would fill the struct by position.
        raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
    }
}

fn parse_event(raw: &RawValue, now: Timestamp) -> Result<Event, EventError> {
    let fields = Fields::read(raw).ok_or(EventError::NoObject)?;

    let room_id: String = required(fields.room, "chatRoomId", "text")?;
    let room = RoomId::new(room_id).map_err(EventError::Room)?;

    let user_ids: Vec<String> = match fields.users {
        Some(raw) => typed(raw, "userIds", "a list of texts")?,
        None => Vec::new(),
    };
    let users = user_ids
        .into_iter()
        .map(UserId::new)
        .collect::<Result<_, _>>()
        .map_err(EventError::User)?;

    let number = required(fields.kind, "type", "a whole number")?;
    let kind = Kind::from_type(number).ok_or(EventError::UnknownType(number))?;

    let millis = required(fields.time, "time", "a whole number of milliseconds")?;
    let time = Timestamp::from_millis(millis)
        .filter(|&time| is_plausible(time, now))
        .ok_or(EventError::ImplausibleTime { millis, now })?;

    let status = required(fields.status, "status", "a whole number")?;
    Ok(Event { room, users, version: Version::new(time, kind, status) })
}

fn required<T: DeserializeOwned>(
    raw: Option<&RawValue>,
    field: &'static str,
    expected: &'static str,
) -> Result<T, EventError> {
    typed(raw.ok_or(EventError::Missing(field))?, field, expected)
}

fn typed<T: DeserializeOwned>(
    raw: &RawValue,
    field: &'static str,
    expected: &'static str,
) -> Result<T, EventError> {
    serde_json::from_str(raw.get()).map_err(|_| EventError::WrongType { field, expected })
}

impl fmt::Display for InvalidBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body is no JSON array or object")?;
        self.syntax.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
    }
}

impl Error for InvalidBody {}
