//! The deferred queue: what the worker is to do, in messages that a person can read and send again.

use std::mem;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    domain::{
        event::{Event, Version},
        ids::{AppKey, RoomId, UserId},
        plan::Plan,
        sweep::Sweep,
    },
    wire::limits::{MAX_BYTES, to_json},
};

/// A message as it stands in the queue: one of `events` and `sweep` is there.
///
/// Other fields are ignored, so that a dead letter can be sent again as it is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeferredMessage<'a> {
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

impl Sweep {
    /// The message that asks the worker for it.
    pub fn message(&self, app: &AppKey) -> String {
        let message = DeferredMessage {
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

/// The messages that bring changes to the worker, as events in wire format: as few as hold them.
pub fn messages(app: &AppKey, changes: Plan) -> Vec<String> {
    let mut packer = Packer::new(app);
    for event in changes.into_events() {
        packer.pack(event);
    }
    packer.finish();
    packer.messages
}

/// Fills one message after the other. An event with more users than fit becomes several.
struct Packer<'a> {
    app_key: &'a AppKey,
    messages: Vec<String>,
    /// Those of the next message, and its size with them.
    events: Vec<Event>,
    bytes: usize,
    /// The size of a message without events.
    frame: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Events<'a> {
    app_key: &'a AppKey,
    events: &'a [Event],
}

impl<'a> Packer<'a> {
    fn new(app_key: &'a AppKey) -> Self {
        let frame = to_json(&Events { app_key, events: &[] }).len();
        let (messages, events) = (Vec::new(), Vec::new());
        Self { app_key, messages, events, bytes: frame, frame }
    }

    fn pack(&mut self, Event { room, users, version }: Event) {
        let mut users = users.into_iter().peekable();
        let listed = |user: &UserId| to_json(user).len() + ",".len();
        loop {
            let mut part = Event { room: room.clone(), users: Vec::new(), version };
            let bytes = to_json(&part).len() + ",".len();
            if self.bytes + bytes + users.peek().map_or(0, listed) > MAX_BYTES {
                self.finish();
            }
            self.bytes += bytes;
            while let Some(user) = users.next_if(|user| self.bytes + listed(user) <= MAX_BYTES) {
                self.bytes += listed(&user);
                part.users.push(user);
            }
            self.events.push(part);
            if users.peek().is_none() {
                break;
            }
        }
    }

    /// Ends the message that is being filled, if anything is in it.
    fn finish(&mut self) {
        if self.events.is_empty() {
            return;
        }
        let events = mem::take(&mut self.events);
        let message = Events { app_key: self.app_key, events: &events };
        self.messages.push(to_json(&message));
        self.bytes = self.frame;
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
        Ok(Self { room, destroy, after })
    }
}
