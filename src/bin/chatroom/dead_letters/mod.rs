//! `chatroom dead-letters`: what waits for a person, for that person.
//!
//! * [`letter`]: what one message says.
//! * [`entry`]: what the messages say together, where one content came in parts.
//! * [`indent`]: JSON for people.
//! * [`resend`]: what the worker can be sent of it.
//! * [`queue`]: looking into a queue that cannot be looked into.
//! * [`list`], [`show`], [`redrive`]: the commands.

mod entry;
mod indent;
mod letter;
mod list;
mod queue;
mod redrive;
mod resend;
mod show;

use clap::{Args, Subcommand};

use crate::{
    Result,
    access::{config, is_local},
};
use queue::DeadLetterQueue;

/// What looking does to a queue, for every command's help.
const LOOKING: &str = "SQS knows no looking: every message is received once and given back, after \
    ten minutes at the latest. Until then nobody else can receive it, and the count of its receives \
    rises. A dead-letter queue moves nothing on by that count, so it is harmless.";

#[derive(Args)]
#[command(after_help = LOOKING)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the letters: when each came in, for which app, and why it is here
    List(list::Options),
    /// Show everything about one letter
    Show(show::Options),
    /// Send letters to the deferred queue, where the worker tries them again
    ///
    /// A letter is deleted here only once the deferred queue has confirmed it. Bodies are sent if
    /// they are JSON by now; what the worker could not read stays. What it reads and still does not
    /// understand comes back as a new letter.
    Redrive(redrive::Options),
}

#[derive(Args)]
struct Access {
    /// The dead-letter queue
    #[arg(long, env = "DEAD_LETTER_QUEUE_URL")]
    queue_url: String,
    /// An SQS endpoint; without it, a queue on this machine is found by its URL, and any other in
    /// AWS
    #[arg(long, env = "AWS_ENDPOINT_URL_SQS")]
    endpoint_url: Option<String>,
}

impl Options {
    pub async fn run(self) -> Result {
        match self.command {
            Command::List(options) => options.run().await,
            Command::Show(options) => options.run().await,
            Command::Redrive(options) => options.run().await,
        }
    }
}

impl Access {
    async fn queue(&self) -> Result<DeadLetterQueue> {
        let client = self.client_for(&self.queue_url).await?;
        Ok(DeadLetterQueue::new(client, &self.queue_url))
    }

    /// A client for the place where a queue is.
    async fn client_for(&self, queue_url: &str) -> Result<aws_sdk_sqs::Client> {
        let endpoint = self.endpoint_url.as_deref();
        let endpoint = endpoint.or_else(|| is_local(queue_url).then(|| origin(queue_url)));
        Ok(aws_sdk_sqs::Client::new(&config(endpoint).await?))
    }
}

/// A URL without its path.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    let path = url.get(host..).and_then(|rest| rest.find('/'));
    path.and_then(|path| url.get(..host + path)).unwrap_or(url)
}
