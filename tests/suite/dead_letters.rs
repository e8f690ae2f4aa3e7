//! `chatroom dead-letters`, as those use it who look after a deployment.

use std::process::{Output, Stdio};

use base64::{Engine, prelude::BASE64_STANDARD};
use chatroom_status_sync::{
    domain::time::Timestamp,
    local::{
        Stack,
        im_server::{APP_KEY, SignedCallback},
        sqs::{DEAD_LETTERS, DEFERRED},
    },
};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{
    JOIN, START, at, dead_letters, deployment, event, post, post_bytes, row, rows, send, sqs,
};

/// Runs `chatroom dead-letters` for the queues of a deployment, without a terminal.
async fn run(stack: &Stack, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatroom"));
    command
        .env_remove("AWS_ENDPOINT_URL_SQS")
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("DEAD_LETTER_QUEUE_URL", stack.sqs.url_of(DEAD_LETTERS))
        .env("DEFERRED_QUEUE_URL", stack.sqs.url_of(DEFERRED))
        .arg("dead-letters")
        .args(arguments)
        .stdin(Stdio::null());
    command.output().await.unwrap()
}

async fn stdout(stack: &Stack, arguments: &[&str]) -> String {
    let output = run(stack, arguments).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a run that fails says, on both outputs.
async fn failure(stack: &Stack, arguments: &[&str]) -> String {
    let output = run(stack, arguments).await;
    assert!(!output.status.success());
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

async fn listed(stack: &Stack) -> Vec<Value> {
    serde_json::from_str(&stdout(stack, &["list", "--json"]).await).unwrap()
}

/// The ids of the letters with a reason that contains this.
fn ids(letters: &[Value], reason: &str) -> Vec<String> {
    letters
        .iter()
        .filter(|letter| letter["reason"].as_str().unwrap().contains(reason))
        .map(|letter| letter["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Puts a message into the dead-letter queue, as SQS does or a person.
async fn put(stack: &Stack, message: Value) {
    let url = stack.sqs.url_of(DEAD_LETTERS);
    let send = sqs(stack.sqs.url()).send_message().queue_url(url);
    send.message_body(message.to_string()).send().await.unwrap();
}

/// How many dead letters can be received now.
async fn visible(stack: &Stack) -> usize {
    let receive = sqs(stack.sqs.url()).receive_message();
    let receive = receive.queue_url(stack.sqs.url_of(DEAD_LETTERS));
    let receive = receive.max_number_of_messages(10).visibility_timeout(0);
    receive.send().await.unwrap().messages().len()
}

fn failed_too_often() -> Value {
    json!({"appKey": APP_KEY, "events": [event("r", &["late"], JOIN, 0, 0)]})
}

/// One event of an unknown type, one body that is no JSON, and one message that failed too often.
async fn quarantined() -> Stack {
    let stack = deployment().await;
    send(&stack, &[event("r", &["u"], 7, 0, 0)]).await;
    post(&stack, SignedCallback::now("hello \u{1b}[2J".to_owned())).await;
    put(&stack, failed_too_often()).await;
    stack
}

/// A callback whose body is no text, and too large for one message.
async fn in_parts(stack: &Stack) -> Vec<u8> {
    let body: Vec<u8> = (0..400 * 1024_u32).map(|n| n.to_be_bytes()[3]).collect();
    let url = SignedCallback::now(String::new()).url(stack.api_gateway.url());
    assert_eq!(post_bytes(&url, body.clone()).await.0, 400);
    body
}

#[tokio::test]
async fn letters_are_listed_with_when_for_whom_and_why_and_stay_as_they_were() {
    let stack = quarantined().await;
    let before = dead_letters(&stack);
    let shown = stdout(&stack, &["list"]).await;
    for told in [APP_KEY, "type 7 is unknown", "failed too often", "1 event", "body"] {
        assert!(shown.contains(told), "{told} is not in\n{shown}");
    }
    assert!(shown.contains("3 letters: 1 × failed too often; 1 × "), "{shown}");

    let letters = listed(&stack).await;
    let unknown = letters.iter().find(|letter| letter["reason"] == "type 7 is unknown");
    let unknown = unknown.unwrap();
    assert_eq!([&unknown["appKey"], &unknown["kind"]], [APP_KEY, "events"]);
    assert!(unknown["requestId"].is_string() && unknown["receivedAt"].is_u64());
    assert_eq!((&unknown["events"], &unknown["receives"]), (&json!(1), &json!(2)));

    assert_eq!(dead_letters(&stack), before);
    assert_eq!(visible(&stack).await, 3, "whoever looks next sees them at once");
}

#[tokio::test]
async fn an_empty_queue_has_no_letters() {
    let stack = deployment().await;
    assert_eq!(stdout(&stack, &["list"]).await, "0 letters\n");
    assert!(listed(&stack).await.is_empty());
}

#[tokio::test]
async fn a_long_queue_is_listed_whole_and_each_letter_once() {
    let stack = deployment().await;
    let last = Timestamp::MAX.millis() - START;
    let events = (0..45).map(|n| event("r", &["u"], JOIN, 0, last - n));
    send(&stack, &events.collect::<Vec<_>>()).await;
    assert_eq!(listed(&stack).await.len(), 45);
    let shown = stdout(&stack, &["list"]).await;
    assert!(shown.contains("45 letters: 45 × time … is implausible at …"), "{shown}");
}

#[tokio::test]
async fn a_letter_is_shown_and_its_content_given_byte_for_byte() {
    let stack = quarantined().await;
    let letters = listed(&stack).await;
    let [unknown] = &ids(&letters, "type 7")[..] else { panic!("{letters:?}") };
    let shown = stdout(&stack, &["show", unknown]).await;
    for told in [unknown, APP_KEY, "type 7 is unknown", "\n    \"chatRoomId\": \"r\","] {
        assert!(shown.contains(told), "{told} is not in\n{shown}");
    }
    let raw = stdout(&stack, &["show", unknown, "--raw"]).await;
    assert_eq!(raw, format!("[{}]", event("r", &["u"], 7, 0, 0)));

    let [body] = &ids(&letters, "JSON")[..] else { panic!("{letters:?}") };
    assert_eq!(stdout(&stack, &["show", body, "--raw"]).await, "hello \u{1b}[2J");
    let shown = stdout(&stack, &["show", body]).await;
    assert!(shown.contains(r"hello \u{1b}[2J"), "a terminal obeys no letter: {shown}");
    let shown = stdout(&stack, &["show", body, "--json"]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["text"], "hello \u{1b}[2J");
    assert!(failure(&stack, &["show", "nothing"]).await.contains("no letter nothing"));
}

#[tokio::test]
async fn the_parts_of_one_body_are_one_letter() {
    let stack = deployment().await;
    let body = in_parts(&stack).await;
    let letters = listed(&stack).await;
    assert_eq!((letters.len(), dead_letters(&stack).len()), (1, 3));
    assert_eq!(letters[0]["parts"], json!({"there": 3, "of": 3}));
    assert!(stdout(&stack, &["list"]).await.contains("body, 3 of 3 parts, complete"));
    let last = letters[0]["messageIds"][2].as_str().unwrap();
    let raw = run(&stack, &["show", last, "--raw"]).await;
    assert!(raw.status.success() && raw.stdout == body, "any part's id names it");
    let told = failure(&stack, &["redrive", last, "--yes"]).await;
    assert!(told.contains("no JSON array or object"), "{told}");
    assert_eq!(dead_letters(&stack).len(), 3);
}

#[tokio::test]
async fn a_part_that_is_missing_is_told() {
    let stack = deployment().await;
    let part = json!({"appKey": APP_KEY, "bodyBase64": "W10=", "part": 1, "parts": 2});
    put(&stack, part).await;
    assert!(stdout(&stack, &["list"]).await.contains("1 of 2 parts, incomplete"));
    let id = listed(&stack).await[0]["id"].as_str().unwrap().to_owned();
    let told = failure(&stack, &["show", &id, "--raw"]).await;
    assert!(told.contains("1 of its 2 parts are missing"), "{told}");
}

#[tokio::test]
async fn what_is_redriven_is_applied_or_comes_back_and_the_rest_stays() {
    let stack = quarantined().await;
    let old = listed(&stack).await;
    let told = stdout(&stack, &["redrive", "--all", "--yes"]).await;
    assert!(told.contains("2 letters sent"), "{told}");
    assert!(told.contains("those still not understood come back"), "{told}");
    let stays = format!("{} stays: the body is no JSON", ids(&old, "JSON")[0]);
    assert!(told.contains(&stays), "{told}");
    assert_eq!((dead_letters(&stack).len(), stack.sqs.bodies(DEFERRED).len()), (1, 2));
    assert_eq!(visible(&stack).await, 1);

    stack.drain().await.unwrap();
    assert_eq!(row(&rows(&stack.table).await, "r", Some("late"))["membership"], "joined");
    let new = listed(&stack).await;
    assert_eq!((new.len(), stack.sqs.bodies(DEFERRED).len()), (2, 0));
    assert_ne!(ids(&new, "type 7"), ids(&old, "type 7"), "as a new letter");
}

#[tokio::test]
async fn a_body_that_is_understood_by_now_is_redriven_as_events_however_large_it_is() {
    let stack = deployment().await;
    let joins = (0..4000).map(|n| event("r", &["u"], JOIN, 0, n));
    let body = serde_json::to_vec(&joins.collect::<Vec<_>>()).unwrap();
    assert!(body.len() > 256 * 1024);
    let (first, second) = body.split_at(body.len() / 2);
    for (part, bytes) in [(2, second), (1, first)] {
        let letter = json!({
            "appKey": APP_KEY, "reason": "too many of its events cannot be understood",
            "bodyBase64": BASE64_STANDARD.encode(bytes), "part": part, "parts": 2,
        });
        put(&stack, letter).await;
    }
    put(&stack, failed_too_often()).await;
    let id = &ids(&listed(&stack).await, "too many")[0];
    let told = stdout(&stack, &["redrive", id, "--yes"]).await;
    assert!(told.contains("1 letter sent"), "{told}");
    let sent = stack.sqs.bodies(DEFERRED).len();
    assert_eq!((sent, dead_letters(&stack).len()), (2, 1), "the other was not named");
    stack.drain().await.unwrap();
    let rows = rows(&stack.table).await;
    let joined = row(&rows, "r", Some("u"))["joinedAt"].clone();
    assert_eq!(joined, at(3999).to_string(), "its last event too");
}

#[tokio::test]
async fn nothing_vanishes_while_the_deferred_queue_is_out_of_reach() {
    let stack = quarantined().await;
    let before = dead_letters(&stack);
    let arguments = ["redrive", "--all", "--yes", "--to", "http://127.0.0.1:9/0/deferred"];
    let told = failure(&stack, &arguments).await;
    assert!(told.contains("0 letters sent") && told.contains("2 letters not redriven"), "{told}");
    assert_eq!(dead_letters(&stack), before);
    assert_eq!(visible(&stack).await, 3);
}

#[tokio::test]
async fn a_redrive_is_confirmed_and_meant() {
    let stack = quarantined().await;
    let before = dead_letters(&stack);
    let queue = stack.sqs.url_of(DEAD_LETTERS);
    for (arguments, reason) in [
        (&["redrive", "--all"][..], "say --yes"),
        (&["redrive", "--yes"][..], "--all"),
        (&["redrive", "--all", "x", "--yes"][..], "cannot be used with"),
        (&["redrive", "nothing", "--yes"][..], "no letter nothing"),
        (&["redrive", "--all", "--yes", "--to", &queue][..], "dead-letter queue itself"),
    ] {
        let told = failure(&stack, arguments).await;
        assert!(told.contains(reason), "{arguments:?}: {told}");
    }
    assert_eq!(dead_letters(&stack), before);
    assert_eq!(visible(&stack).await, 3);
    assert!(stack.sqs.bodies(DEFERRED).is_empty());
}
