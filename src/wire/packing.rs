//! Packing: writes events into messages of the deferred queue, as few as hold them.

use std::{
    error::Error,
    fmt::{self, Display, Formatter},
    iter, mem,
};

use serde_json::value::RawValue;

use super::limits::{MAX_BYTES, to_json};
use crate::domain::{
    event::Event,
    ids::{AppKey, UserId},
};

/// Writes events in as few messages as hold them. An event with more users than fit into a message
/// becomes several.
pub fn event_messages(app: &AppKey, events: impl IntoIterator<Item = Event>) -> Vec<String> {
    let mut packer = Packer::new(app);
    for mut event in events {
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
