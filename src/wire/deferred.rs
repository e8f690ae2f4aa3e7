//! The deferred queue: work for the worker, in messages that a person can read and send again.
//!
//! A message is one JSON object with an `appKey` and either `events` in the sender's wire format or
//! a `sweep`. Other fields are ignored, so that a dead letter can be sent again as it is.

use std::{
    error::Error,
    fmt::{self, Display, Formatter},
    iter, mem,
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::limits::{MAX_BYTES, to_json};
use crate::domain::{
    event::Version,
    ids::{AppKey, IdError, RoomId, UserId},
    plan::Plan,
    sweep::Sweep,
};

/// A message of the deferred queue, read.
#[derive(Debug)]
pub struct DeferredMessage<'a> {
    /// The app that the message is about.
    pub app: AppKey,
    /// The task of the worker.
    pub work: Work<'a>,
}

/// The task that a message gives to the worker.
#[derive(Debug)]
pub enum Work<'a> {
    /// Events to apply. A message of this project holds a JSON array of them in the sender's wire
    /// format; a message that a person sends can hold any JSON.
    Events(&'a RawValue),
    /// A destroyed room to sweep.
    Sweep(Sweep),
}

/// The reason why a text is no message of the deferred queue.
#[derive(Debug)]
pub enum DeferredError {
    /// The text is no JSON object with the fields of a message.
    Format(serde_json::Error),
    /// The text of `appKey` is no app key.
    AppKey(IdError),
    /// The message has neither events nor a sweep, or both.
    Work,
    /// The text of `chatRoomId` is no room id.
    Room(IdError),
    /// The number of `destroyVersion` is the version of no event.
    Version,
    /// The text of `after` is no user id.
    After(IdError),
}

impl Display for DeferredError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(why) => write!(f, "no deferred message: {why}"),
            Self::AppKey(why) => write!(f, "the app key {why}"),
            Self::Work => f.write_str("the message has neither events nor a sweep, or both"),
            Self::Room(why) => write!(f, "chatRoomId {why}"),
            Self::Version => f.write_str("destroyVersion is no version"),
            Self::After(why) => write!(f, "after {why}"),
        }
    }
}

impl Error for DeferredError {}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageFields<'a> {
    app_key: String,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    events: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sweep: Option<SweepFields>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SweepFields {
    chat_room_id: String,
    destroy_version: u64,
    /// The last user id that is done, if an earlier sweep ran out of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl<'a> DeferredMessage<'a> {
    /// Reads the text of a message.
    pub fn read(text: &'a str) -> Result<Self, DeferredError> {
        let fields: MessageFields<'a> =
            serde_json::from_str(text).map_err(DeferredError::Format)?;
        let app = AppKey::new(fields.app_key).map_err(DeferredError::AppKey)?;
        let work = match (fields.events, fields.sweep) {
            (Some(events), None) => Work::Events(events),
            (None, Some(sweep)) => Work::Sweep(sweep.try_into()?),
            _ => return Err(DeferredError::Work),
        };
        Ok(Self { app, work })
    }
}

impl TryFrom<SweepFields> for Sweep {
    type Error = DeferredError;

    fn try_from(fields: SweepFields) -> Result<Self, DeferredError> {
        let version = Version::from_number(fields.destroy_version);
        Ok(Self {
            room: RoomId::new(fields.chat_room_id).map_err(DeferredError::Room)?,
            destroy: version.ok_or(DeferredError::Version)?,
            after: fields.after.map(UserId::new).transpose().map_err(DeferredError::After)?,
        })
    }
}

/// Writes the message that asks the worker for a sweep.
pub fn sweep_message(app: &AppKey, sweep: &Sweep) -> String {
    to_json(&MessageFields {
        app_key: app.to_string(),
        events: None,
        sweep: Some(SweepFields {
            chat_room_id: sweep.room.to_string(),
            destroy_version: sweep.destroy.number(),
            after: sweep.after.as_ref().map(UserId::to_string),
        }),
    })
}

/// Writes changes as events, in as few messages as hold them. An event with more users than fit
/// into a message becomes several.
pub fn event_messages(app: &AppKey, changes: Plan) -> Vec<String> {
    let mut packer = Packer::new(app);
    for mut event in changes.into_events() {
        let mut users = mem::take(&mut event.users).into_iter().peekable();
        let listed = |user: &UserId| to_json(user).len() + ",".len();
        let without_users = to_json(&event).len();
        loop {
            // A part takes one user at least. Ids are short, so that every message has room for it.
            let space = packer.space_for(without_users + users.peek().map_or(0, listed));
            let mut bytes = without_users;
            let next = || {
                users.next_if(|user| {
                    bytes += listed(user);
                    bytes <= space
                })
            };
            event.users = iter::from_fn(next).collect();
            packer.push(&to_json(&event));
            if users.peek().is_none() {
                break;
            }
        }
    }
    packer.into_messages()
}

/// An event that no message can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTooLarge {
    /// Its place among the events, counted from 1.
    pub number: usize,
}

impl Display for EventTooLarge {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "event {} is too large for a message", self.number)
    }
}

impl Error for EventTooLarge {}

/// Writes events as they are, in their order, in as few messages as hold them.
pub fn raw_event_messages(
    app: &AppKey,
    events: &[&RawValue],
) -> Result<Vec<String>, EventTooLarge> {
    let mut packer = Packer::new(app);
    for (index, event) in events.iter().enumerate() {
        let event = to_json(event);
        if event.len() > packer.space_for(event.len()) {
            return Err(EventTooLarge { number: index + 1 });
        }
        packer.push(&event);
    }
    Ok(packer.into_messages())
}

/// Fills one message after the other with events, each a JSON text as it will be sent.
struct Packer {
    messages: Vec<String>,
    /// The beginning of every message.
    start: String,
    /// The message that is being filled, without its end.
    message: String,
}

impl Packer {
    const END: &str = "]}";

    fn new(app: &AppKey) -> Self {
        let start = format!(r#"{{"appKey":{},"events":["#, to_json(app));
        Self { messages: Vec::new(), message: start.clone(), start }
    }

    fn is_empty(&self) -> bool {
        self.message.len() == self.start.len()
    }

    /// Gives the bytes that the next event may have. Begins a new message if fewer than `bytes` are
    /// left in this one.
    fn space_for(&mut self, bytes: usize) -> usize {
        let comma = usize::from(!self.is_empty());
        let space = MAX_BYTES.saturating_sub(self.message.len() + comma + Self::END.len());
        if self.is_empty() || bytes <= space {
            return space;
        }
        self.finish();
        MAX_BYTES.saturating_sub(self.start.len() + Self::END.len())
    }

    /// Adds an event that fits.
    fn push(&mut self, event: &str) {
        if !self.is_empty() {
            self.message.push(',');
        }
        self.message.push_str(event);
    }

    fn finish(&mut self) {
        let message = mem::replace(&mut self.message, self.start.clone());
        self.messages.push(message + Self::END);
    }

    fn into_messages(mut self) -> Vec<String> {
        if !self.is_empty() {
            self.finish();
        }
        self.messages
    }
}
