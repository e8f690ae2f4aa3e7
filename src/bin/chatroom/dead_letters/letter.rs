//! What one message of the dead-letter queue says. Anybody can send there, so anything is possible,
//! and nothing is an error.

use base64::{Engine, prelude::BASE64_STANDARD};
use chatroom_status_sync::{
    callback::body::raw_events,
    wire::deferred::{DeferredError, DeferredMessage, Work},
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A letter, or a part of one.
#[derive(Debug, PartialEq, Eq)]
pub struct Letter {
    pub heading: Heading,
    /// The content's exact bytes.
    pub content: Vec<u8>,
    pub kind: Kind,
}

/// What a letter says of itself, as far as it does.
#[derive(Debug, Default, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heading {
    pub app_key: Option<String>,
    pub request_id: Option<String>,
    /// Unix milliseconds.
    pub received_at: Option<u64>,
    pub reason: Option<String>,
}

/// What the content is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// This many events, as the worker takes them.
    Events(usize),
    /// The end of this room, as the worker takes it.
    Sweep(String),
    /// The body of a callback, or an event too large for a message.
    Body,
    /// One part of such a body, counted from 1.
    Part { part: usize, parts: usize },
    /// Parts that do not make a whole, and why.
    Broken(String),
    /// Nothing that this project writes, and why.
    Unknown(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    body: Option<String>,
    body_base64: Option<String>,
    part: Option<usize>,
    parts: Option<usize>,
}

impl Letter {
    /// Reads a message.
    pub fn read(text: &str) -> Self {
        let heading = serde_json::from_str(text).unwrap_or_default();
        let (content, kind) = match kept(text) {
            Some(kept) => kept,
            None => match work(text) {
                Ok((content, kind)) => (content.into_bytes(), kind),
                Err(why) => (text.into(), Kind::Unknown(why)),
            },
        };
        Self { heading, content, kind }
    }
}

/// A body, or a part of one.
fn kept(text: &str) -> Option<(Vec<u8>, Kind)> {
    let kept: Kept = serde_json::from_str(text).ok()?;
    match kept {
        Kept { body: Some(body), .. } => Some((body.into_bytes(), Kind::Body)),
        Kept { body_base64: Some(body), part: Some(part), parts: Some(parts), .. } => {
            let kind = Kind::Part { part, parts };
            let is_possible = (1..=parts).contains(&part);
            Some((BASE64_STANDARD.decode(body).ok()?, kind)).filter(|_| is_possible)
        }
        _ => None,
    }
}

/// A message that the worker can read, by the worker's own rules.
fn work(text: &str) -> Result<(String, Kind), String> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        sweep: Option<&'a RawValue>,
    }

    let message = DeferredMessage::read(text).map_err(|why| match why {
        DeferredError::Format(why) => format!("no message of this project: {why}"),
        DeferredError::Work => {
            "it has neither events, a sweep nor a body, or several of them".to_owned()
        }
        why => why.to_string(),
    })?;
    match message.work {
        Work::Events(events) => {
            let raw = raw_events(events.get().as_bytes());
            let raw = raw.map_err(|_| "its events are no JSON array or object")?;
            Ok((events.get().to_owned(), Kind::Events(raw.len())))
        }
        Work::Sweep(sweep) => {
            let raw: Option<Raw<'_>> = serde_json::from_str(text).ok();
            let raw = raw.and_then(|raw| raw.sweep).map(RawValue::get);
            let room = sweep.room.to_string();
            Ok((raw.unwrap_or_default().to_owned(), Kind::Sweep(room)))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn kind_of(message: &Value) -> Kind {
        Letter::read(&message.to_string()).kind
    }

    #[test]
    fn a_letter_with_an_event_is_work_and_keeps_its_bytes() {
        let text = r#"{"appKey":"a","requestId":"q","receivedAt":7,"reason":"type 7 is unknown","events":[{"type": 7}]}"#;
        let letter = Letter::read(text);
        assert_eq!(letter.kind, Kind::Events(1));
        assert_eq!(letter.content, br#"[{"type": 7}]"#);
        let heading = Heading {
            app_key: Some("a".to_owned()),
            request_id: Some("q".to_owned()),
            received_at: Some(7),
            reason: Some("type 7 is unknown".to_owned()),
        };
        assert_eq!(letter.heading, heading);
    }

    #[test]
    fn what_failed_too_often_is_work_and_has_no_reason() {
        let sweep = json!({"chatRoomId": "r", "destroyVersion": 170_000_000_000_030_u64});
        let letter = Letter::read(&json!({"appKey": "a", "sweep": sweep}).to_string());
        assert_eq!(letter.kind, Kind::Sweep("r".to_owned()));
        assert_eq!(letter.content, sweep.to_string().into_bytes());
        assert_eq!(letter.heading.reason, None);
        let events = json!({"appKey": "a", "events": [1, 2, 3]});
        assert_eq!(kind_of(&events), Kind::Events(3));
        assert_eq!(kind_of(&json!({"appKey": "a", "events": {}})), Kind::Events(1));
    }

    #[test]
    fn a_body_is_its_own_bytes_whether_as_text_or_in_parts() {
        let letter = Letter::read(r#"{"body":"a\n\u0000b"}"#);
        assert_eq!((letter.kind, &*letter.content), (Kind::Body, &b"a\n\0b"[..]));
        let part = json!({"bodyBase64": "/w==", "part": 2, "parts": 2});
        let letter = Letter::read(&part.to_string());
        let kind = Kind::Part { part: 2, parts: 2 };
        assert_eq!((letter.kind, &*letter.content), (kind, &b"\xff"[..]));
    }

    #[test]
    fn what_the_worker_would_not_take_is_unknown_and_says_why() {
        for (message, why) in [
            (json!("hello"), "no message of this project"),
            (json!({"appKey": "", "events": []}), "the app key is empty"),
            (json!({"appKey": "a"}), "neither events"),
            (json!({"appKey": "a", "events": 7}), "no JSON array"),
            (
                json!({"appKey": "a", "events": [], "sweep": {"chatRoomId": "r", "destroyVersion": 1}}),
                "several",
            ),
            (json!({"appKey": "a", "sweep": {"chatRoomId": "r", "destroyVersion": 1}}), ""),
            (
                json!({"appKey": "a", "sweep": {"chatRoomId": "", "destroyVersion": 0}}),
                "chatRoomId is empty",
            ),
            (json!({"bodyBase64": "?", "part": 1, "parts": 1}), "no message"),
            (json!({"bodyBase64": "", "part": 3, "parts": 2}), "no message"),
        ] {
            match kind_of(&message) {
                Kind::Unknown(said) => assert!(said.contains(why), "{message}: {said}"),
                kind => assert_eq!(why, "", "{message} is {kind:?}"),
            }
        }
        let letter = Letter::read("no json");
        assert_eq!(letter.content, b"no json");
    }
}
