//! The letters of a queue. Anybody can send there, so anything is possible, and nothing is an
//! error. A content that was too large for a message came in parts, one a message, and is joined.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, prelude::BASE64_STANDARD};
use chatroom_status_sync::{
    callback::body::raw_events,
    wire::deferred::{DeferredError, DeferredMessage, Work},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::queue::Received;
use crate::result::Result;

/// A letter, and the messages that it stands in.
#[derive(Debug)]
pub struct Letter {
    pub heading: Heading,
    pub kind: Kind,
    /// The content's exact bytes.
    pub content: Vec<u8>,
    /// One, or one for each part, the first part first.
    pub messages: Vec<Received>,
    /// The number of its parts, if it came in parts.
    pub parts: Option<Parts>,
}

/// The facts that a letter states about itself, as far as it does.
#[derive(Debug, Default, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heading {
    pub app_key: Option<String>,
    pub request_id: Option<String>,
    /// Unix milliseconds.
    pub received_at: Option<u64>,
    pub reason: Option<String>,
}

/// The kind of a letter's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// This many events, as the worker takes them.
    Events(usize),
    /// The end of this room, as the worker takes it.
    Sweep(String),
    /// The body of a callback, or an event too large for a message.
    Body,
    /// One part of such a body, counted from 1. Letters have it until they are joined.
    Part { number: usize, of: usize },
    /// Parts of such a body that do not make a whole, and why.
    Broken(String),
    /// Nothing that this project writes, and why.
    Unknown(String),
}

/// The number of parts that were found, and the number that makes the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub there: usize,
    pub of: usize,
}

impl Letter {
    /// Reads one message.
    fn read(message: Received) -> Self {
        let text = &message.body;
        let heading = serde_json::from_str(text).unwrap_or_default();
        let (kind, content) = content(text)
            .unwrap_or_else(|why| (Kind::Unknown(why.to_string()), text.clone().into_bytes()));
        Self { heading, kind, content, messages: vec![message], parts: None }
    }

    /// Names the letter: the id of its first message.
    pub fn id(&self) -> &str {
        self.messages.first().map_or("", |message| &message.id)
    }

    /// Tells whether one of its messages has this id.
    pub fn has(&self, id: &str) -> bool {
        self.messages.iter().any(|message| message.id == id)
    }

    /// The time when it came in, in Unix milliseconds: of the callback if the letter states it,
    /// else of the message.
    pub fn received_at(&self) -> Option<u64> {
        self.heading.received_at.or_else(|| self.messages.first()?.sent)
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
    for letter in messages.into_iter().map(Letter::read) {
        if let Kind::Part { number, of } = letter.kind {
            let heading = letter.heading.clone();
            in_parts.entry((heading, of)).or_default().push((number, letter));
        } else {
            letters.push(letter);
        }
    }
    letters.extend(in_parts.into_iter().map(|((heading, of), parts)| join(heading, of, parts)));
    letters.sort_by_cached_key(|letter| (letter.received_at(), letter.id().to_owned()));
    letters
}

/// Joins the parts that have one heading. A part may be there twice, because a send may be
/// repeated.
fn join(heading: Heading, of: usize, mut found: Vec<(usize, Letter)>) -> Letter {
    found.sort_by_key(|(number, _)| *number);
    let there = found.chunk_by(|(number, _), (next, _)| number == next).count();
    let distinct: BTreeSet<_> =
        found.iter().map(|(number, part)| (number, &part.content)).collect();
    let kind = if distinct.len() > there {
        let why = "its parts are of several letters that cannot be told apart";
        Kind::Broken(why.to_owned())
    } else if there < of {
        Kind::Broken(format!("{} of its {of} parts are missing", of - there))
    } else {
        Kind::Body
    };
    Letter {
        heading,
        kind,
        content: distinct.into_iter().flat_map(|(_, content)| content).copied().collect(),
        messages: found.into_iter().flat_map(|(_, part)| part.messages).collect(),
        parts: Some(Parts { there, of }),
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    body: Option<String>,
    body_base64: Option<String>,
    part: Option<usize>,
    parts: Option<usize>,
    #[serde(borrow)]
    sweep: Option<&'a RawValue>,
}

/// Reads the content of a message: a body, part of a body, or work, by the worker's own rules.
fn content(text: &str) -> Result<(Kind, Vec<u8>)> {
    let fields: Fields<'_> = serde_json::from_str(text).unwrap_or_default();
    if let Some(body) = fields.body {
        return Ok((Kind::Body, body.into_bytes()));
    }
    if let (Some(base64), Some(number), Some(of)) = (fields.body_base64, fields.part, fields.parts)
        && let Ok(bytes) = BASE64_STANDARD.decode(base64)
        && (1..=of).contains(&number)
    {
        return Ok((Kind::Part { number, of }, bytes));
    }
    let message = DeferredMessage::read(text).map_err(|why| match why {
        DeferredError::Format(why) => format!("no message of this project: {why}"),
        DeferredError::Work => {
            "it has neither events, a sweep nor a body, or several of them".to_owned()
        }
        why => why.to_string(),
    })?;
    let (kind, content) = match message.work {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, body: &str) -> Received {
        Received { id: id.to_owned(), body: body.to_owned(), ..Received::default() }
    }

    fn part(id: &str, request: &str, (number, of): (usize, usize), content: &str) -> Received {
        let content = BASE64_STANDARD.encode(content);
        let body = format!(
            r#"{{"requestId":"{request}","bodyBase64":"{content}","part":{number},"parts":{of}}}"#
        );
        message(id, &body)
    }

    #[test]
    fn a_message_is_work_or_a_body_with_its_exact_bytes() {
        for (text, kind, bytes) in [
            (
                r#"{"appKey":"a","reason":"x","events":[{"type": 7}]}"#,
                Kind::Events(1),
                &br#"[{"type": 7}]"#[..],
            ),
            (r#"{"appKey":"a","events":[1,2,3]}"#, Kind::Events(3), b"[1,2,3]"),
            (r#"{"appKey":"a","events":{}}"#, Kind::Events(1), b"{}"),
            (
                r#"{"appKey":"a","sweep":{"chatRoomId":"r", "destroyVersion":170000000000030}}"#,
                Kind::Sweep("r".to_owned()),
                br#"{"chatRoomId":"r", "destroyVersion":170000000000030}"#,
            ),
            (r#"{"body":"a\n\u0000b"}"#, Kind::Body, b"a\n\0b"),
            (
                r#"{"bodyBase64":"/w==","part":2,"parts":2}"#,
                Kind::Part { number: 2, of: 2 },
                b"\xff",
            ),
        ] {
            let read = content(text).map_err(|why| why.to_string());
            assert_eq!(read, Ok((kind, bytes.into())), "{text}");
        }
    }

    #[test]
    fn a_letter_states_when_for_whom_and_why_it_is_here() {
        let read = |body| Letter::read(message("m", body)).heading;
        let heading = Heading {
            app_key: Some("a".to_owned()),
            request_id: Some("q".to_owned()),
            received_at: Some(7),
            reason: Some("x".to_owned()),
        };
        let stated = r#"{"appKey":"a","requestId":"q","receivedAt":7,"reason":"x","events":[]}"#;
        assert_eq!(read(stated), heading);
        assert_eq!(read(r#"{"appKey":"a","events":[]}"#).reason, None);
    }

    #[test]
    fn what_the_worker_would_not_take_is_unknown_and_says_why() {
        for (body, why) in [
            ("no json", "no message of this project"),
            (r#""hello""#, "no message of this project"),
            (r#"{"appKey":"","events":[]}"#, "the app key is empty"),
            (r#"{"appKey":"a"}"#, "neither events"),
            (r#"{"appKey":"a","events":7}"#, "no JSON array"),
            (
                r#"{"appKey":"a","events":[],"sweep":{"chatRoomId":"r","destroyVersion":1}}"#,
                "several",
            ),
            (
                r#"{"appKey":"a","sweep":{"chatRoomId":"","destroyVersion":0}}"#,
                "chatRoomId is empty",
            ),
            (r#"{"bodyBase64":"?","part":1,"parts":1}"#, "no message"),
            (r#"{"bodyBase64":"","part":3,"parts":2}"#, "no message"),
        ] {
            let letter = Letter::read(message("m", body));
            assert_eq!(letter.content, body.as_bytes());
            let Kind::Unknown(said) = letter.kind else { panic!("{body} is {:?}", letter.kind) };
            assert!(said.contains(why), "{body}: {said}");
        }
        let oldest = r#"{"appKey":"a","sweep":{"chatRoomId":"r","destroyVersion":1}}"#;
        assert!(matches!(content(oldest), Ok((Kind::Sweep(_), _))));
    }

    #[test]
    fn parts_are_joined_in_their_order_and_a_repeated_one_counts_once() {
        let letters = letters(vec![
            part("m3", "q", (2, 2), "b"),
            part("m1", "q", (1, 2), "a"),
            part("m2", "q", (2, 2), "b"),
            part("m4", "other", (1, 1), "c"),
        ]);
        let told: Vec<_> =
            letters.iter().map(|letter| (letter.id(), &*letter.content, letter.parts)).collect();
        let [two, one] = [2, 1].map(|parts| Some(Parts { there: parts, of: parts }));
        assert_eq!(told, [("m1", &b"ab"[..], two), ("m4", b"c", one)]);
        assert_eq!((&letters[0].kind, letters[0].messages.len()), (&Kind::Body, 3));
        assert!(letters[0].has("m3") && !letters[0].has("m4"));
    }

    #[test]
    fn parts_that_make_no_whole_say_so() {
        let missing = letters(vec![part("m", "q", (3, 3), "c")]);
        assert_eq!(missing[0].kind, Kind::Broken("2 of its 3 parts are missing".to_owned()));
        let two = letters(vec![part("m", "q", (1, 1), "a"), part("n", "q", (1, 1), "b")]);
        assert!(matches!(&two[0].kind, Kind::Broken(why) if why.contains("several")));
    }
}
