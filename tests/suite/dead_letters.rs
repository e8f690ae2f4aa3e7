//! `chatroom dead-letters`, as those use it who look after a deployment.

use std::process::{Output, Stdio};

use base64::{Engine, prelude::BASE64_STANDARD};
use chatroom_status_sync::{
    domain::time::Timestamp,
    local::{
        Stack,
        im_server::{APP_KEY, SignedCallback},
        sqs::{DEAD_LETTERS, DEFERRED, SWEEPS},
    },
};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{
    EventBuilder, START, chatroom, dead_letters, deferred_messages, deployment, deployment_with,
    destroy, join, member_row, post, post_bytes, read_dead_letters, room_row, rows, send, sqs,
    time,
};

/// Runs `chatroom dead-letters` for the queues of a deployment, without a terminal.
async fn run(stack: &Stack, arguments: &[&str]) -> Output {
    Command::from(chatroom())
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("DEAD_LETTER_QUEUE_URL", stack.sqs.url_of(DEAD_LETTERS))
        .env("DEFERRED_QUEUE_URL", stack.sqs.url_of(DEFERRED))
        .arg("dead-letters")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

async fn stdout(stack: &Stack, arguments: &[&str]) -> String {
    let output = run(stack, arguments).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that fails, and gives the words of both outputs.
async fn failure(stack: &Stack, arguments: &[&str]) -> String {
    let output = run(stack, arguments).await;
    assert!(!output.status.success());
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

async fn listed(stack: &Stack) -> Vec<Value> {
    serde_json::from_str(&stdout(stack, &["list", "--json"]).await).unwrap()
}

async fn shown(stack: &Stack, id: &str) -> Value {
    serde_json::from_str(&stdout(stack, &["show", id, "--json"]).await).unwrap()
}

/// The ids of the letters with a reason that contains this.
fn ids(letters: &[Value], reason: &str) -> Vec<String> {
    letters
        .iter()
        .filter(|letter| letter["reason"].as_str().unwrap().contains(reason))
        .map(|letter| letter["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Puts a message into the dead-letter queue, as SQS does or a person, and gives its id.
async fn put(stack: &Stack, message: impl ToString) -> String {
    let sent = sqs(stack.sqs.url())
        .send_message()
        .queue_url(stack.sqs.url_of(DEAD_LETTERS))
        .message_body(message.to_string())
        .send()
        .await;
    sent.unwrap().message_id.unwrap()
}

/// Puts a message, and gives its letter as `show --json` tells it.
async fn put_and_shown(stack: &Stack, message: &str) -> Value {
    let id = put(stack, message).await;
    shown(stack, &id).await
}

/// Counts the dead letters that can be received now.
async fn visible(stack: &Stack) -> usize {
    let received = sqs(stack.sqs.url())
        .receive_message()
        .queue_url(stack.sqs.url_of(DEAD_LETTERS))
        .max_number_of_messages(10)
        .visibility_timeout(0)
        .send()
        .await;
    received.unwrap().messages().len()
}

fn failed_too_often() -> Value {
    json!({"appKey": APP_KEY, "events": [join("room", "late")]})
}

/// One event of an unknown type, one body that is no JSON, and one message that failed too often.
async fn quarantined() -> Stack {
    let stack = deployment().await;
    send(&stack, &[join("room", "ann").of_type(7)]).await;
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
    let listing = run(&stack, &["list"]).await;
    let shown = String::from_utf8(listing.stdout).unwrap();
    for told in [APP_KEY, "type 7 is unknown", "failed too often", "1 event", "body"] {
        assert!(shown.contains(told), "{told} is not in\n{shown}");
    }
    assert_eq!(shown.lines().count(), 3, "a letter a line");
    let summary = String::from_utf8(listing.stderr).unwrap();
    assert!(summary.starts_with("3 letters: 1 × failed too often; 1 × "), "{summary}");

    let letters = listed(&stack).await;
    let unknown = letters.iter().find(|letter| letter["reason"] == "type 7 is unknown");
    let unknown = unknown.unwrap();
    assert_eq!([&unknown["appKey"], &unknown["kind"]], [APP_KEY, "events"]);
    assert!(unknown["requestId"].is_string() && unknown["receivedAt"].is_u64());
    assert_eq!((&unknown["events"], &unknown["receives"]), (&json!(1), &json!(2)));
    for stated in ["appKey", "requestId", "receivedAt", "reason"] {
        assert_eq!(unknown[stated], read_dead_letters(&stack)[0][stated], "{stated}");
    }

    assert_eq!(dead_letters(&stack), before);
    assert_eq!(visible(&stack).await, 3, "whoever looks next sees them at once");
}

#[tokio::test]
async fn an_empty_queue_has_no_letters() {
    let stack = deployment().await;
    let listing = run(&stack, &["list"]).await;
    assert!(listing.status.success() && listing.stdout.is_empty());
    assert_eq!(String::from_utf8(listing.stderr).unwrap(), "0 letters\n");
    assert!(listed(&stack).await.is_empty());
}

#[tokio::test]
async fn a_long_queue_is_listed_whole_and_each_letter_once() {
    let stack = deployment().await;
    let last = Timestamp::MAX.millis() - START;
    let events = (0..45).map(|n| join("room", "ann").at(last - n));
    send(&stack, &events.collect::<Vec<_>>()).await;
    assert_eq!(listed(&stack).await.len(), 45);
    let listing = run(&stack, &["list"]).await;
    let summary = String::from_utf8(listing.stderr).unwrap();
    assert_eq!(summary, "45 letters: 45 × time … is implausible at …\n");
}

#[tokio::test]
async fn a_letter_is_shown_and_its_content_given_byte_for_byte() {
    let stack = quarantined().await;
    let letters = listed(&stack).await;
    let [unknown] = &ids(&letters, "type 7")[..] else { panic!("{letters:?}") };
    let for_people = stdout(&stack, &["show", unknown]).await;
    for told in [unknown, APP_KEY, "type 7 is unknown", "\n    \"chatRoomId\": \"room\","] {
        assert!(for_people.contains(told), "{told} is not in\n{for_people}");
    }
    let raw = stdout(&stack, &["show", unknown, "--raw"]).await;
    assert_eq!(raw, format!("[{}]", join("room", "ann").of_type(7)));

    let [body] = &ids(&letters, "JSON")[..] else { panic!("{letters:?}") };
    assert_eq!(stdout(&stack, &["show", body, "--raw"]).await, "hello \u{1b}[2J");
    let for_people = stdout(&stack, &["show", body]).await;
    assert!(for_people.contains(r"hello \u{1b}[2J"), "a terminal obeys no letter: {for_people}");
    assert_eq!(shown(&stack, body).await["text"], "hello \u{1b}[2J");
    assert!(failure(&stack, &["show", "nothing"]).await.contains("no letter nothing"));
}

#[tokio::test]
async fn what_people_are_shown_keeps_the_order_of_fields_and_every_token() {
    let stack = deployment().await;
    let odd = r#"[ {"time":1.50,"b":{ },"a":"x, [\"y\\","\u0061":[1, 2],"a":7},[ ] ]"#;
    let lines = r#"
[
  {
    "time": 1.50,
    "b": { },
    "a": "x, [\"y\\",
    "\u0061": [1, 2],
    "a": 7
  },
  [ ]
]
"#;
    let sweep = r#"{"chatRoomId":"room","destroyVersion":1}"#;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (message, shown) in [
        (format!(r#"{{"appKey":"a","events":{odd}}}"#), lines),
        (r#"{"appKey":"a","events":[]}"#.to_owned(), "\n[]\n"),
        (
            format!(r#"{{"appKey":"a","sweep":{sweep}}}"#),
            "\n{\n  \"chatRoomId\": \"room\",\n  \"destroyVersion\": 1\n}\n",
        ),
        (json!({"body": "18446744073709551616"}).to_string(), "\n18446744073709551616\n"),
        (json!({"body": "[1"}).to_string(), "\n[1\n"),
        (json!({"body": deep}).to_string(), "]]]]\n]\n"),
    ] {
        let id = put(&stack, &message).await;
        let told = stdout(&stack, &["show", &id]).await;
        assert!(told.ends_with(shown), "{shown}\nis not the end of\n{told}");
    }
}

#[tokio::test]
async fn a_message_is_work_or_a_body_with_its_exact_bytes() {
    let stack = deployment().await;
    for (events, count) in [(r#"[{"type": 7}]"#, 1), ("[1,2,3]", 3), ("{}", 1)] {
        let message = format!(r#"{{"appKey":"a","events":{events}}}"#);
        let letter = put_and_shown(&stack, &message).await;
        assert_eq!([&letter["kind"], &letter["text"]], ["events", events]);
        assert_eq!(letter["events"], count, "{events}");
    }
    for version in [1, 170_000_000_000_030_u64] {
        let sweep = format!(r#"{{"chatRoomId":"room", "destroyVersion":{version}}}"#);
        let message = format!(r#"{{"appKey":"a","sweep":{sweep}}}"#);
        let letter = put_and_shown(&stack, &message).await;
        let told = [&letter["kind"], &letter["chatRoomId"], &letter["text"]];
        assert_eq!(told, ["sweep", "room", &sweep]);
    }
    let letter = put_and_shown(&stack, r#"{"body":"a\n\u0000b"}"#).await;
    assert_eq!([&letter["kind"], &letter["text"]], ["body", "a\n\0b"]);
    let letter = put_and_shown(&stack, r#"{"bodyBase64":"/w==","part":2,"parts":2}"#).await;
    assert_eq!([&letter["kind"], &letter["base64"]], ["body", "/w=="]);
    assert_eq!(letter["staysBecause"], "1 of its 2 parts are missing");
}

#[tokio::test]
async fn what_the_worker_would_not_take_is_unknown_and_says_why() {
    let stack = deployment().await;
    for (message, why) in [
        ("no json", "no deferred message"),
        (r#""hello""#, "no deferred message"),
        (r#"{"appKey":"","events":[]}"#, "the app key is empty"),
        (r#"{"appKey":"a"}"#, "neither events nor a sweep"),
        (r#"{"appKey":"a","events":7}"#, "its events are no JSON array"),
        (
            r#"{"appKey":"a","events":[],"sweep":{"chatRoomId":"r","destroyVersion":1}}"#,
            "neither events nor a sweep, or both",
        ),
        (r#"{"appKey":"a","sweep":{"chatRoomId":"","destroyVersion":0}}"#, "chatRoomId is empty"),
        (r#"{"bodyBase64":"?","part":1,"parts":1}"#, "no deferred message"),
        (r#"{"bodyBase64":"","part":3,"parts":2}"#, "no deferred message"),
    ] {
        let letter = put_and_shown(&stack, message).await;
        assert_eq!([&letter["kind"], &letter["text"]], ["unknown", message]);
        let said = letter["staysBecause"].as_str().unwrap();
        assert!(said.contains(why), "{message}: {said}");
    }
}

#[tokio::test]
async fn parts_are_joined_in_their_order_and_a_repeated_one_counts_once() {
    let stack = deployment().await;
    let part = async |request: &str, part: u32, parts: u32, content: &str| {
        let content = BASE64_STANDARD.encode(content);
        let part =
            json!({"requestId": request, "bodyBase64": content, "part": part, "parts": parts});
        put(&stack, part).await
    };
    let ids = [
        part("first", 2, 2, "b").await,
        part("first", 1, 2, "a").await,
        part("first", 2, 2, "b").await,
    ];
    for id in &ids {
        let letter = shown(&stack, id).await;
        assert_eq!([&letter["id"], &letter["text"]], [&ids[1], "ab"]);
        assert_eq!(letter["parts"], json!({"there": 2, "of": 2}));
        assert_eq!(letter["messageIds"].as_array().unwrap().len(), 3);
    }
    let other = part("other", 1, 1, "c").await;
    assert_eq!(shown(&stack, &other).await["text"], "c");
    let mixed = [part("mixed", 1, 1, "a").await, part("mixed", 1, 1, "b").await];
    let why = "its parts are of several letters that cannot be told apart";
    assert_eq!(shown(&stack, &mixed[0]).await["staysBecause"], why);
    assert!(failure(&stack, &["show", &mixed[1], "--raw"]).await.contains(why));
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
    let before = dead_letters(&stack);
    let old = listed(&stack).await;
    let told = stdout(&stack, &["redrive", "--all", "--yes"]).await;
    assert!(told.contains("2 letters sent"), "{told}");
    assert!(told.contains("those still not understood come back"), "{told}");
    let stays = format!("{} stays: the body is no JSON", ids(&old, "JSON")[0]);
    assert!(told.contains(&stays), "{told}");
    let sent = stack.sqs.bodies(DEFERRED);
    assert_eq!((dead_letters(&stack).len(), sent.len()), (1, 2));
    assert!(sent.iter().all(|message| before.contains(message)), "as they are: {sent:?}");
    assert_eq!(visible(&stack).await, 1);

    stack.drain().await.unwrap();
    assert_eq!(member_row(&rows(&stack.table).await, "room", "late")["membership"], "joined");
    let new = listed(&stack).await;
    assert_eq!((new.len(), deferred_messages(&stack).len()), (2, 0));
    assert_ne!(ids(&new, "type 7"), ids(&old, "type 7"), "as a new letter");
}

#[tokio::test]
async fn a_sweep_is_redriven_to_the_sweep_queue_and_events_to_the_deferred_one() {
    let stack = deployment_with(&[("SWEEP_DELAY_SECONDS", "900")]).await;
    send(&stack, &[join("room", "ann"), destroy("room").at(5)]).await;
    let lost = stack.sqs.bodies(SWEEPS);
    let sweep = put(&stack, &lost[0]).await;
    put(&stack, failed_too_often()).await;
    let shown = stdout(&stack, &["show", &sweep]).await;
    assert!(shown.contains("possible, as 1 message to the sweep queue"), "{shown}");

    let told = failure(&stack, &["redrive", "--all", "--yes"]).await;
    let why =
        format!("letter {sweep} is a sweep, of room \"room\": --sweeps-to or SWEEP_QUEUE_URL");
    assert!(told.contains(&why) && told.contains("Nothing was sent"), "{told}");
    assert_eq!((dead_letters(&stack).len(), deferred_messages(&stack).len()), (2, 0));

    let queue = stack.sqs.url_of(SWEEPS);
    let told = stdout(&stack, &["redrive", "--all", "--yes", "--sweeps-to", &queue]).await;
    for queue in [DEFERRED, SWEEPS] {
        assert!(told.contains(&format!("1 letter sent to {}", stack.sqs.url_of(queue))), "{told}");
    }
    assert_eq!(stack.sqs.bodies(SWEEPS), [&*lost[0], &*lost[0]], "as it is");
    assert_eq!((dead_letters(&stack).len(), deferred_messages(&stack).len()), (0, 1));
    stack.drain().await.unwrap();
    let rows = rows(&stack.table).await;
    assert_eq!(member_row(&rows, "room", "ann")["reason"], "room_destroyed");
    assert!(room_row(&rows, "room").contains_key("expiresAt"));
}

#[tokio::test]
async fn events_are_redriven_without_a_sweep_queue_beside_a_sweep_that_is_not_meant() {
    let stack = deployment().await;
    put(&stack, json!({"appKey": APP_KEY, "sweep": {"chatRoomId": "r", "destroyVersion": 30}}))
        .await;
    let events = put(&stack, failed_too_often()).await;
    let told = stdout(&stack, &["redrive", &events, "--yes"]).await;
    assert!(told.contains("1 letter sent to "), "{told}");
    assert_eq!((dead_letters(&stack).len(), deferred_messages(&stack).len()), (1, 1));
}

#[tokio::test]
async fn a_body_is_redriven_if_it_is_json_by_now_and_of_an_app() {
    let stack = deployment().await;
    put(&stack, json!({"appKey": "a", "body": " {\"type\": 1}"})).await;
    for (letter, why) in [
        (json!({"appKey": "a", "body": "hello"}), "the body is no JSON"),
        (json!({"appKey": "a", "body": "[{}"}), "the body is no JSON array or object: EOF"),
        (json!({"body": "[]"}), "the app key is empty"),
    ] {
        let id = put(&stack, letter).await;
        let told = failure(&stack, &["redrive", &id, "--yes"]).await;
        assert!(told.contains(&format!("{id} stays: {why}")), "{told}");
    }
    let told = stdout(&stack, &["redrive", "--all", "--yes"]).await;
    assert!(told.contains("1 letter sent"), "{told}");
    assert_eq!(stack.sqs.bodies(DEFERRED), [r#"{"appKey":"a","events":[{"type": 1}]}"#]);
    assert_eq!(dead_letters(&stack).len(), 3);
}

#[tokio::test]
async fn a_body_that_is_understood_by_now_is_redriven_as_events_however_large_it_is() {
    let stack = deployment().await;
    let joins = (0..4000).map(|n| join("room", "ann").at(n));
    let body = serde_json::to_vec(&joins.collect::<Vec<_>>()).unwrap();
    assert!(body.len() > 256 * 1024);
    let (first, second) = body.split_at(body.len() / 2);
    for (part, bytes) in [(2, second), (1, first), (2, second)] {
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
    let sent = deferred_messages(&stack).len();
    assert_eq!((sent, dead_letters(&stack).len()), (2, 1), "the other was not named");
    stack.drain().await.unwrap();
    let rows = rows(&stack.table).await;
    let joined = &member_row(&rows, "room", "ann")["joinedAt"];
    assert_eq!(*joined, time(3999), "its last event too");
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
        (
            &["redrive", "--all", "--yes", "--to", &queue][..],
            "--to is the dead-letter queue itself",
        ),
        (
            &["redrive", "--all", "--yes", "--sweeps-to", &queue][..],
            "--sweeps-to is the dead-letter queue itself",
        ),
    ] {
        let told = failure(&stack, arguments).await;
        assert!(told.contains(reason), "{arguments:?}: {told}");
    }
    assert_eq!(dead_letters(&stack), before);
    assert_eq!(visible(&stack).await, 3);
    assert!(deferred_messages(&stack).is_empty());
}
