//! `chatroom sweep`, for rooms whose end did not reach their members.

use std::process::Output;

use chatroom_status_sync::local::{Stack, im_server::APP_KEY, sqs::SWEEPS};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{
    EventBuilder, chatroom, deployment, deployment_with, destroy, expiry, join, member_row,
    queued_sweeps, room_row, rows, send, version,
};

/// Runs `chatroom sweep`. `delay` is that of the deployment's own sweeps.
async fn run(stack: &Stack, room: &str, delay: &str, more: &[&str]) -> Output {
    Command::from(chatroom())
        .env("SWEEP_DELAY_SECONDS", delay)
        .args(["sweep", room, "--queue", &stack.sqs.url_of(SWEEPS)])
        .args(["--endpoint-url", stack.dynamodb.url(), "--table", stack.table.name()])
        .args(more)
        .output()
        .await
        .unwrap()
}

async fn stdout(stack: &Stack, room: &str, delay: &str) -> String {
    let output = run(stack, room, delay, &[]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A room that was destroyed with Ann in it, and whose sweep does not come.
async fn unswept() -> Stack {
    let stack = deployment_with(&[("SWEEP_DELAY_SECONDS", "900")]).await;
    send(&stack, &[join("room", "ann"), destroy("room").at(5)]).await;
    stack
}

#[tokio::test]
async fn a_lost_sweep_is_asked_for_again_and_done() {
    let stack = unswept().await;
    let told = stdout(&stack, "room", "0").await;
    assert!(told.contains("room room: it was destroyed at 2023-11-14 22:13:20.005. In 0 seconds"));
    assert!(told.contains("marks as left whoever joined before that"), "{told}");
    let end: u64 = version(&destroy("room").at(5)).parse().unwrap();
    let sweep = json!({"chatRoomId": "room", "destroyVersion": end});
    assert_eq!(queued_sweeps(&stack)[1], json!({"appKey": APP_KEY, "sweep": sweep}));

    stack.drain().await.unwrap();
    let rows = rows(&stack.table).await;
    assert_eq!(member_row(&rows, "room", "ann")["reason"], "room_destroyed");
    assert_eq!(room_row(&rows, "room")["expiresAt"], expiry(0));
    let told = stdout(&stack, "room", "0").await;
    assert!(told.contains("and is swept already. In 0 seconds the worker"), "{told}");
    assert_eq!(queued_sweeps(&stack).len(), 2, "to sweep it once more is harmless");
}

#[tokio::test]
async fn a_sweep_waits_for_a_minute_unless_the_deployment_says_otherwise() {
    let stack = unswept().await;
    let output = run(&stack, "room", "", &["--json"]).await;
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["queued"], &told["delaySeconds"]), (&json!(true), &json!(60)));
    assert_eq!(told["room"]["lifecycle"], "destroyed");
    stack.drain().await.unwrap();
    assert_eq!(queued_sweeps(&stack).len(), 2, "it is delayed");
}

#[tokio::test]
async fn the_old_members_of_a_room_that_is_active_again_can_be_swept() {
    let stack = unswept().await;
    send(&stack, &[join("room", "ben").at(9)]).await;
    let told = stdout(&stack, "room", "0").await;
    assert!(told.contains("it is active again. In 0 seconds"), "{told}");
    stack.drain().await.unwrap();
    let rows = rows(&stack.table).await;
    assert_eq!(member_row(&rows, "room", "ann")["reason"], "room_destroyed");
    assert_eq!(member_row(&rows, "room", "ben")["membership"], "joined");
    assert_eq!(room_row(&rows, "room")["lifecycle"], "active");
}

#[tokio::test]
async fn nothing_is_swept_in_a_room_that_never_ended_or_that_nobody_heard_of() {
    let stack = deployment().await;
    send(&stack, &[join("room", "ann")]).await;
    let told = stdout(&stack, "room", "0").await;
    assert!(told.contains("it was never destroyed: nothing to sweep"), "{told}");
    let output = run(&stack, "nowhere", "0", &[]).await;
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("nothing is known of room nowhere"), "{said}");
    assert!(queued_sweeps(&stack).is_empty());
}

#[tokio::test]
async fn a_sweep_that_cannot_be_queued_is_an_error() {
    let stack = unswept().await;
    let output = run(&stack, "room", "soon", &[]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("SWEEP_DELAY_SECONDS holds"), "{said}");
    let nowhere = ["--sqs-endpoint-url", "http://127.0.0.1:9"];
    let output = run(&stack, "room", "0", &nowhere).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("error: queue http://"), "{said}");
    assert_eq!(queued_sweeps(&stack).len(), 1);
}
