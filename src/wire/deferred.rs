//! The deferred queue: work for the worker, in messages that a person can read and send again.
//!
//! A message is one JSON object with an `appKey` and either `events` in the sender's wire format or
//! a `sweep`. Other fields are ignored, so that a dead letter can be sent again as it is.

use std::{
    error::Error,
    fmt::{self, Display, Formatter},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::limits::to_json;
use crate::domain::{
    event::Version,
    ids::{AppKey, IdError, RoomId, UserId},
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
