//! Bodies: every element of a signed body becomes an event, or a dead letter with its very bytes. A
//! body that is no list of elements becomes a dead letter as a whole.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{app, assert_sendable, memory::peak_of, now};
use crate::{
    callback::{
        Verified,
        body::{Parsed, parse},
    },
    domain::{event::Event, plan::Plan},
    wire::{
        dead_letters::{Origin, for_body, for_faults},
        limits::to_json,
    },
};

/// The memory that a body may take: a fixed part, and a multiple of its size. A body of many tiny
/// faults takes the most: each of them is a letter, up to a thousand.
const BYTES: usize = 2 * 1024 * 1024;
const TIMES: usize = 64;

pub fn check(body: &[u8]) {
    let verified = Verified::from_queue(app(), body.to_vec());
    let ((), peak) = peak_of(|| account_for(&verified));
    let most = BYTES + TIMES * body.len();
    assert!(peak <= most, "{peak} bytes for a body of {}", body.len());
}

fn account_for(verified: &Verified) {
    let app = app();
    let origin = Origin { app_key: &app, request_id: "request", received_at: now() };
    let Ok(parsed) = parse(verified, now()) else {
        assert!(elements(verified.body()).is_none(), "it can be read");
        let letters = for_body(origin, "no JSON", verified.body());
        return assert_eq!(contents(&letters), [verified.body()]);
    };
    let elements = elements(verified.body()).expect("it was read");
    assert_eq!(parsed.events.len() + parsed.faulty, elements.len());
    let letters = contents(&for_faults(origin, &parsed));
    if parsed.faulty > parsed.faults.len() {
        assert_eq!(letters, [verified.body()]);
    } else {
        assert_accounted_for(&elements, &parsed, &letters);
    }
    assert!(Plan::of(parsed.events).len() <= verified.body().len());
}

/// Checks that each element, in order, became the next event or the next letter.
fn assert_accounted_for(elements: &[&RawValue], parsed: &Parsed<'_>, letters: &[Vec<u8>]) {
    let (mut events, mut letters) = (parsed.events.iter(), letters.iter().peekable());
    for element in elements {
        // SQS refuses U+FFFE and U+FFFF, so letters escape them, which means the same.
        let kept = to_json(element);
        let is_kept = |letter: &&Vec<u8>| {
            letter.as_slice() == kept.as_bytes() || letter.as_slice() == element.get().as_bytes()
        };
        if letters.next_if(is_kept).is_none() {
            let event = events.next().expect("an event, or a letter");
            assert_means(element, event);
        }
    }
    assert!(events.next().is_none() && letters.next().is_none());
}

/// Checks that an event says the same as its JSON.
fn assert_means(raw: &RawValue, event: &Event) {
    // Unknown fields may hold numbers that are too large for a float.
    let Ok(value) = serde_json::from_str::<Value>(raw.get()) else {
        return;
    };
    assert_eq!(value["chatRoomId"], event.room.as_str());
    let users: Vec<_> = event.users.iter().map(|user| user.as_str()).collect();
    let no_users = Vec::new();
    let named = value["userIds"].as_array().unwrap_or(&no_users);
    assert_eq!(*named, users);
    let number = |name: &str| value[name].as_u64().expect("a whole number");
    let version = number("time") * 100 + number("type") * 10 + number("status").min(9);
    assert_eq!(event.version.number(), version);
}

/// The elements of a body that is a list, or the body itself if it is one object. Any ASCII white
/// space may stand before it.
fn elements(body: &[u8]) -> Option<Vec<&RawValue>> {
    let body = body.trim_ascii_start();
    let whole: &RawValue = serde_json::from_slice(body).ok()?;
    match whole.get().as_bytes().first() {
        Some(b'[') => serde_json::from_slice(body).ok(),
        Some(b'{') => Some(vec![whole]),
        _ => None,
    }
}

/// The fields of a dead letter that hold its content.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Letter<'a> {
    #[serde(borrow)]
    events: Option<[&'a RawValue; 1]>,
    body: Option<String>,
    body_base64: Option<String>,
    part: Option<usize>,
}

/// The contents of letters. Parts are put together.
fn contents(letters: &[String]) -> Vec<Vec<u8>> {
    let mut contents: Vec<Vec<u8>> = Vec::new();
    for letter in letters {
        assert_sendable(letter);
        match serde_json::from_str(letter).expect("a letter") {
            Letter { events: Some([event]), .. } => contents.push(event.get().into()),
            Letter { body: Some(body), .. } => contents.push(body.into()),
            Letter { body_base64, part, .. } => {
                let bytes = BASE64_STANDARD.decode(body_base64.expect("some content"));
                if part == Some(1) {
                    contents.push(Vec::new());
                }
                let whole = contents.last_mut().expect("a first part");
                whole.extend(bytes.expect("base64"));
            }
        }
    }
    contents
}
