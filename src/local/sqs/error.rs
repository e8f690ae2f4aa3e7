//! The requests that SQS refuses, and the words in which it does.

use std::collections::BTreeSet;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::wire::limits::MAX_BYTES;

/// The most entries of one batch.
const BATCH: usize = 10;

/// A refusal, in the terms of the JSON protocol.
#[derive(Debug)]
pub struct SqsError {
    pub code: &'static str,
    pub message: String,
}

impl SqsError {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Words the refusal of one entry of a batch.
    pub fn of_entry(&self, id: &Value) -> Value {
        json!({"Id": id, "SenderFault": true, "Code": self.code, "Message": self.message})
    }
}

impl IntoResponse for SqsError {
    fn into_response(self) -> Response {
        let kind = format!("com.amazonaws.sqs#{}", self.code);
        // What the code was called before there was a JSON protocol; clients still show it.
        let old = format!("AWS.SimpleQueueService.{};Sender", self.code);
        let body = Json(json!({"__type": kind, "message": self.message}));
        (StatusCode::BAD_REQUEST, [("x-amzn-query-error", old)], body).into_response()
    }
}

/// Reads the entries of a batch: one to ten, each with an id of its own.
pub fn entries(request: &Value) -> Result<&[Value], SqsError> {
    let entries = request["Entries"].as_array();
    let entries = entries.map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() {
        let message = "There should be at least one entry in the request.";
        return Err(SqsError::new("EmptyBatchRequest", message));
    }
    if entries.len() > BATCH {
        return Err(SqsError::new(
            "TooManyEntriesInBatchRequest",
            format!("{} entries, at most {BATCH} are allowed.", entries.len()),
        ));
    }
    let ids: BTreeSet<_> = entries.iter().map(|entry| entry["Id"].as_str()).collect();
    if ids.len() < entries.len() {
        let message = "Two entries have the same id.";
        return Err(SqsError::new("BatchEntryIdsNotDistinct", message));
    }
    Ok(entries)
}

/// Refuses a batch that is larger than one message may be.
pub fn check_size(entries: &[Value]) -> Result<(), SqsError> {
    let bytes: usize =
        entries.iter().filter_map(|entry| entry["MessageBody"].as_str()).map(str::len).sum();
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    Err(SqsError::new(
        "BatchRequestTooLong",
        format!("{bytes} bytes, at most {MAX_BYTES} are allowed."),
    ))
}

/// Reads the body of a message: text of characters that XML 1.0 knows, not too much of it, not none.
pub fn body(entry: &Value) -> Result<&str, SqsError> {
    let body = entry["MessageBody"].as_str().unwrap_or_default();
    if body.is_empty() {
        let message = "The request must contain the parameter MessageBody.";
        return Err(SqsError::new("MissingParameter", message));
    }
    if body.len() > MAX_BYTES {
        let message = format!("Message must be shorter than {MAX_BYTES} bytes.");
        return Err(SqsError::new("InvalidParameterValue", message));
    }
    match body.chars().find(|&letter| !is_allowed(letter)) {
        None => Ok(body),
        Some(letter) => Err(SqsError::new(
            "InvalidMessageContents",
            format!("Invalid character {letter:?} was found in the message body."),
        )),
    }
}

const fn is_allowed(letter: char) -> bool {
    matches!(
        letter,
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..
    )
}
