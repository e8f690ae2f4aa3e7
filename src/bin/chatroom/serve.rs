//! `chatroom serve`: the whole way on this machine, kept running.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use chatroom_status_sync::{
    domain::{
        ids::{AppKey, RoomId},
        time::Timestamp,
    },
    env::Environment,
    functions::log::LogLine,
    local::{ListenAddresses, Stack, TABLE, dynamodb::Data, im_server, sqs::DEAD_LETTERS},
    table::key::Key,
};
use clap::Args;

use crate::Result;

/// Shorter than in Lambda, for somebody who watches: no request takes longer than 4.5 s here, and
/// no memory of a room is older than 5 s.
const SWEEP_DELAY_SECONDS: &str = "10";

#[derive(Args)]
pub struct Options {
    /// Keep the data in memory only
    #[arg(long, conflicts_with = "data")]
    memory: bool,
    /// The file that keeps the data between runs
    #[arg(long, default_value = "chatrooms.db")]
    data: PathBuf,
    /// The port for callbacks
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The port of the DynamoDB endpoint
    #[arg(long, default_value_t = 8000)]
    dynamodb_port: u16,
    /// The port of the SQS endpoint
    #[arg(long, default_value_t = 9324)]
    sqs_port: u16,
}

pub async fn run(options: Options) -> Result {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let addresses = ListenAddresses {
        callback: at(options.port),
        dynamodb: at(options.dynamodb_port),
        sqs: at(options.sqs_port),
    };
    let storage = if options.memory { Data::Memory } else { Data::File(options.data) };
    let environment = Environment::of_process();
    let settings = Environment::new(|name| match environment.get(name) {
        None => setting(name),
        // What is printed below is signed for the sample app.
        _ if name == "APP_SECRETS" => None,
        value => value,
    });
    let stack = Stack::start(storage, addresses, &settings, None, LogLine::print).await?;

    let (app, room) = (AppKey::new(im_server::APP_KEY)?, RoomId::new("lobby")?);
    let join = im_server::WireEvent::new(
        room.as_str(),
        &["anna", "ben"],
        1,
        0,
        Timestamp::from(SystemTime::now()),
    );
    let callback = im_server::SignedCallback::now(im_server::body_of(&[join]));
    let partition = Key::room(&app, &room).partition();
    let dynamodb = stack.dynamodb.url();
    println!("callbacks    {}", stack.api_gateway.url());
    println!("dynamodb     {dynamodb}   (table {TABLE})");
    println!("dead letters {}", stack.sqs.url_of(DEAD_LETTERS));
    println!();
    println!("Send a callback (signed now, good for 15 minutes):");
    println!("  {}", callback.curl(stack.api_gateway.url()));
    println!("Read the room:");
    println!(
        "  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws dynamodb query --region us-east-1 \
         --endpoint-url {dynamodb} --table-name {TABLE} --key-condition-expression 'pk = :room' \
         --expression-attribute-values '{{\":room\":{{\"S\":\"{partition}\"}}}}'"
    );
    println!("  chatroom members {room} --endpoint-url {dynamodb}");
    println!();
    println!("Each callback's log line follows. Ctrl-C ends.");
    tokio::select! {
        done = tokio::signal::ctrl_c() => Ok(done?),
        stopped = work(&stack) => stopped,
    }
}

/// What a variable is here, unless somebody sets it.
pub fn setting(name: &str) -> Option<String> {
    (name == "SWEEP_DELAY_SECONDS").then(|| SWEEP_DELAY_SECONDS.to_owned())
}

/// Brings deferred messages to the worker as they become due.
pub async fn work(stack: &Stack) -> Result {
    loop {
        stack.drain().await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
