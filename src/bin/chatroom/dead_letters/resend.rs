//! What the worker can be sent of a letter.

use chatroom_status_sync::{
    callback::body::raw_events, domain::ids::AppKey, wire::deferred::raw_event_messages,
};

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
            let events = raw_events(&entry.letter.content).map_err(|why| why.to_string())?;
            raw_event_messages(&app, &events).map_err(|why| why.to_string())
        }
    }
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
}
