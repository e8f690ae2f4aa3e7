//! The real binaries in front of a local deployment, their events and their answers.

use std::time::SystemTime;

use chatroom_status_sync::{
    domain::time::Timestamp,
    local::{
        Stack,
        api_gateway::event_of,
        im_server::{APP_KEY, APP_SECRET, SignedCallback, WireEvent},
        sqs::{DEAD_LETTERS, DEFERRED},
    },
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{runtime_api::Function, signed};

pub const CALLBACK: &str = env!("CARGO_BIN_EXE_callback");
pub const WORKER: &str = env!("CARGO_BIN_EXE_worker");

/// A function in front of a deployment; `more` variables replace those of the deployment.
async fn start(binary: &str, stack: &Stack, more: &[(&str, &str)]) -> Function {
    let [deferred, dead_letters] = [DEFERRED, DEAD_LETTERS].map(|queue| stack.sqs.url_of(queue));
    let mut variables = vec![
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL_DYNAMODB", stack.dynamodb.url()),
        ("AWS_ENDPOINT_URL_SQS", stack.sqs.url()),
        ("TABLE_NAME", stack.table.name()),
        ("DEFERRED_QUEUE_URL", &deferred),
        ("DEAD_LETTER_QUEUE_URL", &dead_letters),
    ];
    variables.extend(more);
    Function::start(binary, &variables).await
}

/// The function `callback`. Sweeps are not delayed.
pub async fn in_front_of(stack: &Stack, more: &[(&str, &str)]) -> Function {
    let secrets = json!({ APP_KEY: APP_SECRET }).to_string();
    let mut variables = vec![("APP_SECRETS", &*secrets), ("SWEEP_DELAY_SECONDS", "0")];
    variables.extend(more);
    start(CALLBACK, stack, &variables).await
}

/// The function `worker`.
pub async fn worker(stack: &Stack, more: &[(&str, &str)]) -> Function {
    start(WORKER, stack, more).await
}

pub fn join(user: &str) -> SignedCallback {
    signed(&[super::join("r", user)])
}

/// A callback as API Gateway hands it on.
pub fn gateway(callback: &SignedCallback) -> Value {
    event_of(callback, "request-1", Timestamp::from(SystemTime::now()))
}

/// Hands events to a function as API Gateway would, and gives the JSON body of its answer.
pub async fn answer_to(function: &mut Function, events: &[WireEvent]) -> Value {
    let response = function.invoke(gateway(&signed(events)).to_string()).await;
    answer(&response.unwrap())
}

/// The JSON body of a response.
pub fn answer(response: &Value) -> Value {
    serde_json::from_str(response["body"].as_str().unwrap()).unwrap()
}

/// A server that takes connections and never says anything.
pub async fn silence() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    url
}
