//! The deferred queue: what the worker is to do, in messages that a person can read and send again.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    event::Version,
    ids::{AppKey, RoomId, UserId},
    message::to_json,
};

/// A message as it stands in the queue: one of `events` and `sweep` is there.
///
/// Other fields are ignored, so that a dead letter can be sent again as it is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message<'a> {
    /// The app that it is about.
    pub app_key: String,
    /// Events to apply, a JSON array in the sender's wire format.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub events: Option<&'a RawValue>,
    /// A room's end, to bring to its members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepFields>,
}

/// A [`Sweep`] in wire format.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SweepFields {
    /// The room.
    pub chat_room_id: String,
    /// The version of the destroy that asks for it.
    pub destroy_version: u64,
    /// The user id after which to go on, if a sweep before this one ran out of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A room's end that has not reached its members yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// The room.
    pub room: RoomId,
    /// The destroy that asks for it.
    pub destroy: Version,
    /// The member after whom to go on.
    pub after: Option<UserId>,
}

impl Sweep {
    /// The message that asks the worker for it.
    #[must_use]
    pub fn message(&self, app: &AppKey) -> String {
        let message = Message {
            app_key: app.to_string(),
            events: None,
            sweep: Some(SweepFields {
                chat_room_id: self.room.to_string(),
                destroy_version: self.destroy.number(),
                after: self.after.as_ref().map(UserId::to_string),
            }),
        };
        to_json(&message)
    }
}

impl TryFrom<SweepFields> for Sweep {
    type Error = String;

    fn try_from(fields: SweepFields) -> Result<Self, String> {
        let room = RoomId::new(fields.chat_room_id).map_err(|why| format!("chatRoomId {why}"))?;
        let destroy = Version::from_number(fields.destroy_version);
        let destroy = destroy.ok_or("destroyVersion is no version")?;
        let after = fields.after.map(UserId::new).transpose();
        let after = after.map_err(|why| format!("after {why}"))?;
        Ok(Self {
            room,
            destroy,
            after,
        })
    }
}
