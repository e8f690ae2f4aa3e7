//! Answers that a caller gets over HTTP, and the dead letters that are kept.

use std::collections::BTreeSet;

use chatroom_status_sync::{
    callback::keyring::Secret,
    domain::time::Timestamp,
    local::im_server::{APP_KEY, APP_SECRET, NONCE, SignedCallback, WireEvent, body_of},
};
use serde_json::json;

use crate::support::{
    CountsSum, EventBuilder, NOBODY, applied, counts_of, dead_letters, deployment, deployment_with,
    join, post, post_bytes, quarantined, read_dead_letters, rows, send,
};

#[tokio::test]
async fn a_stored_callback_is_answered_200_with_four_counts() {
    let stack = deployment().await;
    let (status, answer) = send(&stack, &[join("room", ["ann", "ben"])]).await;
    assert_eq!(status, 200);
    assert_eq!(answer, json!({"applied": 2, "stale": 0, "deferred": 0, "quarantined": 0}));
}

#[tokio::test]
async fn an_event_that_cannot_be_understood_is_quarantined_raw_and_its_neighbours_are_applied() {
    let stack = deployment().await;
    let unknown = join("room", "ann").of_type(7).to_string();
    let no_room = r#"{"userIds" : ["ann"],  "status":0,"type":1,"time":1700000000000}"#;
    let body = format!("[{unknown},{},{no_room}]", join("room", "ann"));
    let (status, answer) = post(&stack, SignedCallback::now(body)).await;
    assert_eq!((status, counts_of(&answer)), (200, applied(1).and(quarantined(2))));
    let bodies = dead_letters(&stack);
    assert!(
        bodies[0].contains(&unknown) && bodies[1].contains(no_room),
        "byte for byte: {bodies:?}"
    );
    let letters = read_dead_letters(&stack);
    assert_eq!(letters[0]["appKey"], APP_KEY);
    assert_eq!(letters[0]["reason"], "type 7 is unknown");
    assert_eq!(letters[1]["reason"], "chatRoomId is missing");
    assert!(letters[0]["receivedAt"].is_u64() && letters[0]["requestId"].is_string());
}

#[tokio::test]
async fn an_answer_names_each_reason_for_quarantine_once() {
    let stack = deployment().await;
    let events = [
        join("room", "ann").of_type(7),
        join("room", "ben").of_type(7),
        join("room", "ben").of_type(8),
    ];
    let (_, answer) = send(&stack, &events).await;
    assert_eq!(counts_of(&answer), quarantined(3));
    assert_eq!(answer["reasons"], json!(["type 7 is unknown", "type 8 is unknown"]));
    let kept: BTreeSet<_> = dead_letters(&stack).into_iter().collect();
    assert_eq!(kept.len(), 3);
}

#[tokio::test]
async fn a_signed_body_that_is_no_json_is_answered_400_and_kept_whole() {
    let stack = deployment().await;
    let (status, answer) = post(&stack, SignedCallback::now("{\"not\": json\n")).await;
    assert_eq!(status, 400);
    assert_eq!(answer["error"], "invalid_body");
    assert!(answer["message"].is_string());
    assert_eq!(read_dead_letters(&stack)[0]["body"], "{\"not\": json\n");
    assert_eq!(post(&stack, SignedCallback::now("")).await.0, 400);
    assert_eq!(read_dead_letters(&stack)[1]["body"], "");
}

#[tokio::test]
async fn a_signed_body_that_is_no_utf_8_is_kept_byte_for_byte() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let stack = deployment().await;
    let body = b"[{\"chatRoomId\":\"\xff\xfe\"}]".to_vec();
    let url = SignedCallback::now("").url(stack.api_gateway.url());
    assert_eq!(post_bytes(&url, body.clone()).await.0, 400);
    let letters = read_dead_letters(&stack);
    let kept = BASE64_STANDARD.decode(letters[0]["bodyBase64"].as_str().unwrap()).unwrap();
    assert_eq!(kept, body);
    assert_eq!(letters[0]["part"], 1);
    assert_eq!(letters[0]["parts"], 1);
}

#[tokio::test]
async fn a_body_or_event_too_large_for_one_message_is_kept_in_parts() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let stack = deployment().await;
    let large = format!("[{}", "\"\\".repeat(500_000));
    let (status, _) = post(&stack, SignedCallback::now(large.clone())).await;
    assert_eq!(status, 400);
    let users = vec!["user"; 100_000];
    let event = join("room", &users).of_type(7).to_string();
    let (status, answer) = post(&stack, SignedCallback::now(&*event)).await;
    assert_eq!((status, counts_of(&answer)), (200, quarantined(1)));

    let mut parts = Vec::new();
    for (body, letter) in dead_letters(&stack).iter().zip(read_dead_letters(&stack)) {
        assert!(body.len() <= 256 * 1024);
        let number = letter["part"].as_u64().unwrap();
        let content = BASE64_STANDARD.decode(letter["bodyBase64"].as_str().unwrap()).unwrap();
        parts.push((letter["requestId"].as_str().unwrap().to_owned(), number, content));
    }
    parts.sort();
    let kept: Vec<u8> = parts.into_iter().flat_map(|(_, _, content)| content).collect();
    assert_eq!(String::from_utf8(kept).unwrap(), large + &event);
}

#[tokio::test]
async fn characters_that_sqs_refuses_are_escaped() {
    let stack = deployment().await;
    let event = join("room", "\u{fffe}\u{ffff}").of_type(7);
    post(&stack, SignedCallback::now(event.to_string())).await;
    assert!(!dead_letters(&stack)[0].contains(['\u{fffe}', '\u{ffff}']));
    assert_eq!(read_dead_letters(&stack)[0]["events"][0]["userIds"][0], "\u{fffe}\u{ffff}");
}

#[tokio::test]
async fn every_refusal_is_answered_401_with_its_own_word_and_stores_nothing() {
    let stack = deployment().await;
    let body = body_of(&[join("room", "ann")]);
    let good = SignedCallback::now(body.clone()).query;
    let old = Timestamp::from_millis(1_408_710_653_000).unwrap();
    let stale = SignedCallback::new(APP_KEY, &Secret::new(APP_SECRET), NONCE, old, "").query;
    let (before_signature, _) = good.split_once("&signature").unwrap();
    let refusals = [
        (String::new(), "missing_parameter"),
        (before_signature.to_owned(), "missing_parameter"),
        (format!("{good}&nonce=1"), "repeated_parameter"),
        (good.replace("timestamp=1", "timestamp="), "malformed_timestamp"),
        (good.replace("someappKey", "another"), "unknown_app_key"),
        (format!("{before_signature}&signature={}", "0".repeat(40)), "invalid_signature"),
        (stale, "stale_timestamp"),
    ];
    for (query, word) in refusals {
        let url = format!("{}?{query}", stack.api_gateway.url());
        let (status, answer) = post_bytes(&url, body.clone().into_bytes()).await;
        assert_eq!(status, 401, "{query}");
        assert_eq!(answer["error"], word, "{query}");
        assert!(answer["message"].is_string());
    }
    assert!(rows(&stack.table).await.is_empty());
    assert!(dead_letters(&stack).is_empty());
}

#[tokio::test]
async fn an_unverified_body_is_not_read_however_broken_it_is() {
    let stack = deployment().await;
    let url = format!("{}?nonce=1", stack.api_gateway.url());
    assert_eq!(post_bytes(&url, b"\xff{".to_vec()).await.0, 401);
    assert!(dead_letters(&stack).is_empty());
}

#[tokio::test]
async fn a_source_that_is_not_allowed_is_answered_403() {
    let elsewhere = deployment_with(&[("ALLOWED_SOURCES", "203.0.113.0/24, 2001:db8::/32")]).await;
    let (status, answer) = send(&elsewhere, &[join("room", "ann")]).await;
    assert_eq!(status, 403);
    assert_eq!(answer["error"], "forbidden");
    assert!(rows(&elsewhere.table).await.is_empty());
    let here = deployment_with(&[("ALLOWED_SOURCES", "203.0.113.0/24,127.0.0.0/8")]).await;
    assert_eq!(send(&here, &[join("room", "ann")]).await.0, 200);
}

#[tokio::test]
async fn a_body_of_several_megabytes_is_read() {
    let stack = deployment().await;
    let padding = "x".repeat(5_000_000);
    let event = join("room", "ann").to_string();
    let body = event.replacen('{', &format!("{{\"padding\":\"{padding}\","), 1);
    let (status, answer) = post(&stack, SignedCallback::now(body)).await;
    assert_eq!((status, counts_of(&answer)), (200, applied(1)));
}

fn bad_events(number: u64) -> Vec<WireEvent> {
    (0..number).map(|status| join("room", NOBODY).of_type(7).status(status)).collect()
}

#[tokio::test]
async fn a_thousand_bad_events_are_all_kept_each_by_itself() {
    let stack = deployment().await;
    let (status, answer) = send(&stack, &bad_events(1_000)).await;
    assert_eq!((status, counts_of(&answer)), (200, quarantined(1_000)));
    let letters = read_dead_letters(&stack);
    let kept = letters.iter().map(|letter| letter["events"][0]["status"].as_u64().unwrap());
    assert!(kept.collect::<BTreeSet<_>>().into_iter().eq(0..1_000));
}

#[tokio::test]
async fn more_bad_events_are_kept_as_one_body_and_their_good_neighbours_are_applied() {
    let stack = deployment().await;
    let mut events = bad_events(1_001);
    events.push(join("room", "ann"));
    let (status, answer) = send(&stack, &events).await;
    assert_eq!((status, counts_of(&answer)), (200, applied(1).and(quarantined(1_001))));
    assert_eq!(read_dead_letters(&stack)[0]["body"], body_of(&events));
}
