//! From the bytes of a verified body to events.
//!
//! The sender documents "a JSON object" and shows an array: both are read. Every fault of one event
//! is that event's own: its neighbours are not affected, and its raw text is kept, so that nothing
//! signed is lost.

use std::{
    error::Error,
    fmt::{self, Display, Formatter},
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    callback::Verified,
    domain::{
        event::{Event, Kind, Version, is_plausible},
        ids::{RoomId, UserId},
        time::Timestamp,
    },
};

/// The events of a body, and those that cannot be understood.
#[derive(Debug, Default)]
pub struct Parsed<'body> {
    /// In the order of the body, which means nothing.
    pub events: Vec<Event>,
    /// For quarantine, each by itself; at most [`MOST_FAULTS`].
    pub faults: Vec<Fault<'body>>,
    /// How many events cannot be understood. If that is more than `faults` holds, the body is to
    /// be kept whole.
    pub faulty: usize,
    /// All of it.
    pub body: &'body [u8],
}

/// How many faults of one body are told apart. Nobody signs the body: a few bytes for each of a
/// million faults must not become a message and a sentence for each.
pub const MOST_FAULTS: usize = 1000;

/// An event that cannot be understood.
#[derive(Debug)]
pub struct Fault<'body> {
    /// Its JSON text, byte for byte.
    pub raw: &'body RawValue,
    /// What is wrong with it: a clause such as `type 7 is unknown`.
    pub reason: String,
}

/// The body as a whole is no JSON array or object.
#[derive(Debug)]
pub struct InvalidBody {
    /// The fault of the JSON text, where the body begins like an array or an object.
    pub syntax: Option<serde_json::Error>,
}

impl Display for InvalidBody {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the body is no JSON array or object")?;
        self.syntax.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
    }
}

impl Error for InvalidBody {}

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

/// Reads all events of a body. Limits are those of the transport: neither events nor users are
/// counted.
///
/// # Errors
/// [`InvalidBody`] where the body as a whole is no JSON array or object. Everything else is a fault
/// of one event.
pub fn parse(callback: &Verified, now: Timestamp) -> Result<Parsed<'_>, InvalidBody> {
    let body = callback.body();
    let mut parsed = Parsed { body, ..Parsed::default() };
    for raw in raw_events(body)? {
        match event_from(raw, now) {
            Ok(event) => parsed.events.push(event),
            Err(reason) => {
                parsed.faulty += 1;
                if parsed.faults.len() < MOST_FAULTS {
                    parsed.faults.push(Fault { raw, reason });
                }
            }
        }
    }
    Ok(parsed)
}

/// An event's fields, still raw, so that each one's fault can be named. Absent and `null` are the
/// same.
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

fn event_from(raw: &RawValue, now: Timestamp) -> Result<Event, String> {
    // A sequence would fill the struct by position.
    let is_object = raw.get().starts_with('{');
    let fields: Option<Fields<'_>> =
        is_object.then(|| serde_json::from_str(raw.get()).ok()).flatten();
    let fields = fields.ok_or("it is no JSON object, or names a field twice")?;

    let room = required::<String>(fields.room, "chatRoomId", "text")?;
    let room = RoomId::new(room).map_err(|why| format!("chatRoomId {why}"))?;

    let users = fields
        .users
        .map(|raw| typed::<Vec<String>>(raw, "userIds", "a list of texts"))
        .transpose()?;
    let users = users.unwrap_or_default().into_iter().map(UserId::new).collect::<Result<_, _>>();
    let users = users.map_err(|why| format!("a user id {why}"))?;

    let kind = required(fields.kind, "type", "a whole number")?;
    let kind = Kind::from_type(kind).ok_or_else(|| format!("type {kind} is unknown"))?;

    let time = required(fields.time, "time", "a whole number of milliseconds")?;
    let plausible = Timestamp::from_millis(time).filter(|&time| is_plausible(time, now));
    let time = plausible.ok_or_else(|| format!("time {time} is implausible at {now}"))?;

    let status = required(fields.status, "status", "a whole number")?;
    Ok(Event { room, users, version: Version::new(time, kind, status) })
}

fn required<T: DeserializeOwned>(
    raw: Option<&RawValue>,
    name: &str,
    expected: &str,
) -> Result<T, String> {
    typed(raw.ok_or_else(|| format!("{name} is missing"))?, name, expected)
}

fn typed<T: DeserializeOwned>(raw: &RawValue, name: &str, expected: &str) -> Result<T, String> {
    serde_json::from_str(raw.get()).map_err(|_| format!("{name} is not {expected}"))
}
