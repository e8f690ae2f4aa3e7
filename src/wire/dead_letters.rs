//! The dead-letter queue: keeps what was signed but cannot be understood, whole, for a person.
//!
//! Each message is one JSON object with `appKey`, `requestId`, `receivedAt` and `reason`. An event
//! stands in `events` in wire format, so that the message can be redriven once the code understands
//! it. Content that is no event, or too large for a message, stands in `body` as text, or in
//! `bodyBase64` in numbered parts.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;
use serde_json::value::RawValue;

use super::limits::{MAX_BYTES, to_json};
use crate::{
    callback::{body::Parsed, fault::Fault},
    domain::{ids::AppKey, time::Timestamp},
};

/// The bytes of content in one part, so that base64 and the fields around it fit into a message.
const PART_BYTES: usize = 180 * 1024;

/// The origin of a dead letter.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin<'a> {
    /// The app whose secret signed.
    pub app_key: &'a AppKey,
    /// The request's id, to find its log line.
    pub request_id: &'a str,
    /// The time of its arrival, in Unix milliseconds.
    pub received_at: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Letter<'a> {
    #[serde(flatten)]
    origin: Origin<'a>,
    reason: &'a str,
    #[serde(flatten)]
    content: Content<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", untagged)]
enum Content<'a> {
    Event {
        events: [&'a RawValue; 1],
    },
    Text {
        body: &'a str,
    },
    #[serde(rename_all = "camelCase")]
    Part {
        body_base64: String,
        part: usize,
        parts: usize,
    },
}

/// Writes the messages that keep the faulty events of a body: one message for each event, several
/// for an event that is too large for one. If the faults are too many, the whole body is kept
/// instead.
pub fn for_faults(origin: Origin<'_>, parsed: &Parsed<'_>) -> Vec<String> {
    if parsed.faulty > parsed.faults.len() {
        let reason = "too many of its events cannot be understood";
        return for_body(origin, reason, parsed.body);
    }
    parsed.faults.iter().flat_map(|fault| for_fault(origin, fault)).collect()
}

fn for_fault(origin: Origin<'_>, fault: &Fault<'_>) -> Vec<String> {
    let reason = fault.why.to_string();
    let letter = letter(origin, &reason, Content::Event { events: [fault.raw] });
    if letter.len() <= MAX_BYTES {
        vec![letter]
    } else {
        in_parts(origin, &reason, fault.raw.get().as_bytes())
    }
}

/// Writes the message that keeps a whole body; several if it is too large for one.
pub fn for_body(origin: Origin<'_>, reason: &str, body: &[u8]) -> Vec<String> {
    if let Ok(body) = std::str::from_utf8(body) {
        let letter = letter(origin, reason, Content::Text { body });
        if letter.len() <= MAX_BYTES {
            return vec![letter];
        }
    }
    in_parts(origin, reason, body)
}

fn in_parts(origin: Origin<'_>, reason: &str, bytes: &[u8]) -> Vec<String> {
    let chunks = bytes.chunks(PART_BYTES);
    let parts = chunks.len();
    let part = |(index, chunk)| Content::Part {
        body_base64: BASE64_STANDARD.encode(chunk),
        part: index + 1,
        parts,
    };
    chunks.enumerate().map(part).map(|content| letter(origin, reason, content)).collect()
}

fn letter(origin: Origin<'_>, reason: &str, content: Content<'_>) -> String {
    to_json(&Letter { origin, reason, content })
}
