//! Messages of the deferred queue. There are as few as can hold the events, SQS takes each of them,
//! and any other text is refused in words.

use chatroom_status_sync::{
    callback::body::raw_events,
    domain::plan::Plan,
    wire::{
        deferred::{self, DeferredMessage, Work},
        limits::MAX_BYTES,
        packing::{self, EventTooLarge},
    },
};
use serde_json::{Value, json};

use crate::support::{EventBuilder, app, destroy, join, read};

/// Reads all events of messages. Checks that SQS takes each message, and that no two neighbours
/// would fit into one.
fn events_of(messages: &[String]) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for message in messages {
        assert!(message.len() <= MAX_BYTES && !message.contains(['\u{fffe}', '\u{ffff}']));
        let message = DeferredMessage::read(message).unwrap();
        assert_eq!(message.app, app());
        let Work::Events(events) = message.work else { panic!("{message:?}") };
        all.extend(serde_json::from_str::<Vec<Value>>(events.get()).unwrap());
    }
    let frame = json!({"appKey": app().as_str(), "events": []}).to_string().len();
    for pair in messages.windows(2) {
        assert!(pair[0].len() + ",".len() + pair[1].len() - frame > MAX_BYTES);
    }
    all
}

/// An event of some length, with a character that is escaped.
fn odd_event(index: usize) -> String {
    format!(r#"{{"chatRoomId": "{index}{}{}"}}"#, "\u{ffff}", "r".repeat(index % 99))
}

#[test]
fn raw_events_are_packed_in_their_order_into_as_few_messages_as_hold_them() {
    let body = (0..9000).map(odd_event).collect::<Vec<_>>().join(",");
    let body = format!(" [{body}]");
    let events = raw_events(body.as_bytes()).unwrap();
    let messages = packing::raw_event_messages(&app(), &events).unwrap();
    assert_eq!(Value::from(events_of(&messages)), serde_json::from_str::<Value>(&body).unwrap());
    let least = messages.iter().map(String::len).sum::<usize>().div_ceil(MAX_BYTES);
    assert_eq!(messages.len(), least);
    assert_eq!(packing::raw_event_messages(&app(), &[]), Ok(vec![]));
}

#[test]
fn a_raw_event_fills_a_message_to_the_last_byte_or_is_too_large_and_named_by_its_number() {
    let frame = json!({"appKey": app().as_str(), "events": [""]}).to_string().len();
    for (escaped, bytes) in [("", 0), ("\u{ffff}", r"\uffff".len())] {
        let largest = MAX_BYTES - frame - bytes;
        for (plain, fits) in [(largest, true), (largest + 1, false)] {
            let body = json!([{}, format!("{escaped}{}", "r".repeat(plain)), {}]).to_string();
            let messages =
                packing::raw_event_messages(&app(), &raw_events(body.as_bytes()).unwrap());
            if fits {
                let messages = messages.unwrap();
                assert_eq!((messages.len(), messages[1].len()), (3, MAX_BYTES));
            } else {
                assert_eq!(messages, Err(EventTooLarge { number: 2 }));
            }
        }
    }
    let why = EventTooLarge { number: 2 }.to_string();
    assert_eq!(why, "event 2 is too large for a message");
}

#[test]
fn changes_fill_their_messages_whatever_the_lengths_of_their_ids() {
    let users: Vec<_> =
        (0..9000).map(|n| format!("{n:04}{}", "\u{ffff}\u{7}ä".repeat(n % 23))).collect();
    let rooms: Vec<_> = (0..40).map(|n| format!("{n:02}{}", "\u{fffe}".repeat(n))).collect();
    let mut events = Vec::new();
    for (index, room) in rooms.iter().enumerate() {
        let users: Vec<_> = users.iter().skip(index).step_by(1 + 7 * index).collect();
        events.push(read(&join(room, &users).at(index as u64)));
        events.push(read(&destroy(room).at(50)));
    }
    let messages = packing::event_messages(&app(), Plan::of(events).into_events());
    let packed = events_of(&messages);
    assert!(messages.len() > 3);
    let joined: usize = packed.iter().map(|event| event["userIds"].as_array().unwrap().len()).sum();
    let expected: usize = (0..40).map(|index| (9000_usize - index).div_ceil(1 + 7 * index)).sum();
    assert_eq!(joined, expected);
}

#[test]
fn a_text_that_is_no_message_is_refused_in_words() {
    let long = "r".repeat(257);
    let sweep = |room: &str, version: u64, after: &str| {
        json!({"appKey": "a", "sweep":
            {"chatRoomId": room, "destroyVersion": version, "after": after}})
    };
    let destroy = 157_447_679_777_230;
    for (message, words) in [
        (json!({"events": []}), "no deferred message: missing field `appKey`"),
        (json!({"appKey": "a#", "events": []}), "the app key contains '#'"),
        (json!({"appKey": "a"}), "the message has neither events nor a sweep, or both"),
        (sweep("", destroy, "u"), "chatRoomId is empty"),
        (sweep("r", 50, "u"), "destroyVersion is no version"),
        (sweep("r", destroy, &long), "after has more than 256 bytes"),
    ] {
        let why = DeferredMessage::read(&message.to_string()).unwrap_err().to_string();
        assert!(why.starts_with(words), "{message}: {why}");
    }
    let text = sweep("r", destroy, "u").to_string();
    let DeferredMessage { app, work: Work::Sweep(sweep) } = DeferredMessage::read(&text).unwrap()
    else {
        panic!("{text}")
    };
    let again: Value = serde_json::from_str(&deferred::sweep_message(&app, &sweep)).unwrap();
    assert_eq!(again, serde_json::from_str::<Value>(&text).unwrap());
}
