//! Local deployments, and functions in front of them.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

use chatroom_status_sync::{
    aws::Aws,
    domain::{ids::AppKey, time::Timestamp},
    env::Environment,
    functions::{receiver::Receiver, settings::Settings},
    local::{
        ListenAddresses, Stack,
        dynamodb::Data,
        im_server::{APP_KEY, APP_SECRET},
    },
};

/// More time than the slowest machine takes, so that no test depends on speed.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// This machine's clock.
pub fn now() -> Timestamp {
    SystemTime::now().into()
}

/// The App Key of the sample app.
pub fn app() -> AppKey {
    AppKey::new(APP_KEY).unwrap()
}

pub async fn deployment() -> Stack {
    deployment_with(&[]).await
}

/// Starts a deployment with these settings. Sweeps are not delayed: tests let all traffic stop
/// before they drain the queue.
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

/// The endpoint of another DynamoDB engine, if the tests are to run against one instead of the
/// embedded one.
pub fn second_engine() -> Option<String> {
    std::env::var("SECOND_ENGINE").ok()
}

/// Starts another function in front of the same table and queues, with a room cache of its own.
pub async fn another_function(stack: &Stack) -> Receiver {
    let env = Environment::new(|name| match name {
        "APP_SECRETS" => Some(format!(r#"{{"{APP_KEY}":"{APP_SECRET}"}}"#)),
        "SWEEP_DELAY_SECONDS" => Some("0".to_owned()),
        _ => stack.variable(name),
    });
    patient_function(&env).await
}

/// Starts a function with these variables whose time never runs out.
pub async fn patient_function(env: &Environment<'_>) -> Receiver {
    let settings = Settings { budget: PATIENCE, ..Settings::read(env).unwrap() };
    let aws = Aws::from_env(env).unwrap().with_attempt(PATIENCE);
    Receiver::start(settings, &aws).await
}

/// The command line, without the settings of the environment, in universal time.
pub fn chatroom() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatroom"));
    for variable in [
        "APP_KEY",
        "APP_SECRET",
        "TABLE_NAME",
        "DEFERRED_QUEUE_URL",
        "SWEEP_QUEUE_URL",
        "DEAD_LETTER_QUEUE_URL",
        "SWEEP_DELAY_SECONDS",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_SQS",
        "AWS_ENDPOINT_URL",
        "AWS_PROFILE",
        "COLUMNS",
    ] {
        command.env_remove(variable);
    }
    command.env("TZ", "UTC");
    command
}
