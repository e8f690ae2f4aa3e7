//! Describes a letter, in the same words to whoever asks for all of them or for one.

use serde_json::{Value, json};

use super::letter::{Kind, Letter, Parts};
use crate::print::counted;

impl Letter {
    /// Words the reason why it is in the queue.
    pub fn reason(&self) -> &str {
        let unstated = match self.kind {
            Kind::Events(_) | Kind::Sweep(_) => "failed too often",
            Kind::Body | Kind::Unknown => "unknown origin",
        };
        self.heading.reason.as_deref().unwrap_or(unstated)
    }

    /// Words its content.
    pub fn content_in_words(&self) -> String {
        let content = match &self.kind {
            Kind::Events(count) => counted(*count, "event"),
            Kind::Sweep(room) => format!("sweep of room {room}"),
            Kind::Body => "body".to_owned(),
            Kind::Unknown => "unknown".to_owned(),
        };
        let whole = if self.fault.is_none() { "complete" } else { "incomplete" };
        match self.parts {
            Some(Parts { there, of }) => format!("{content}, {there} of {of} parts, {whole}"),
            None => content,
        }
    }

    /// Finds how often it was received, this time included.
    pub fn receives(&self) -> Option<u64> {
        self.messages.iter().filter_map(|message| message.receives).max()
    }

    /// Lists everything about it but its content, for programs.
    pub fn facts(&self) -> Value {
        let (kind, room, events) = match &self.kind {
            Kind::Events(count) => ("events", None, Some(count)),
            Kind::Sweep(room) => ("sweep", Some(room), None),
            Kind::Body => ("body", None, None),
            Kind::Unknown => ("unknown", None, None),
        };
        json!({
            "id": self.id(),
            "messageIds": self.messages.iter().map(|message| &message.id).collect::<Vec<_>>(),
            "receives": self.receives(),
            "sentAt": self.sent_at(),
            "receivedAt": self.received_at(),
            "appKey": self.heading.app_key,
            "requestId": self.heading.request_id,
            "reason": self.reason(),
            "kind": kind,
            "chatRoomId": room,
            "events": events,
            "parts": self.parts,
            "bytes": self.content.len(),
            "staysBecause": self.messages_for_worker().err().map(|why| why.to_string()),
        })
    }
}
