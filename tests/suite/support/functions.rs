//! The real binaries in front of a local deployment, their events and their answers.

use chatroom_status_sync::local::{
    Stack,
    api_gateway::event_of,
    im_server::{APP_KEY, APP_SECRET, SignedCallback, WireEvent},
    lambda::{CALLBACK_TIME_OUT, Function},
    sqs::{DEAD_LETTERS, DEFERRED, SWEEPS},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{now, signed};

pub const CALLBACK: &str = env!("CARGO_BIN_EXE_callback");
pub const WORKER: &str = env!("CARGO_BIN_EXE_worker");
pub const READER: &str = env!("CARGO_BIN_EXE_reader");

/// Starts a function in front of a deployment; `more` variables replace those of the deployment.
async fn start(binary: &str, stack: &Stack, more: &[(&str, &str)]) -> Function {
    let [deferred, sweeps, dead_letters] =
        [DEFERRED, SWEEPS, DEAD_LETTERS].map(|queue| stack.sqs.url_of(queue));
    let mut variables = vec![
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL_DYNAMODB", stack.dynamodb.url()),
        ("AWS_ENDPOINT_URL_SQS", stack.sqs.url()),
        ("TABLE_NAME", stack.table.name()),
        ("DEFERRED_QUEUE_URL", &deferred),
        ("SWEEP_QUEUE_URL", &sweeps),
        ("DEAD_LETTER_QUEUE_URL", &dead_letters),
    ];
    variables.extend(more);
    // The worker gets no more, so that no test waits for longer.
    Function::start(binary, &variables, CALLBACK_TIME_OUT).await.unwrap()
}

/// Starts the function `callback`. Sweeps are not delayed.
pub async fn in_front_of(stack: &Stack, more: &[(&str, &str)]) -> Function {
    let secrets = json!({ APP_KEY: APP_SECRET }).to_string();
    let mut variables = vec![("APP_SECRETS", &*secrets), ("SWEEP_DELAY_SECONDS", "0")];
    variables.extend(more);
    start(CALLBACK, stack, &variables).await
}

/// Starts the function `worker`.
pub async fn worker(stack: &Stack, more: &[(&str, &str)]) -> Function {
    start(WORKER, stack, more).await
}

/// Starts the function `reader`.
pub async fn reader(stack: &Stack, more: &[(&str, &str)]) -> Function {
    start(READER, stack, more).await
}

/// The Lambda event that API Gateway makes of a callback, request `request-1`.
pub fn gateway_event(callback: &SignedCallback) -> Value {
    event_of(callback, "request-1", now())
}

/// Hands a callback to a function as API Gateway would, and gives the function's response.
pub async fn response_to(function: &mut Function, callback: &SignedCallback) -> Value {
    function.invoke(gateway_event(callback).to_string()).await.unwrap()
}

/// Hands events to a function as API Gateway would, and gives the JSON body of its answer.
pub async fn answer_to(function: &mut Function, events: &[WireEvent]) -> Value {
    answer_in(&response_to(function, &signed(events)).await)
}

/// The JSON body of a response.
pub fn answer_in(response: &Value) -> Value {
    serde_json::from_str(response["body"].as_str().unwrap()).unwrap()
}

/// Starts a server that takes connections and never says anything, and gives its URL.
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
