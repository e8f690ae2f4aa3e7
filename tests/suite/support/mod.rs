//! What the tests share: a local deployment, the rows of its table, and the oracle to compare with.

pub mod functions;
pub mod history;
pub mod meter;
pub mod oracle;
pub mod runtime_api;

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use chatroom_status_sync::{
    aws::Aws,
    domain::{
        event::{Event, Kind, Version},
        ids::{AppKey, RoomId, UserId},
        time::Timestamp,
    },
    env::Environment,
    functions::{http::GatewayEvent, receiver::Receiver, settings::Settings},
    local::{
        ListenAddresses, Stack,
        dynamodb::Data,
        im_server::{APP_KEY, APP_SECRET, SignedCallback, WireEvent, body_of},
        sqs::{DEAD_LETTERS, DEFERRED},
    },
    table::Table,
};
use serde_json::{Value, json};
use ureq::Agent;

/// An item, with its values as text.
pub type Row = BTreeMap<String, String>;
/// A table by `pk` and `sk`.
pub type Rows = BTreeMap<(String, String), Row>;

/// Longer than any machine takes: no test depends on how fast it is.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// A fixed moment that all tests count from.
pub const START: u64 = 1_700_000_000_000;

pub const CREATE: u64 = 0;
pub const JOIN: u64 = 1;
pub const LEAVE: u64 = 2;
pub const DESTROY: u64 = 3;

/// This machine's clock.
pub fn now() -> Timestamp {
    SystemTime::now().into()
}

/// Milliseconds after [`START`].
pub fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(START + millis).unwrap()
}

pub fn event(room: &str, users: &[&str], kind: u64, status: u64, millis: u64) -> WireEvent {
    WireEvent::new(room, users, kind, status, at(millis))
}

/// An event as the parser understands it.
pub fn read(event: &WireEvent) -> Event {
    Event {
        room: RoomId::new(&event.chat_room_id).unwrap(),
        users: event.user_ids.iter().map(|user| UserId::new(user).unwrap()).collect(),
        version: Version::new(event.time, Kind::from_type(event.r#type).unwrap(), event.status),
    }
}

/// The command line, without anything that the environment would tell it.
pub fn chatroom() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatroom"));
    for variable in ["APP_KEY", "APP_SECRET", "TABLE_NAME", "AWS_ENDPOINT_URL_DYNAMODB"] {
        command.env_remove(variable);
    }
    command
}

pub fn app() -> AppKey {
    AppKey::new(APP_KEY).unwrap()
}

pub async fn deployment() -> Stack {
    deployment_with(&[]).await
}

/// The endpoint of another DynamoDB engine than the embedded one, if the tests are to run against
/// one.
pub fn second_engine() -> Option<String> {
    std::env::var("SECOND_ENGINE").ok()
}

/// Sweeps are not delayed, because tests let all traffic stop before they drain the queue.
pub async fn deployment_with(settings: &[(&str, &str)]) -> Stack {
    static TABLES: AtomicU32 = AtomicU32::new(0);
    let number = TABLES.fetch_add(1, Ordering::Relaxed);
    let name = format!("chatrooms-{}-{number}", std::process::id());
    let mut variables = BTreeMap::from([("SWEEP_DELAY_SECONDS", "0"), ("TABLE_NAME", &name)]);
    variables.extend(settings.iter().copied());
    let settings = Environment::new(|name| variables.get(name).map(|&value| value.to_owned()));
    Stack::start(
        second_engine().map_or(Data::Memory, Data::Elsewhere),
        ListenAddresses::free(),
        &settings,
        Some(PATIENCE),
        |_| {},
    )
    .await
    .unwrap()
}

/// Receives up to ten deferred messages as Lambda's event source does.
pub async fn receive_deferred(stack: &Stack) -> Value {
    let receive = sqs(stack.sqs.url()).receive_message();
    let receive = receive.queue_url(stack.sqs.url_of(DEFERRED));
    let received = receive.max_number_of_messages(10).send().await.unwrap();
    let record = |message: &aws_sdk_sqs::types::Message| {
        let count = MessageSystemAttributeName::ApproximateReceiveCount;
        json!({
            "messageId": message.message_id(),
            "receiptHandle": message.receipt_handle(),
            "body": message.body(),
            "attributes": {"ApproximateReceiveCount": message.attributes().unwrap()[&count]},
        })
    };
    json!({"Records": received.messages().iter().map(record).collect::<Vec<_>>()})
}

/// What is in the dead-letter queue.
pub fn dead_letters(stack: &Stack) -> Vec<String> {
    stack.sqs.bodies(DEAD_LETTERS)
}

/// Another function in front of the same table and queues, with a memory of its own.
pub async fn another_function(stack: &Stack) -> Receiver {
    let env = Environment::new(|name| match name {
        "APP_SECRETS" => Some(format!(r#"{{"{APP_KEY}":"{APP_SECRET}"}}"#)),
        "SWEEP_DELAY_SECONDS" => Some("0".to_owned()),
        _ => stack.variable(name),
    });
    let (mut settings, aws) = (Settings::read(&env).unwrap(), Aws::from_env(&env).unwrap());
    settings.budget = PATIENCE;
    Receiver::start(settings, &aws.with_attempt(PATIENCE)).await.unwrap()
}

/// Hands events to a function as API Gateway would.
pub async fn hand(function: &Receiver, events: &[WireEvent]) -> (u16, Value) {
    let now = now();
    let event = SignedCallback::now(body_of(events)).gateway_event("test", now);
    let event: GatewayEvent = serde_json::from_value(event).unwrap();
    let (answer, _) = function.receive(event.into_request(now), None).await;
    (answer.status(), serde_json::from_str(&answer.body()).unwrap())
}

static AGENT: LazyLock<Agent> =
    LazyLock::new(|| Agent::config_builder().http_status_as_error(false).build().into());

/// Sends events, signed now, and gives status and body of the answer.
pub async fn send(stack: &Stack, events: &[WireEvent]) -> (u16, Value) {
    post(stack, SignedCallback::now(body_of(events))).await
}

pub async fn post(stack: &Stack, callback: SignedCallback) -> (u16, Value) {
    post_bytes(&callback.url(stack.api_gateway.url()), callback.body.into_bytes()).await
}

pub async fn post_bytes(url: &str, body: Vec<u8>) -> (u16, Value) {
    let url = url.to_owned();
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = AGENT.post(&url).send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    });
    let (status, body) = answer.await.unwrap();
    (status, serde_json::from_str(&body).unwrap())
}

/// All items of a table.
pub async fn rows(table: &Table) -> Rows {
    let scan = table.client().scan().table_name(table.name()).consistent_read(true);
    let mut items = scan.into_paginator().items().send();
    let mut rows = Rows::new();
    while let Some(item) = items.next().await {
        let row: Row = item.unwrap().into_iter().map(|(name, value)| (name, text(value))).collect();
        rows.insert((row["pk"].clone(), row["sk"].clone()), row);
    }
    rows
}

fn text(value: AttributeValue) -> String {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text,
        other => panic!("no attribute of the table is a {other:?}"),
    }
}

/// The row of a member of the sample app, or of a room itself.
pub fn row<'a>(rows: &'a Rows, room: &str, user: Option<&str>) -> &'a Row {
    let sort = user.map_or("ROOM".to_owned(), |user| format!("USER#{user}"));
    &rows[&(format!("ROOM#{APP_KEY}#{room}"), sort)]
}

/// What an answer counts, in the order applied, stale, deferred, quarantined.
pub fn counts(answer: &Value) -> [u64; 4] {
    ["applied", "stale", "deferred", "quarantined"].map(|name| answer[name].as_u64().unwrap())
}

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
