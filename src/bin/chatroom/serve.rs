//! `chatroom serve`: callback endpoint, table and queues on this machine, kept running.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use chatroom_status_sync::{
    domain::{
        event::Kind,
        ids::{AppKey, RoomId},
        time::Timestamp,
    },
    env::Environment,
    functions::log::LogLine,
    local::{
        ListenAddresses, Stack, TABLE,
        dynamodb::Data,
        im_server::{APP_KEY, SignedCallback, WireEvent, body_of},
        sqs::{DEAD_LETTERS, DEFERRED, SWEEPS},
    },
    table::key::Key,
};
use clap::Args;

use crate::{print, result::Result};

/// The time from a room's end to its sweep: shorter than in Lambda, for somebody who watches. No
/// request takes longer than 4.5 s here, and no cached room is older than 5 s.
const SWEEP_DELAY_SECONDS: &str = "10";
/// The time between two looks at the worker's queues.
const PAUSE: Duration = Duration::from_millis(200);

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

impl Options {
    pub async fn run(self) -> Result {
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let addresses = ListenAddresses {
            callback: at(self.port),
            dynamodb: at(self.dynamodb_port),
            sqs: at(self.sqs_port),
        };
        let data = if self.memory { Data::Memory } else { Data::File(self.data) };
        let environment = Environment::of_process();
        let settings = Environment::new(|name| match name {
            // The callback that is printed is signed for the sample app.
            "APP_SECRETS" => None,
            _ => environment.get(name).or_else(|| setting(name)),
        });
        let stack = Stack::start(data, addresses, &settings, None, LogLine::print).await?;
        explain(&stack)?;
        tokio::select! {
            done = tokio::signal::ctrl_c() => Ok(done?),
            stopped = work(&stack) => stopped,
        }
    }
}

/// Prints how to use what runs.
fn explain(stack: &Stack) -> Result {
    let (app, room) = (AppKey::new(APP_KEY)?, RoomId::new("lobby")?);
    let partition = Key::room(&app, &room).partition();
    let now = Timestamp::from(SystemTime::now());
    let join = WireEvent::new(room.as_str(), &["anna", "ben"], Kind::Join.number(), 0, now);
    let callbacks = stack.api_gateway.url();
    let curl = SignedCallback::now(body_of(&[join])).curl(callbacks);
    let dynamodb = stack.dynamodb.url();
    let [deferred, sweeps, dead_letters] =
        [DEFERRED, SWEEPS, DEAD_LETTERS].map(|queue| stack.sqs.url_of(queue));
    print::line(format_args!(
        "callbacks    {callbacks}\n\
         dynamodb     {dynamodb}   (table {TABLE})\n\
         deferred     {deferred}\n\
         sweeps       {sweeps}\n\
         dead letters {dead_letters}\n\
         \n\
         Send a callback (signed now, good for 15 minutes):\n  \
           {curl}\n\
         Read the room:\n  \
           AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws dynamodb query --region us-east-1 \
           --endpoint-url {dynamodb} --table-name {TABLE} --key-condition-expression 'pk = :room' \
           --expression-attribute-values '{{\":room\":{{\"S\":\"{partition}\"}}}}'\n  \
           chatroom members {room} --endpoint-url {dynamodb}\n\
         \n\
         Each callback's log line follows. Ctrl-C ends."
    ))
}

/// Gives the value that a variable has here, unless somebody sets it.
pub fn setting(name: &str) -> Option<String> {
    (name == "SWEEP_DELAY_SECONDS").then(|| SWEEP_DELAY_SECONDS.to_owned())
}

/// Brings the messages of both queues to the worker as they become due. It ends only if that fails.
pub async fn work(stack: &Stack) -> Result {
    loop {
        stack.drain().await?;
        tokio::time::sleep(PAUSE).await;
    }
}
