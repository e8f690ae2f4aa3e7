//! Looks into a queue. SQS knows no looking: everything is received once, which hides it from
//! others, and then given back.

use std::collections::BTreeMap;

use aws_sdk_sqs::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName},
};
use chatroom_status_sync::{aws::error::in_words, table::read::error::ReadFault};
use clap::Args;
use indicatif::ProgressBar;
use tokio::signal::ctrl_c;

use crate::{
    access::{Account, Place},
    print::{self, counted},
    result::Result,
};

/// The effect of looking on a queue, for the help of every command that has access to one.
pub const LOOKING: &str = "SQS knows no looking: every message is received once and given back, \
    after ten minutes at the latest. Until then nobody else can receive it, and the count of its \
    receives rises. A dead-letter queue moves nothing on by that count, so it is harmless.";

/// The seconds in which nobody else receives what was received here: long enough to go through a
/// large queue once. What cannot be given back comes back after them by itself.
const VISIBILITY: i32 = 600;
/// Messages in one request, the most that SQS takes.
const BATCH: u8 = 10;
/// After this many receives in a row that bring nothing new, everything was seen. One is not
/// enough: a message may be delivered twice.
const QUIET: u32 = 2;

#[derive(Args)]
#[command(after_help = LOOKING)]
pub struct Access {
    /// The dead-letter queue
    #[arg(long, env = "DEAD_LETTER_QUEUE_URL")]
    pub queue_url: String,
    /// An SQS endpoint; without it, a queue on this machine is found by its URL, and any other in
    /// AWS
    #[arg(long, env = "AWS_ENDPOINT_URL_SQS")]
    endpoint_url: Option<String>,
    #[command(flatten)]
    account: Account,
}

impl Access {
    pub async fn queue(&self) -> Result<DeadLetterQueue> {
        let client = self.client_for(&self.queue_url).await?;
        Ok(DeadLetterQueue { client, url: self.queue_url.clone() })
    }

    /// Makes a client for the place where a queue is.
    pub async fn client_for(&self, queue_url: &str) -> Result<Client> {
        self.account.sqs(queue_url, self.endpoint_url.as_deref()).await
    }
}

/// The dead-letter queue.
pub struct DeadLetterQueue {
    client: Client,
    url: String,
}

/// A message that was received.
pub struct Received {
    pub id: String,
    pub body: String,
    /// The time when it was sent, in Unix milliseconds.
    pub sent: Option<u64>,
    /// The number of times that it was received, this one included.
    pub receives: Option<u64>,
    /// The name of this receive, by which SQS knows it.
    pub receipt: String,
}

impl DeadLetterQueue {
    /// Receives all messages and gives them back.
    pub async fn look(&self) -> Result<Vec<Received>> {
        self.lend(async |messages| Ok(messages)).await
    }

    /// Hands all messages to `work`. Nobody else receives them until it is done or interrupted, or
    /// their time is over.
    pub async fn lend<T>(&self, work: impl AsyncFnOnce(Vec<Received>) -> Result<T>) -> Result<T> {
        let mut receipts = Vec::new();
        let lent = async { work(self.receive_all(&mut receipts).await?).await };
        let result = tokio::select! {
            result = lent => result,
            _ = ctrl_c() => Err("interrupted; nothing is lost".into()),
        };
        self.give_back(&receipts).await;
        result
    }

    async fn receive_all(&self, receipts: &mut Vec<String>) -> Result<Vec<Received>> {
        let progress = ProgressBar::new_spinner();
        let mut messages = BTreeMap::new();
        let mut quiet = 0;
        while quiet < QUIET {
            let known = messages.len();
            for message in self.receive().await? {
                receipts.push(message.receipt.clone());
                messages.insert(message.id.clone(), message);
            }
            quiet = if messages.len() > known { 0 } else { quiet + 1 };
            progress.set_message(format!("{} seen", counted(messages.len(), "message")));
            progress.tick();
        }
        progress.finish_and_clear();
        Ok(messages.into_values().collect())
    }

    fn unreadable<E>(&self, error: &SdkError<E>) -> String
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let why = in_words(error);
        match ReadFault::of(error) {
            ReadFault::Unreachable => Place::Endpoint(self.url.clone()).unreachable(&why),
            _ => format!("queue {}: {why}", self.url),
        }
    }

    async fn receive(&self) -> Result<impl Iterator<Item = Received>> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .max_number_of_messages(BATCH.into())
            .visibility_timeout(VISIBILITY)
            // Waiting asks all of the queue's servers, and not only some.
            .wait_time_seconds(1)
            .send()
            .await
            .map_err(|why| self.unreadable(&why))?;
        Ok(received.messages.unwrap_or_default().into_iter().map(Received::from))
    }

    /// Lets others receive messages again, if they are not deleted. If that fails, time does it,
    /// and so it is only told.
    async fn give_back(&self, receipts: &[String]) {
        let entry = |(index, receipt): (usize, &String)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(receipt)
                .visibility_timeout(0)
                .build()
                .ok()
        };
        for batch in receipts.chunks(BATCH.into()) {
            let given_back = self
                .client
                .change_message_visibility_batch()
                .queue_url(&self.url)
                .set_entries(batch.iter().enumerate().map(entry).collect())
                .send()
                .await;
            if let Err(why) = given_back {
                let minutes = VISIBILITY / 60;
                print::note(format_args!(
                    "warning: messages that could not be given back come back by themselves within \
                     {minutes} minutes: {}",
                    in_words(&why)
                ));
                return;
            }
        }
    }

    /// Deletes a message.
    pub async fn delete(&self, message: &Received) -> Result {
        self.client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(&message.receipt)
            .send()
            .await
            .map(drop)
            .map_err(|why| in_words(&why).into())
    }
}

impl From<Message> for Received {
    fn from(message: Message) -> Self {
        let attributes = message.attributes.unwrap_or_default();
        let number = |name| attributes.get(&name).and_then(|value| value.parse().ok());
        Self {
            sent: number(MessageSystemAttributeName::SentTimestamp),
            receives: number(MessageSystemAttributeName::ApproximateReceiveCount),
            id: message.message_id.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
            receipt: message.receipt_handle.unwrap_or_default(),
        }
    }
}
