//! One callback as the page shows it: when it came, what it holds, and what became of it.

use axum::body::Bytes;
use chatroom_status_sync::{
    callback::body::raw_events,
    domain::{event::Kind, time::Timestamp},
    local::api_gateway::ObservedCallback,
    wire::answer::{Answer, Counts},
};
use serde::Deserialize;
use serde_json::Value;

use super::outcome::{Outcome, meaning};

/// The largest body that is kept, so that it can be shown and sent again.
pub const MAX_BODY_BYTES: usize = 128 * 1024;
/// The most events of a body that are shown.
const MOST_EVENTS: usize = 20;

/// A callback with its answer.
#[derive(Debug)]
pub struct CallbackRecord {
    /// Its number among all that came, counted from 1.
    pub number: u64,
    pub taken: Timestamp,
    pub outcome: Outcome,
    pub counts: Option<Counts>,
    pub status: u16,
    /// The name of the error in the answer, if it is one.
    pub error: String,
    /// The JSON of the answer.
    pub answer: String,
    /// Sentences that say what the answer means.
    pub meaning: Vec<String>,
    pub request_id: String,
    pub duration_ms: u64,
    /// The parameters of its query string.
    pub parameters: Vec<(String, String)>,
    /// Its first events, as far as they can be read, believed or not.
    pub events: Vec<EventSummary>,
    /// The events that are left out of `events`.
    pub more_events: usize,
    /// The number of bytes of its body.
    pub bytes: usize,
    /// The body, unless it is larger than [`MAX_BODY_BYTES`].
    pub body: Option<Bytes>,
}

/// An event as far as it can be read.
#[derive(Debug)]
pub struct EventSummary {
    /// `create`, `join`, `leave`, `destroy`, or what stands there instead.
    pub kind: String,
    pub room: String,
    pub users: Vec<String>,
    pub status: Option<u64>,
    /// Unix milliseconds.
    pub time: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LooseEvent {
    chat_room_id: Value,
    user_ids: Value,
    r#type: Value,
    status: Value,
    time: Value,
}

impl CallbackRecord {
    pub fn new(number: u64, observed: &ObservedCallback<'_>) -> Self {
        let ObservedCallback { query, body, taken, answer, line } = observed;
        let body = (body.len() <= MAX_BODY_BYTES).then(|| Bytes::copy_from_slice(body));
        let (events, more_events) = body.as_deref().map(summaries).unwrap_or_default();
        let parameters = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self {
            number,
            taken: *taken,
            outcome: Outcome::of(answer),
            counts: match answer {
                Answer::Accepted(counts, _) => Some(*counts),
                _ => None,
            },
            status: answer.status(),
            error: match answer {
                Answer::Accepted(..) => String::new(),
                Answer::InvalidBody => "invalid_body".to_owned(),
                Answer::Refused(refusal) => refusal.code().to_owned(),
                Answer::Forbidden => "forbidden".to_owned(),
                Answer::Unavailable => "unavailable".to_owned(),
            },
            answer: answer.body(),
            meaning: meaning(answer, line.error.as_deref()),
            request_id: line.request_id.clone(),
            duration_ms: line.duration_ms,
            parameters,
            events,
            more_events,
            bytes: observed.body.len(),
            body,
        }
    }

    /// Gives a parameter of its query string.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let parameter = self.parameters.iter().find(|(other, _)| other == name);
        parameter.map(|(_, value)| value.as_str())
    }

    /// Tells whether one of its ids, its answer or its body has a text in it. `lowercase` is that
    /// text, in small letters.
    pub fn contains(&self, lowercase: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(lowercase);
        self.events.iter().any(|event| {
            has(&event.kind) || has(&event.room) || event.users.iter().any(|user| has(user))
        }) || has(&self.answer)
            || has(&self.request_id)
            || self.meaning.iter().any(|sentence| has(sentence))
            || self.parameter("appKey").is_some_and(has)
            || self.body.as_deref().is_some_and(|body| has(&String::from_utf8_lossy(body)))
    }
}

/// Reads the first events of a body, and counts the others.
fn summaries(body: &[u8]) -> (Vec<EventSummary>, usize) {
    let events = raw_events(body).unwrap_or_default();
    let read = |event: &&serde_json::value::RawValue| {
        EventSummary::from(serde_json::from_str::<LooseEvent>(event.get()).unwrap_or_default())
    };
    let shown = events.iter().take(MOST_EVENTS).map(read).collect();
    (shown, events.len().saturating_sub(MOST_EVENTS))
}

impl From<LooseEvent> for EventSummary {
    fn from(event: LooseEvent) -> Self {
        let kind = match event.r#type.as_u64().and_then(Kind::from_type) {
            Some(Kind::Create) => "create".to_owned(),
            Some(Kind::Join) => "join".to_owned(),
            Some(Kind::Leave) => "leave".to_owned(),
            Some(Kind::Destroy) => "destroy".to_owned(),
            None => format!("type {}", event.r#type),
        };
        let users = event.user_ids.as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            kind,
            room: words(&event.chat_room_id),
            users: users.iter().map(words).collect(),
            status: event.status.as_u64(),
            time: event.time.as_u64(),
        }
    }
}

/// Words a value: a text as it is, anything else as JSON, nothing as nothing.
fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
