//! The log for the operator: one line of JSON per request or message.
//!
//! The message can be read, the fields can be queried, and units stand in their names. A line never
//! holds anything that a caller chose freely (query string, body, headers), and never a secret.

use std::{borrow::Cow, io::Write, time::Duration};

use serde::Serialize;

use crate::wire::answer::Counts;

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
    /// The numbers of changes and events, where any were read.
    #[serde(flatten)]
    pub counts: Option<Counts>,
    /// The time from the arrival at this function to the answer.
    pub duration_ms: u64,
    /// The time from the oldest event to its arrival here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<u64>,
    /// The error, and what can be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
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
            level,
            message: message.into(),
            request_id: request_id.into(),
            status: None,
            app_key: None,
            counts: None,
            duration_ms: whole_millis(duration),
            lag_ms: None,
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

/// Rounds a time down to milliseconds.
pub fn whole_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
