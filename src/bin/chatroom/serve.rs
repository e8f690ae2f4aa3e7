//! `chatroom serve`: callback endpoint, table and queues on this machine, kept running.

use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use chatroom_status_sync::{
    domain::event::Kind,
    env::Environment,
    functions::log::LogLine,
    local::{
        ListenAddresses, Stack, TABLE,
        data::DataFolder,
        dynamodb::Data,
        im_server::{SignedCallback, WireEvent, body_of},
        server::ListenError,
        sqs::{DEAD_LETTERS, DEFERRED, SWEEPS},
    },
    table::schema,
};
use clap::Args;

use crate::{console::LocalConsole, print, result::Result, stop::StopSignals};

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
    /// The folder that keeps table and queues between runs
    #[arg(long, value_name = "FOLDER", default_value = "chatrooms-data")]
    data: PathBuf,
    /// The port for callbacks; 0 is any free one
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
        let folder = if self.memory { None } else { Some(DataFolder::open(&self.data)?) };
        let mut signals = StopSignals::take()?;
        let stack = self.start(folder.clone().map_or(Data::Memory, Data::Folder)).await?;
        let console = LocalConsole::mount(&stack).await?;
        explain(&stack, folder.as_ref())?;
        tokio::select! {
            () = signals.next() => {}
            () = work(&stack) => {}
            () = console.run(&stack) => {}
        }
        let requests = if stack.end().await {
            "every request was answered"
        } else {
            "requests that took too long were cut off"
        };
        let data = folder.map_or_else(
            || "the data in memory is gone".to_owned(),
            |folder| format!("the data is in {}", folder.path().display()),
        );
        print::line(format_args!("ended: {requests}, {data}"))
    }

    /// Starts everything, with a stream as in the template.
    async fn start(&self, data: Data) -> Result<Stack> {
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let addresses = ListenAddresses {
            callback: at(self.port),
            dynamodb: at(self.dynamodb_port),
            sqs: at(self.sqs_port),
        };
        let environment = Environment::of_process();
        let settings = Environment::new(|name| match name {
            // The callback that is printed is signed for the sample app.
            "APP_SECRETS" => None,
            _ => environment.get(name).or_else(|| setting(name)),
        });
        let stack = Stack::start(data, addresses, &settings, None, LogLine::print)
            .await
            .map_err(|error| self.advise(error))?;
        schema::enable_stream(stack.table.client(), stack.table.name()).await?;
        Ok(stack)
    }

    /// Adds to the error of a taken port what to do about it.
    fn advise(&self, error: Box<dyn Error + Send + Sync>) -> Box<dyn Error + Send + Sync> {
        let Some(port) = error.downcast_ref().and_then(ListenError::taken_port) else {
            return error;
        };
        let option = if port == self.port {
            "--port"
        } else if port == self.dynamodb_port {
            "--dynamodb-port"
        } else {
            "--sqs-port"
        };
        format!("{error}: end it or give another port with {option}").into()
    }
}

/// Prints where everything is, and how to use it.
fn explain(stack: &Stack, folder: Option<&DataFolder>) -> Result {
    let data = folder.map_or_else(
        || "in memory, gone at the end".to_owned(),
        |folder| folder.path().display().to_string(),
    );
    let page = stack.api_gateway.address();
    let (callbacks, dynamodb) = (stack.api_gateway.url(), stack.dynamodb.url());
    let [deferred, sweeps, dead_letters] =
        [DEFERRED, SWEEPS, DEAD_LETTERS].map(|queue| stack.sqs.url_of(queue));
    let name = stack.table.name();
    let table = if name == TABLE { String::new() } else { format!(" --table {name}") };
    let now = SystemTime::now().into();
    let join = WireEvent::new("lobby", &["anna", "ben"], Kind::Join.number(), 0, now);
    let curl = SignedCallback::now(body_of(&[join])).curl(callbacks);
    print::line(format_args!(
        "data         {data}\n\
         page         http://{page}/\n\
         callbacks    {callbacks}\n\
         dynamodb     {dynamodb}  (table {name}, with its stream)\n\
         deferred     {deferred}\n\
         sweeps       {sweeps}\n\
         dead letters {dead_letters}\n\
         \n\
         Let Anna and Ben join the room \"lobby\":\n  \
           chatroom event join --room lobby --user anna --user ben \\\n    \
             --url {callbacks}\n\
         The same as a signed callback, good for 15 minutes:\n  \
           {curl}\n\
         See who is in the room:\n  \
           chatroom members lobby --endpoint-url {dynamodb}{table}\n\
         \n\
         Each callback's log line follows. Ctrl-C ends, without loss."
    ))
}

/// Gives the value that a variable has here, unless somebody sets it.
pub fn setting(name: &str) -> Option<String> {
    (name == "SWEEP_DELAY_SECONDS").then(|| SWEEP_DELAY_SECONDS.to_owned())
}

/// Brings the messages of both queues to the worker as they become due, for as long as it is polled.
/// What fails is told, and tried again: callbacks are answered meanwhile.
pub async fn work(stack: &Stack) {
    loop {
        if let Err(why) = stack.drain().await {
            print::note(format_args!(
                "the worker's queues cannot be reached, and are tried again: {why}"
            ));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
