//! Events that are read from a body, and faults, which keep the raw text of all other elements.

use chatroom_status_sync::{
    callback::{
        Freshness, Unverified, Verified,
        body::{InvalidBody, parse},
        keyring::Keyring,
    },
    domain::event::{Event, Kind},
    local::im_server::{APP_KEY, APP_SECRET, SignedCallback},
};
use proptest::prelude::*;

use crate::support::{START, at};

fn verified(body: impl Into<Vec<u8>>) -> Verified {
    let keyring = Keyring::from_json(&format!(r#"{{"{APP_KEY}":"{APP_SECRET}"}}"#)).unwrap();
    let query = SignedCallback::now("").query;
    let callback = Unverified::new(query, body.into());
    callback.verify(&keyring, Freshness::Unchecked, at(0)).map_err(|(_, why)| why).unwrap()
}

#[derive(Debug, PartialEq)]
struct Parsed {
    events: Vec<Event>,
    faults: Vec<Fault>,
}

#[derive(Debug, PartialEq)]
struct Fault {
    raw: String,
    reason: String,
}

/// Reads a body at the moment [`START`].
fn read(body: impl Into<Vec<u8>>) -> Result<Parsed, InvalidBody> {
    let callback = verified(body);
    let parsed = parse(&callback, at(0))?;
    let faults = parsed
        .faults
        .iter()
        .map(|fault| Fault { raw: fault.raw.get().to_owned(), reason: fault.why.to_string() });
    Ok(Parsed { events: parsed.events, faults: faults.collect() })
}

/// A valid event with one field replaced by other JSON text, or left out.
fn with(field: &str, json: Option<&str>) -> String {
    let mut fields = vec![
        ("chatRoomId", r#""r""#.to_owned()),
        ("userIds", r#"["u"]"#.to_owned()),
        ("status", "0".to_owned()),
        ("type", "1".to_owned()),
        ("time", START.to_string()),
    ];
    fields.retain(|(name, _)| *name != field);
    fields.extend(json.map(|json| (field, json.to_owned())));
    let fields: Vec<_> = fields.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
    format!("{{{}}}", fields.join(","))
}

#[test]
fn the_vendors_sample_is_two_events() {
    let sample = r#"[
      {"chatRoomId":"destory_11","userIds":["gggg"],"status":0,"type":1,"time":1574476797772},
      {"chatRoomId":"destory_12","userIds":[],"status":0,"type":0,"time":1574476797772}
    ]"#;
    let Parsed { events, faults } = read(sample).unwrap();
    assert!(faults.is_empty());
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].room.as_str(), "destory_11");
    assert_eq!(events[0].users[0].as_str(), "gggg");
    assert_eq!(events[0].version.number(), 157_447_679_777_210);
    assert_eq!(events[1].version.kind(), Kind::Create);
    assert!(events[1].users.is_empty());
}

#[test]
fn a_single_object_is_one_event() {
    for body in [with("", None), format!("\n {} ", with("", None))] {
        assert_eq!(read(body).unwrap().events.len(), 1);
    }
}

#[test]
fn an_empty_list_is_no_event_and_no_fault() {
    assert_eq!(read("[]").unwrap(), Parsed { events: vec![], faults: vec![] });
}

#[test]
fn unknown_fields_are_ignored() {
    let events = read(with("device", Some(r#"{"os":[1,{"x":null}]}"#))).unwrap().events;
    assert_eq!(events.len(), 1);
}

#[test]
fn a_body_that_is_no_json_array_or_object_is_invalid_as_a_whole() {
    let bodies: [&[u8]; 10] = [
        b"",
        b"  ",
        b"null",
        b"7",
        b"\"text\"",
        b"[",
        b"[{}",
        b"{} {}",
        b"chatRoomId=r",
        b"[{\"chatRoomId\":\"\xff\"}]",
    ];
    for body in bodies {
        assert!(matches!(read(body), Err(InvalidBody { .. })), "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn a_faulty_event_keeps_its_raw_text_and_spoils_no_other() {
    let (good, bad) = (with("", None), with("type", Some("7")));
    let Parsed { events, faults } = read(format!("[{good}, {bad},{good}]")).unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(faults, [Fault { raw: bad, reason: "type 7 is unknown".to_owned() }]);
}

#[test]
fn every_wrong_json_type_in_every_field_is_a_fault() {
    let values = ["null", "true", "-1", "1.5", "\"text\"", "[1]", "{\"a\":1}", "1e400"];
    // The value has the right type, or means the same as a missing field.
    let allowed = |field: &str, value: &str| match field {
        "chatRoomId" => value == "\"text\"",
        "userIds" => value == "null",
        _ => false,
    };
    for field in ["chatRoomId", "userIds", "status", "type", "time"] {
        for value in values {
            let Parsed { events, faults } = read(with(field, Some(value))).unwrap();
            let is_event = allowed(field, value);
            assert_eq!(events.len(), usize::from(is_event), "{field} {value}");
            assert_eq!(faults.len(), usize::from(!is_event), "{field} {value}");
            if let [Fault { reason, .. }] = &faults[..] {
                assert!(reason.contains(field), "{reason} should name {field}");
            }
        }
    }
}

#[test]
fn a_list_element_that_is_no_object_is_a_fault() {
    for element in ["1", "null", "\"r\"", "[\"r\",[\"u\"],0,1,1700000000000]", "[]", "{}"] {
        let Parsed { events, faults } = read(format!("[{element}]")).unwrap();
        assert!(events.is_empty() && faults.len() == 1, "{element}");
    }
}

#[test]
fn a_repeated_field_is_a_fault() {
    let twice = with("", None).replace('{', r#"{"chatRoomId":"other","#);
    assert_eq!(read(twice).unwrap().faults.len(), 1);
}

#[test]
fn missing_fields_are_faults_except_user_ids() {
    for field in ["chatRoomId", "status", "type", "time"] {
        assert_eq!(
            read(with(field, None)).unwrap().faults[0].reason,
            format!("{field} is missing")
        );
    }
    assert!(read(with("userIds", None)).unwrap().events[0].users.is_empty());
}

#[test]
fn ids_have_1_to_256_bytes() {
    let json = |bytes: usize| format!("\"{}\"", "é".repeat(bytes / 2));
    assert!(read(with("chatRoomId", Some(&json(256)))).unwrap().faults.is_empty());
    assert_eq!(read(with("chatRoomId", Some(&json(258)))).unwrap().faults.len(), 1);
    assert_eq!(read(with("chatRoomId", Some("\"\""))).unwrap().faults.len(), 1);
    assert_eq!(read(with("userIds", Some("[\"u\",\"\"]"))).unwrap().faults.len(), 1);
}

#[test]
fn time_is_plausible_from_2001_to_five_minutes_ahead() {
    let is_event =
        |time: u64| read(with("time", Some(&time.to_string()))).unwrap().faults.is_empty();
    assert!(is_event(1_000_000_000_000));
    assert!(!is_event(999_999_999_999));
    assert!(is_event(START + 300_000));
    assert!(!is_event(START + 300_001));
    assert!(!is_event(u64::MAX));
}

#[test]
fn statuses_of_nine_and_above_count_as_nine() {
    for status in ["9", "10", "18446744073709551615"] {
        let events = read(with("status", Some(status))).unwrap().events;
        assert_eq!(events[0].version.reason(), "status_9");
    }
}

#[test]
fn deep_nesting_is_harmless() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(read(with("userIds", Some(&deep))).unwrap().faults.len(), 1);
    assert_eq!(read(with("unknown", Some(&deep))).unwrap().events.len(), 1);
    assert_eq!(read(deep).unwrap().faults.len(), 1);
}

#[test]
fn many_users_and_many_events_are_read_without_a_limit() {
    let users: Vec<_> = (0..100_000).map(|n| format!("\"user-{n}\"")).collect();
    let body = with("userIds", Some(&format!("[{}]", users.join(","))));
    assert_eq!(read(body).unwrap().events[0].users.len(), 100_000);
    let events = vec![with("", None); 10_000];
    assert_eq!(read(format!("[{}]", events.join(","))).unwrap().events.len(), 10_000);
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(body);
    }

    #[test]
    fn every_element_of_a_list_is_an_event_or_a_fault(
        elements in proptest::collection::vec("(\\{\"type\":[0-9]\\}|[0-9]|\"[a-z]\"|null)", 0..20),
    ) {
        let Parsed { events, faults } = read(format!("[{}]", elements.join(","))).unwrap();
        prop_assert_eq!(events.len() + faults.len(), elements.len());
        let raw: Vec<_> = faults.into_iter().map(|fault| fault.raw).collect();
        prop_assert_eq!(raw, elements);
    }
}
