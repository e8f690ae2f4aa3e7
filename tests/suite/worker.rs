//! The real `worker` binary: SQS events in, a batch response and rows out.

use std::time::Duration;

use chatroom_status_sync::{
    aws::queue::{Outgoing, Queue},
    local::{im_server::APP_KEY, sqs::DEFERRED},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{
    EventBuilder, PATIENCE, dead_letters, deployment,
    functions::{answer_to, in_front_of, worker},
    join, member_row, receive_deferred, rows, send, sqs,
};

fn sqs_event(bodies: &[Value]) -> String {
    let record = |(index, body): (usize, &Value)| json!({"messageId": format!("m{index}"), "body": body.to_string()});
    json!({"Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>()}).to_string()
}

fn failures(response: &Value) -> Vec<&str> {
    let failures = response["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap()).collect()
}

fn deferred(user: &str) -> Value {
    json!({"appKey": APP_KEY, "events": [join("room", user)]})
}

#[tokio::test]
async fn deferred_events_are_applied_as_if_they_had_come_in_time() {
    let stack = deployment().await;
    let mut worker = worker(&stack, &[]).await;
    let response = worker
        .invoke(sqs_event(&[deferred("ann"), deferred("ann"), deferred("ben")]))
        .await
        .unwrap();
    assert_eq!(response, json!({"batchItemFailures": []}));
    let rows = rows(&stack.table).await;
    for user in ["ann", "ben"] {
        assert_eq!(member_row(&rows, "room", user)["membership"], "joined");
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_reported_and_touches_no_other() {
    let stack = deployment().await;
    let mut worker = worker(&stack, &[]).await;
    let messages = [
        json!("poison"),
        deferred("ann"),
        json!({"appKey": "", "events": []}),
        json!({"appKey": "a", "events": 7}),
    ];
    let response = worker.invoke(sqs_event(&messages)).await.unwrap();
    assert_eq!(failures(&response), ["m0", "m2", "m3"]);
    assert_eq!(member_row(&rows(&stack.table).await, "room", "ann")["membership"], "joined");
}

#[tokio::test]
async fn a_deferred_event_that_cannot_be_understood_goes_on_to_the_dead_letter_queue() {
    let stack = deployment().await;
    let mut worker = worker(&stack, &[]).await;
    let events = [join("room", "ann").of_type(7), join("room", "ann")];
    let message = json!({"appKey": APP_KEY, "events": events});
    let response = worker.invoke(sqs_event(&[message])).await.unwrap();
    assert!(failures(&response).is_empty());
    assert_eq!(dead_letters(&stack).len(), 1);
    assert_eq!(member_row(&rows(&stack.table).await, "room", "ann")["membership"], "joined");
}

#[tokio::test]
async fn a_dead_letter_that_is_sent_again_is_understood_as_a_deferred_message() {
    let stack = deployment().await;
    send(&stack, &[join("room", "ann").of_type(7)]).await;
    let letter = dead_letters(&stack).remove(0).replace("\"type\":7", "\"type\":1");
    let mut worker = worker(&stack, &[]).await;
    worker.invoke(sqs_event(&[serde_json::from_str(&letter).unwrap()])).await.unwrap();
    assert_eq!(member_row(&rows(&stack.table).await, "room", "ann")["membership"], "joined");
}

#[tokio::test]
async fn messages_come_back_while_the_table_is_out_of_reach() {
    let stack = deployment().await;
    stack.table.client().delete_table().table_name(stack.table.name()).send().await.unwrap();
    let mut worker = worker(&stack, &[]).await;
    let response = worker.invoke(sqs_event(&[deferred("ann")])).await.unwrap();
    assert_eq!(failures(&response), ["m0"]);
}

#[tokio::test]
async fn a_message_without_progress_comes_back_after_longer_and_longer_pauses() {
    let stack = deployment().await;
    let no_table = [("TABLE_NAME", "no-such-table")];
    let mut callback = in_front_of(&stack, &no_table).await;
    answer_to(&mut callback, &[join("room", "ann")]).await;
    let mut worker = worker(&stack, &no_table).await;
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let event = receive_deferred(&stack).await;
        let response = worker.invoke(event.to_string()).await.unwrap();
        assert_eq!(failures(&response).len(), 1);
        pauses.push(stack.sqs.make_visible(DEFERRED)[0].as_secs());
    }
    for (pause, longest) in pauses.iter().zip([10, 20, 40, 80, 160, 320, 640, 900, 900]) {
        // SQS counts full seconds, and one may be over by now.
        assert!((longest / 2 - 2..=longest).contains(pause), "{pauses:?}");
    }
}

#[tokio::test]
async fn an_unreadable_message_becomes_a_dead_letter_and_holds_nobody_up() {
    let stack = deployment().await;
    let client = sqs(stack.sqs.url());
    let queue = Queue::new(|| client, stack.sqs.url_of(DEFERRED));
    let message = |body: String| Outgoing { body, delay: Duration::ZERO, group: None };
    let messages = vec![message("poison".to_owned()), message(deferred("ann").to_string())];
    let deadline = Instant::now() + PATIENCE;
    queue.send(messages, deadline).await.unwrap();
    // The message comes back at once each time, so the test need not wait.
    stack.drain().await.unwrap();
    assert!(stack.sqs.bodies(DEFERRED).is_empty());
    assert_eq!(dead_letters(&stack), ["poison"]);
    let rows = rows(&stack.table).await;
    assert_eq!(member_row(&rows, "room", "ann")["membership"], "joined");
}
