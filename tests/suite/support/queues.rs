//! The queues of a deployment, and their messages.

use aws_sdk_sqs::types::Message;
use chatroom_status_sync::{
    aws::Aws,
    env::Environment,
    local::{
        Stack,
        event_source::record,
        sqs::{DEAD_LETTERS, DEFERRED, SWEEPS, arn_of},
    },
};
use serde_json::{Value, json};

use super::PATIENCE;

/// A client for a server of queues.
pub fn sqs(endpoint: &str) -> aws_sdk_sqs::Client {
    let env = Environment::new(|name| match name {
        "AWS_ENDPOINT_URL_SQS" => Some(endpoint.to_owned()),
        "AWS_REGION" => Some("us-east-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
        _ => None,
    });
    let aws = Aws::from_env(&env).unwrap();
    aws.with_attempt(PATIENCE).sqs()
}

/// Receives up to ten deferred messages as Lambda's event source does.
pub async fn receive_deferred(stack: &Stack) -> Value {
    receive(stack, DEFERRED).await
}

/// Receives up to ten messages of a queue as Lambda's event source does.
pub async fn receive(stack: &Stack, queue: &str) -> Value {
    let received = sqs(stack.sqs.url())
        .receive_message()
        .queue_url(stack.sqs.url_of(queue))
        .max_number_of_messages(10)
        .send()
        .await
        .unwrap();
    let record = |message: &Message| record(message, &arn_of(queue));
    json!({"Records": received.messages().iter().map(record).collect::<Vec<_>>()})
}

/// The messages of the dead-letter queue.
pub fn dead_letters(stack: &Stack) -> Vec<String> {
    stack.sqs.bodies(DEAD_LETTERS)
}

/// The messages of the dead-letter queue, as JSON.
pub fn read_dead_letters(stack: &Stack) -> Vec<Value> {
    parsed(dead_letters(stack))
}

/// The messages of the deferred queue, as JSON.
pub fn deferred_messages(stack: &Stack) -> Vec<Value> {
    parsed(stack.sqs.bodies(DEFERRED))
}

/// The messages of the sweep queue, as JSON.
pub fn queued_sweeps(stack: &Stack) -> Vec<Value> {
    parsed(stack.sqs.bodies(SWEEPS))
}

fn parsed(bodies: Vec<String>) -> Vec<Value> {
    bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect()
}
