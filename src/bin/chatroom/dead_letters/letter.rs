//! The letters of a queue. Anybody can send there, so anything is possible, and nothing is an
//! error. A content that was too large for a message came in parts, one a message, and is joined.

use std::{collections::BTreeMap, result};

use base64::{Engine, prelude::BASE64_STANDARD};
use chatroom_status_sync::{
    callback::body::raw_events,
    domain::ids::AppKey,
    wire::{
        deferred::{DeferredError, DeferredMessage, Work},
        packing::raw_event_messages,
    },
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::value::RawValue;

use super::queue::Received;
use crate::result::Result;

/// A letter, and the messages that it stands in.
pub struct Letter {
    pub heading: Heading,
    pub kind: Kind,
    /// The content's exact bytes.
    pub content: Vec<u8>,
    /// The reason why the content is of no use to the worker, if it is known to be.
    pub fault: Option<String>,
    /// One, or one for each part, the first part first.
    pub messages: Vec<Received>,
    /// The number of its parts, if it came in parts.
    pub parts: Option<Parts>,
}

/// The facts that a letter states about itself, as far as it does.
#[derive(Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heading {
    pub app_key: Option<String>,
    pub request_id: Option<String>,
    /// Unix milliseconds.
    pub received_at: Option<u64>,
    pub reason: Option<String>,
}

/// The kind of a letter's content.
#[derive(PartialEq, Eq)]
pub enum Kind {
    /// This many events, as the worker takes them.
    Events(usize),
    /// The end of this room, as the worker takes it.
    Sweep(String),
    /// The body of a callback, or an event too large for a message.
    Body,
    /// Nothing that this project writes.
    Unknown,
}

/// The number of parts that were found, and the number that makes the whole.
#[derive(Clone, Copy, Serialize)]
pub struct Parts {
    pub there: usize,
    pub of: usize,
}

impl Letter {
    /// Reads a message that is a whole letter.
    fn read(heading: Heading, message: Received) -> Self {
        let (kind, content, fault) = match content(&message.body) {
            Ok((kind, content)) => (kind, content, None),
            Err(why) => (Kind::Unknown, message.body.clone().into_bytes(), Some(why.to_string())),
        };
        Self { heading, kind, content, fault, messages: vec![message], parts: None }
    }

    /// Joins the parts that have one heading. A part may be there twice, because a send may be
    /// repeated.
    fn join(heading: Heading, of: usize, mut found: Vec<(Part, Received)>) -> Self {
        found.sort_by(|(part, _), (other, _)| part.cmp(other));
        let (mut parts, messages): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        parts.dedup();
        let there = parts.chunk_by(|part, next| part.number == next.number).count();
        let fault = if parts.len() > there {
            Some("its parts are of several letters that cannot be told apart".to_owned())
        } else {
            (there < of).then(|| format!("{} of its {of} parts are missing", of - there))
        };
        let content = parts.into_iter().flat_map(|part| part.bytes).collect();
        let parts = Some(Parts { there, of });
        Self { heading, kind: Kind::Body, content, fault, messages, parts }
    }

    /// Names the letter: the id of its first message.
    pub fn id(&self) -> &str {
        self.messages.first().map_or("", |message| &message.id)
    }

    /// Tells whether one of its messages has this id.
    pub fn has(&self, id: &str) -> bool {
        self.messages.iter().any(|message| message.id == id)
    }

    /// The time when its first message was sent, in Unix milliseconds.
    pub fn sent_at(&self) -> Option<u64> {
        self.messages.first()?.sent
    }

    /// The time when it came in, in Unix milliseconds: of the callback if the letter states it,
    /// else of the message.
    pub fn received_at(&self) -> Option<u64> {
        self.heading.received_at.or_else(|| self.sent_at())
    }

    /// Makes the messages that stand for it in the worker's queue, or says why there are none.
    pub fn messages_for_worker(&self) -> Result<Vec<String>> {
        if let Some(fault) = &self.fault {
            return Err(fault.as_str().into());
        }
        if self.kind != Kind::Body {
            // The worker ignores what else is in it.
            return Ok(self.messages.iter().map(|message| message.body.clone()).collect());
        }
        let app = self.heading.app_key.as_deref().unwrap_or_default();
        let app = AppKey::new(app).map_err(DeferredError::AppKey)?;
        Ok(raw_event_messages(&app, &raw_events(&self.content)?)?)
    }
}

/// Finds the letter that has a message with this id.
pub fn find<'a>(letters: &'a [Letter], id: &str) -> Result<&'a Letter> {
    let letter = letters.iter().find(|letter| letter.has(id));
    letter.ok_or_else(|| {
        format!("the queue has no letter {id}, or somebody else is just looking at it").into()
    })
}

/// Makes letters of messages, the oldest first.
pub fn letters(messages: Vec<Received>) -> Vec<Letter> {
    let mut letters = Vec::new();
    let mut in_parts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for message in messages {
        let heading: Heading = serde_json::from_str(&message.body).unwrap_or_default();
        match serde_json::from_str::<Part>(&message.body) {
            Ok(part) if (1..=part.of).contains(&part.number) => {
                in_parts.entry((heading, part.of)).or_default().push((part, message));
            }
            _ => letters.push(Letter::read(heading, message)),
        }
    }
    for ((heading, of), parts) in in_parts {
        letters.push(Letter::join(heading, of, parts));
    }
    letters.sort_by_cached_key(|letter| (letter.received_at(), letter.id().to_owned()));
    letters
}

/// A part of a content, counted from 1.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Part {
    #[serde(rename = "part")]
    number: usize,
    #[serde(rename = "parts")]
    of: usize,
    #[serde(rename = "bodyBase64", deserialize_with = "decoded")]
    bytes: Vec<u8>,
}

fn decoded<'a, D: Deserializer<'a>>(base64: D) -> result::Result<Vec<u8>, D::Error> {
    BASE64_STANDARD.decode(String::deserialize(base64)?).map_err(Error::custom)
}

/// Reads the content of a message: a body, or work, by the worker's own rules.
fn content(text: &str) -> Result<(Kind, Vec<u8>)> {
    #[derive(Default, Deserialize)]
    struct Fields<'a> {
        body: Option<String>,
        #[serde(borrow)]
        sweep: Option<&'a RawValue>,
    }
    let fields: Fields<'_> = serde_json::from_str(text).unwrap_or_default();
    if let Some(body) = fields.body {
        return Ok((Kind::Body, body.into_bytes()));
    }
    let (kind, content) = match DeferredMessage::read(text)?.work {
        Work::Events(events) => {
            let separate = raw_events(events.get().as_bytes());
            let separate = separate.map_err(|_| "its events are no JSON array or object")?;
            (Kind::Events(separate.len()), events.get())
        }
        Work::Sweep(sweep) => {
            (Kind::Sweep(sweep.room.to_string()), fields.sweep.map_or(text, RawValue::get))
        }
    };
    Ok((kind, content.into()))
}
