//! The parts of requests, read as strictly as SQS reads them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::error::SqsError;
use crate::wire::limits::MAX_BYTES;

/// The most entries of one batch.
const BATCH: usize = 10;

/// Reads the entries of a batch: one to ten, each with an id of its own.
pub fn read_entries(request: &Value) -> Result<&[Value], SqsError> {
    let entries = request["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
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

/// Reads the body of a message: at least one byte, at most [`MAX_BYTES`], and only characters that
/// XML 1.0 allows.
pub fn read_body(entry: &Value) -> Result<&str, SqsError> {
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
