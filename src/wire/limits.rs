//! The limits of SQS for messages, the same for both queues.

use serde::Serialize;

/// The most bytes that a message, and a batch of them, may have: 256 KiB. Queues can be set to take
/// more; every queue takes this, and it is about as much as a worker writes in one go.
pub const MAX_BYTES: usize = 256 * 1024;

/// Writes a message as JSON text that SQS takes.
pub fn to_json(message: &impl Serialize) -> String {
    // Strings, numbers and raw JSON always serialise.
    let json = serde_json::to_string(message).unwrap_or_default();
    if !json.contains(['\u{fffe}', '\u{ffff}']) {
        return json;
    }
    // SQS refuses these two characters; in JSON they can only stand in strings, and an escape means
    // the same there.
    json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
}
