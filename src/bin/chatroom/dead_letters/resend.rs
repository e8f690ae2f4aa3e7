//! What the worker can be sent of a letter.

use chatroom_status_sync::{
    domain::ids::AppKey,
    wire::{
        deferred::DeferredMessage,
        limits::{MAX_BYTES, to_json},
    },
};
use serde_json::value::RawValue;

use super::{entry::Entry, letter::Kind};

/// The messages that stand for a letter in the deferred queue, or why there are none.
pub fn messages_for(entry: &Entry) -> Result<Vec<String>, String> {
    match &entry.letter.kind {
        // The worker ignores what else is in it.
        Kind::Events(_) | Kind::Sweep(_) => {
            Ok(entry.messages.iter().map(|message| message.body.clone()).collect())
        }
        Kind::Broken(why) | Kind::Unknown(why) => Err(why.clone()),
        Kind::Body | Kind::Part { .. } => {
            let app = entry.letter.heading.app_key.clone().unwrap_or_default();
            let app = AppKey::new(app).map_err(|why| format!("the app key {why}"))?;
            in_messages(&app, &events(&entry.letter.content)?)
        }
    }
}

/// A body's events, if it can be read by now.
fn events(body: &[u8]) -> Result<Vec<&RawValue>, String> {
    let wrong = "the body is no JSON array or object";
    let body = body.trim_ascii_start();
    let events = match body.first() {
        Some(b'[') => serde_json::from_slice(body),
        Some(b'{') => serde_json::from_slice(body).map(|event| vec![event]),
        _ => return Err(wrong.to_owned()),
    };
    events.map_err(|why| format!("{wrong}: {why}"))
}

/// As few messages as events fit into, in their order.
fn in_messages(app: &AppKey, events: &[&RawValue]) -> Result<Vec<String>, String> {
    let room = MAX_BYTES.saturating_sub(message(app, &[])?.len());
    let (mut messages, mut group, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (index, event) in events.iter().enumerate() {
        // As the message will have it, with a comma.
        let event = to_json(event);
        if event.len() > room {
            return Err(format!("event {} is too large for a message", index + 1));
        }
        if !group.is_empty() && bytes + event.len() + 1 > room {
            messages.push(message(app, &group)?);
            (group, bytes) = (Vec::new(), 0);
        }
        bytes += event.len() + 1;
        group.push(event);
    }
    messages.push(message(app, &group)?);
    Ok(messages)
}

fn message(app: &AppKey, events: &[String]) -> Result<String, String> {
    let events = RawValue::from_string(format!("[{}]", events.join(",")));
    let events = events.map_err(|why| why.to_string())?;
    Ok(to_json(&DeferredMessage { app_key: app.to_string(), events: Some(&events), sweep: None }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::dead_letters::{entry::entries, queue::Received};

    fn resent(message: &Value) -> Result<Vec<String>, String> {
        let message = Received { body: message.to_string(), ..Received::default() };
        messages_for(&entries(vec![message])[0])
    }

    #[test]
    fn what_the_worker_understands_is_sent_as_it_is() {
        let letter = json!({"appKey": "a", "reason": "type 7 is unknown", "events": [{"type": 7}]});
        assert_eq!(resent(&letter), Ok(vec![letter.to_string()]));
    }

    #[test]
    fn a_body_that_is_json_by_now_becomes_events() {
        let object = json!({"appKey": "a", "body": " {\"type\": 1}"});
        let message = r#"{"appKey":"a","events":[{"type": 1}]}"#.to_owned();
        assert_eq!(resent(&object), Ok(vec![message]));
    }

    #[test]
    fn a_body_that_is_no_json_or_nobodys_stays() {
        let no_json = resent(&json!({"appKey": "a", "body": "hello"}));
        assert!(no_json.unwrap_err().contains("no JSON"));
        let cut = resent(&json!({"appKey": "a", "body": "[{}"}));
        assert!(cut.unwrap_err().contains("EOF"));
        assert!(resent(&json!({"body": "[]"})).unwrap_err().contains("app key"));
    }

    #[test]
    fn a_large_body_is_split_into_messages_that_fit_and_lose_nothing() {
        let app = AppKey::new("a").unwrap();
        let event = |index: usize| {
            let room = format!("{index}\u{ffff}{}", "r".repeat(index % 99));
            format!(r#"{{"chatRoomId":"{room}"}}"#)
        };
        let body = (0..9000).map(event).collect::<Vec<_>>().join(",");
        let body = format!("[{body}]");
        let sent = events(body.as_bytes()).unwrap();
        let messages = in_messages(&app, &sent).unwrap();
        let mut received: Vec<Value> = Vec::new();
        for message in &messages {
            assert!(message.len() <= MAX_BYTES && !message.contains('\u{ffff}'));
            let message: Value = serde_json::from_str(message).unwrap();
            received.extend(message["events"].as_array().unwrap().clone());
        }
        assert_eq!(Value::from(received), serde_json::from_str::<Value>(&body).unwrap());
        let least = messages.iter().map(String::len).sum::<usize>().div_ceil(MAX_BYTES);
        assert_eq!(messages.len(), least, "and they are no more than needed");
    }

    #[test]
    fn an_event_larger_than_a_message_keeps_the_whole_body_back() {
        let body = json!([{}, {"chatRoomId": "r".repeat(MAX_BYTES)}]).to_string();
        let app = AppKey::new("a").unwrap();
        let why = in_messages(&app, &events(body.as_bytes()).unwrap());
        assert_eq!(why.unwrap_err(), "event 2 is too large for a message");
    }
}
