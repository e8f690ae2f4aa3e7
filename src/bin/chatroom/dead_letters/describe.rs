//! Describes a letter, in the same words to whoever asks for all of them or for one.

use serde_json::{Value, json};

use super::{
    letter::{Kind, Letter, Parts},
    redrive::messages_for,
};

/// Words the reason why a letter is in the queue.
pub fn reason(letter: &Letter) -> &str {
    match (&letter.heading.reason, &letter.kind) {
        (Some(reason), _) => reason,
        (None, Kind::Events(_) | Kind::Sweep(_)) => "failed too often",
        (None, _) => "unknown origin",
    }
}

/// Words the content of a letter.
pub fn content(letter: &Letter) -> String {
    let content = match &letter.kind {
        Kind::Events(1) => "1 event".to_owned(),
        Kind::Events(count) => format!("{count} events"),
        Kind::Sweep(room) => format!("sweep of room {room}"),
        Kind::Body | Kind::Part { .. } | Kind::Broken(_) => "body".to_owned(),
        Kind::Unknown(_) => "unknown".to_owned(),
    };
    let whole = if matches!(letter.kind, Kind::Broken(_)) { "incomplete" } else { "complete" };
    match letter.parts {
        Some(Parts { there, of }) => format!("{content}, {there} of {of} parts, {whole}"),
        None => content,
    }
}

/// Finds how often a letter was received, this time included.
pub fn receives(letter: &Letter) -> Option<u64> {
    letter.messages.iter().filter_map(|message| message.receives).max()
}

/// Lists everything about a letter but its content, for programs.
pub fn facts(letter: &Letter) -> Value {
    let (kind, room, events) = match &letter.kind {
        Kind::Events(count) => ("events", None, Some(count)),
        Kind::Sweep(room) => ("sweep", Some(room), None),
        Kind::Body | Kind::Part { .. } | Kind::Broken(_) => ("body", None, None),
        Kind::Unknown(_) => ("unknown", None, None),
    };
    json!({
        "id": letter.id(),
        "messageIds": letter.messages.iter().map(|message| &message.id).collect::<Vec<_>>(),
        "receives": receives(letter),
        "sentAt": letter.messages.first().and_then(|message| message.sent),
        "receivedAt": letter.received_at(),
        "appKey": letter.heading.app_key,
        "requestId": letter.heading.request_id,
        "reason": reason(letter),
        "kind": kind,
        "chatRoomId": room,
        "events": events,
        "parts": letter.parts.map(|Parts { there, of }| json!({"there": there, "of": of})),
        "bytes": letter.content.len(),
        "staysBecause": messages_for(letter).err().map(|why| why.to_string()),
    })
}
