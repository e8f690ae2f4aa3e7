//! The dead-letter queue: what was signed but cannot be understood is kept there, whole, for a
//! person.
//!
//! Each message is one JSON object with `appKey`, `requestId`, `receivedAt` and `reason`. An event
//! stands in `events` in wire format, so that the message can be redriven once the code understands
//! it. What is no event, or too large for a message, stands in `body` as text, or in `bodyBase64`
//! in numbered parts.

use aws_sdk_sqs::{Client, error::DisplayErrorContext, types::SendMessageBatchRequestEntry};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use crate::{ids::AppKey, parse::Fault, time::Timestamp};

/// What every queue takes in one message, and in one batch: 256 KiB.
const MAX_BYTES: usize = 256 * 1024;
/// Bytes of content in one part, so that base64 and the fields around it stay below [`MAX_BYTES`].
const PART_BYTES: usize = 180 * 1024;
/// Messages in one batch.
const BATCH: usize = 10;
/// Batches under way at once.
const CONCURRENCY: usize = 8;

/// A handle on the queue.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    client: Client,
    url: String,
}

/// Where a dead letter comes from.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin<'a> {
    /// Whose secret signed.
    pub app_key: &'a AppKey,
    /// The request's id, to find its log line.
    pub request_id: &'a str,
    /// Unix milliseconds.
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

impl DeadLetters {
    /// The queue at `url`.
    #[must_use]
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }

    /// Puts messages into the queue, all of them, until `deadline`.
    ///
    /// # Errors
    /// Why one of them is not known to be there; some may be. Repeating them is harmless.
    pub async fn send(&self, letters: Vec<String>, deadline: Instant) -> Result<(), String> {
        let batches = stream::iter(batches(letters))
            .map(|batch| self.send_batch(batch))
            .buffer_unordered(CONCURRENCY);
        let all = timeout_at(deadline, batches.try_collect::<()>()).await;
        all.unwrap_or_else(|_| Err("the dead-letter queue did not answer in time".to_owned()))
    }

    async fn send_batch(&self, letters: Vec<String>) -> Result<(), String> {
        let entry = |(index, letter): (usize, String)| {
            SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(letter)
                .build()
        };
        let entries = letters
            .into_iter()
            .enumerate()
            .map(entry)
            .collect::<Result<_, _>>();
        let entries = entries.map_err(|error| error.to_string())?;
        let sent = self
            .client
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries))
            .send()
            .await;
        let sent =
            sent.map_err(|error| format!("dead-letter queue: {}", DisplayErrorContext(error)))?;
        match sent.failed().first() {
            None => Ok(()),
            Some(failed) => Err(format!(
                "dead-letter queue: {} {}",
                failed.code(),
                failed.message().unwrap_or_default()
            )),
        }
    }
}

/// The message that keeps an event which cannot be understood; several if it is too large for one.
#[must_use]
pub fn for_fault(origin: Origin<'_>, fault: &Fault<'_>) -> Vec<String> {
    let letter = letter(
        origin,
        &fault.reason,
        Content::Event {
            events: [fault.raw],
        },
    );
    if letter.len() <= MAX_BYTES {
        vec![letter]
    } else {
        in_parts(origin, &fault.reason, fault.raw.get().as_bytes())
    }
}

/// The message that keeps a body which is no JSON array or object; several if it is too large for
/// one.
#[must_use]
pub fn for_body(origin: Origin<'_>, body: &[u8]) -> Vec<String> {
    let reason = "the body is no JSON array or object";
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
    chunks
        .enumerate()
        .map(part)
        .map(|content| letter(origin, reason, content))
        .collect()
}

fn letter(origin: Origin<'_>, reason: &str, content: Content<'_>) -> String {
    // Strings, numbers and raw JSON always serialise.
    let json = serde_json::to_string(&Letter {
        origin,
        reason,
        content,
    })
    .unwrap_or_default();
    // SQS refuses these two characters; in JSON they can only stand in strings, and an escape means
    // the same there.
    json.replace('\u{fffe}', "\\ufffe")
        .replace('\u{ffff}', "\\uffff")
}

/// Groups messages so that each group is a valid batch.
fn batches(letters: Vec<String>) -> Vec<Vec<String>> {
    let mut batches: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for letter in letters {
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH && bytes + letter.len() <= MAX_BYTES => {
                bytes += letter.len();
                batch.push(letter);
            }
            _ => {
                bytes = letter.len();
                batches.push(vec![letter]);
            }
        }
    }
    batches
}
