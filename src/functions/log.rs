//! The operator's side of an answer: one JSON line per request.
//!
//! The message can be read, the fields can be queried, and units stand in their names. What a
//! caller chose freely (query string, body, headers) is never logged, and no secret is ever near.

use std::io::Write;

use serde::Serialize;

use crate::wire::answer::Counts;

/// How much attention a line deserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// All is well.
    Info,
    /// Somebody may have to do something.
    Warn,
    /// Something was not stored.
    Error,
}

/// One line.
#[derive(Debug, Serialize)]
pub struct LogLine {
    /// For filters on severity.
    pub level: Level,
    /// What happened, in words.
    pub message: String,
    /// API Gateway's id of the request, or the queue's of the message.
    pub request_id: String,
    /// The HTTP status that was answered; absent in the worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Once it is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_key: Option<String>,
    /// What became of changes and events, where any were read.
    #[serde(flatten)]
    pub counts: Option<Counts>,
    /// From the arrival at this function to the answer.
    pub duration_ms: u64,
    /// From the oldest event's time to its arrival here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<u64>,
    /// What went wrong, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl LogLine {
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
