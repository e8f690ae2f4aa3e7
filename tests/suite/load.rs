//! `chatroom load`, as a team uses it before its deployment goes live.

use std::{
    process::Output,
    sync::{Arc, Mutex},
};

use axum::{Router, http::StatusCode};
use chatroom_status_sync::local::Stack;
use serde_json::Value;
use tokio::{net::TcpListener, process::Command};

use crate::support::{active_rooms, chatroom, deployment};

/// Few callbacks, few rooms and few users.
const SMALL: [&str; 8] = ["--callbacks", "120", "--rooms", "4", "--users", "30", "--seed", "7"];
/// No pause worth mentioning.
const RATE: [&str; 2] = ["--rate", "400"];

/// A receiver that answers everything alike, and keeps what it got.
struct Receiver {
    url: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn answering(status: StatusCode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/callback", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let kept = bodies.clone();
        let app = Router::new().fallback(async move |body: String| {
            kept.lock().unwrap().push(body);
            (status, "thank you")
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, bodies }
    }
}

async fn load(arguments: &[&str]) -> Output {
    let rate = if arguments.contains(&"--rate") { &[][..] } else { &RATE };
    let mut command = Command::from(chatroom());
    let command = command.arg("load").args(SMALL).args(rate).args(arguments);
    command.output().await.unwrap()
}

/// Plays at a URL, and audits a deployment's table at once.
async fn load_at(url: &str, stack: &Stack, more: &[&str]) -> Output {
    let table = ["--endpoint-url", stack.dynamodb.url(), "--table", stack.table.name()];
    let arguments = [&["--url", url, "--settle", "0"], &table[..], more];
    load(&arguments.concat()).await
}

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"))
}

#[tokio::test]
async fn a_run_on_this_machine_finds_every_member_where_the_record_has_them() {
    // Few at once, so that a slow machine answers each of them in time.
    let output = load(&["--json", "--connections", "4"]).await;
    let report = json(&output);
    assert!(output.status.success(), "{report}");
    assert_eq!(report["callbacks"]["sent"], 120);
    assert_eq!(report["callbacks"]["lost"], 0);
    assert!(report["table"]["present"].as_u64().unwrap() > 0, "{report}");
    assert!(report["table"]["absent"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(report["table"]["wrong"], 0);
    assert!(report["changes"]["applied"].as_u64().unwrap() > 0);
    let percentiles = ["p50", "p90", "p99", "p99.9", "max"];
    let latencies = percentiles.map(|name| report["latencyMicros"][name].as_u64().unwrap());
    assert!(latencies[0] > 0 && latencies.is_sorted(), "{latencies:?}");
}

#[tokio::test]
async fn the_wait_for_a_free_connection_counts_as_latency() {
    let (stack, receiver) = (deployment().await, Receiver::answering(StatusCode::OK).await);
    // All are due at once, and only one is under way at a time.
    let arguments = ["--rate", "1000000", "--connections", "1", "--json"];
    let report = json(&load_at(&receiver.url, &stack, &arguments).await);
    let callbacks = &report["callbacks"];
    let [sent, per_second] = ["sent", "perSecond"].map(|name| callbacks[name].as_f64().unwrap());
    let last_sent = sent / per_second;
    let [p50, max] =
        ["p50", "max"].map(|name| report["latencyMicros"][name].as_f64().unwrap() / 1e6);
    assert!(max > 0.9 * last_sent, "the last one waited for all others: {report}");
    assert!(p50 < max, "{report}");
}

#[tokio::test]
async fn a_run_at_a_deployment_destroys_its_rooms_unless_they_are_to_be_kept() {
    let stack = deployment().await;
    let url = stack.api_gateway.url();
    let kept = load_at(url, &stack, &["--json", "--connections", "4", "--keep"]).await;
    let kept = json(&kept);
    assert_eq!(kept["table"]["wrong"], 0, "{kept}");
    let run = kept["run"]["id"].as_str().unwrap();
    let active = active_rooms(&stack.table.reader()).await;
    assert!(!active.is_empty());
    assert!(active.iter().all(|room| room.starts_with(run)));

    let output = load_at(url, &stack, &["--connections", "4"]).await;
    assert!(output.status.success());
    assert_eq!(active_rooms(&stack.table.reader()).await, active);
}

#[tokio::test]
async fn the_same_seed_plays_the_same_traffic() {
    let stack = deployment().await;
    let traffic = async |more: &[&str]| {
        let receiver = Receiver::answering(StatusCode::OK).await;
        let report = json(&load_at(&receiver.url, &stack, more).await);
        let (run, start) = (&report["run"]["id"], &report["run"]["startedAt"]);
        let [run, start] = [run.as_str().unwrap(), &start.to_string()];
        let start: u64 = start.parse().unwrap();
        let mut played = Vec::new();
        for body in receiver.bodies.lock().unwrap().iter() {
            let mut events: Value = serde_json::from_str(&body.replace(run, "run")).unwrap();
            for event in events.as_array_mut().unwrap() {
                event["time"] = (event["time"].as_u64().unwrap() - start).into();
            }
            played.push(events.to_string());
        }
        // They come in over many connections.
        played.sort();
        played
    };
    let [once, again] = [traffic(&["--json"]).await, traffic(&["--json"]).await];
    assert_eq!(once.len(), 120);
    assert_eq!(once, again);
    let kinds = [0, 1, 2, 3].map(|kind| format!("\"type\":{kind}"));
    assert!(kinds.iter().all(|kind| once.iter().any(|body| body.contains(kind))));
    let repeats = once.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(repeats > 0, "the sender repeats itself");
}

#[tokio::test]
async fn a_receiver_that_accepts_everything_and_stores_nothing_is_found_out() {
    let (stack, receiver) = (deployment().await, Receiver::answering(StatusCode::OK).await);
    let output = load_at(&receiver.url, &stack, &[]).await;
    assert!(!output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("120 × 200"), "{printed}");
    assert!(printed.contains(": should be in the room, the table says nothing"));
    assert_eq!(printed.matches("should be").count(), 21, "20 and the sum: {printed}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the table is wrong about "), "{said}");
}

#[tokio::test]
async fn refused_callbacks_are_counted_and_leave_their_members_unknown() {
    let stack = deployment().await;
    let receiver = Receiver::answering(StatusCode::SERVICE_UNAVAILABLE).await;
    let output = load_at(&receiver.url, &stack, &["--json"]).await;
    assert!(!output.status.success());
    let report = json(&output);
    assert_eq!(report["answers"]["503"], 360, "each is tried twice more");
    assert_eq!(report["failure"], r#"503 "thank you""#);
    assert_eq!(report["callbacks"]["lost"], 120);
    assert_eq!(report["table"]["present"], 0);
    assert_eq!(report["table"]["wrong"], 0, "either would be right: {report}");
    assert!(report["table"]["unknown"].as_u64().unwrap() > 0);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("120 of 120 callbacks were never accepted"), "{said}");
}

#[tokio::test]
async fn a_wrong_url_or_table_is_reported_before_anything_is_sent() {
    let (stack, receiver) = (deployment().await, Receiver::answering(StatusCode::OK).await);
    let nowhere = ["--endpoint-url", stack.dynamodb.url(), "--table", "nowhere"];
    for (arguments, reason) in [
        (&nowhere[..], "there is no table nowhere"),
        (&["--url", "ftp://host", "--table", "t", "--app-key", "a"], "no http or https URL"),
        (&["--url", "http://host/path?query", "--table", "t", "--app-key", "a"], "without a query"),
        (&["--url", "http://host/path"], "which table?"),
    ] {
        let url = ["--url", &*receiver.url];
        let url = if arguments.contains(&"--url") { &[] } else { &url[..] };
        let output = load(&[url, arguments].concat()).await;
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(reason), "{arguments:?}: {said}");
    }
    assert!(receiver.bodies.lock().unwrap().is_empty());
}
