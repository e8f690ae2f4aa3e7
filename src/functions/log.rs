//! The log for the operator: one line of JSON per request or message.
//!
//! The message can be read, the fields can be queried, and units stand in their names. A line never
//! holds anything that a caller chose freely (query string, body, headers), and never a user or a
//! secret.

use std::{
    borrow::Cow,
    io::Write,
    time::{Duration, SystemTime},
};

use aws_smithy_types::{DateTime, date_time::Format};
use serde::Serialize;

use crate::{
    domain::{
        event::{Event, Kind, is_ahead},
        time::Timestamp,
    },
    wire::answer::Counts,
};

/// The attention that a line deserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Everything is well.
    Info,
    /// Somebody may have to do something.
    Warn,
    /// Something was not stored.
    Error,
}

/// One line.
#[derive(Debug, Serialize)]
pub struct LogLine {
    /// The time of the line: RFC 3339, in milliseconds. Without it, Lambda would take the line for
    /// one of level INFO.
    pub timestamp: String,
    /// The level, for filters.
    pub level: Level,
    /// The outcome, in words.
    pub message: Cow<'static, str>,
    /// The id of the request (the gateway's, or Lambda's behind a load balancer), or the queue's
    /// id of the message.
    pub request_id: String,
    /// The HTTP status of the answer; absent in the worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The app whose secret signed, once that is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_key: Option<String>,
    /// The room of a message, if it is about one only; absent in `callback`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// The numbers of changes and events, where any were read.
    #[serde(flatten)]
    pub counts: Option<Counts>,
    /// The numbers of events that were understood.
    #[serde(flatten)]
    pub events: Option<EventCounts>,
    /// The number of memberships that a sweep ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swept: Option<usize>,
    /// The time from the arrival at this function to the answer.
    pub duration_ms: u64,
    /// The time from the oldest event to its arrival here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<u64>,
    /// The time from the sending of a message to its arrival here, its delay included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// True for the first request of a process.
    pub cold_start: bool,
    /// The error, and what can be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The numbers of events by their type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct EventCounts {
    /// Rooms were created.
    pub creates: usize,
    /// Users joined.
    pub joins: usize,
    /// Users left.
    pub leaves: usize,
    /// Rooms were destroyed.
    pub destroys: usize,
    /// Events of any type that lie more than ten seconds ahead of this function's clock.
    pub future: usize,
}

impl EventCounts {
    /// Counts events that arrived at `now`.
    pub fn of(events: &[Event], now: Timestamp) -> Self {
        let mut counts = Self::default();
        for event in events {
            *match event.version.kind() {
                Kind::Create => &mut counts.creates,
                Kind::Join => &mut counts.joins,
                Kind::Leave => &mut counts.leaves,
                Kind::Destroy => &mut counts.destroys,
            } += 1;
            counts.future += usize::from(is_ahead(event.version.time(), now));
        }
        counts
    }
}

impl LogLine {
    /// Makes a line with the fields that every line has.
    pub fn new(
        level: Level,
        message: impl Into<Cow<'static, str>>,
        request_id: impl Into<String>,
        duration: Duration,
    ) -> Self {
        Self {
            timestamp: timestamp(),
            level,
            message: message.into(),
            request_id: request_id.into(),
            status: None,
            app_key: None,
            room: None,
            counts: None,
            events: None,
            swept: None,
            duration_ms: whole_millis(duration),
            lag_ms: None,
            age_ms: None,
            cold_start: false,
            error: None,
        }
    }

    /// Writes the line to standard output, where Lambda picks it up.
    pub fn print(&self) {
        // A line of strings and numbers always serialises, and nobody can be told of a closed
        // standard output.
        if let Ok(mut line) = serde_json::to_string(self) {
            line.push('\n');
            let _ = std::io::stdout().write_all(line.as_bytes());
        }
    }
}

/// Words the time as every line has it.
pub(super) fn timestamp() -> String {
    let now = Timestamp::from(SystemTime::now());
    let seconds = i64::try_from(now.seconds()).unwrap_or_default();
    // The format has as many decimals as a time needs: none here.
    let words = DateTime::from_secs(seconds).fmt(Format::DateTime).unwrap_or_default();
    format!("{}.{:03}Z", words.trim_end_matches('Z'), now.millis() % 1000)
}

/// Rounds a time down to milliseconds.
pub fn whole_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
