//! Looks into a queue. SQS knows no looking: everything is received once, which hides it from
//! others, and then given back.

use std::collections::BTreeMap;

use aws_sdk_sqs::{
    Client,
    types::{ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName},
};
use chatroom_status_sync::aws::error::in_words;
use clap::Args;
use indicatif::ProgressBar;

use crate::{
    access::{config, is_local},
    print::counted,
    result::Result,
};

/// The effect of looking on a queue, for every command's help.
pub const LOOKING: &str = "SQS knows no looking: every message is received once and given back, \
    after ten minutes at the latest. Until then nobody else can receive it, and the count of its \
    receives rises. A dead-letter queue moves nothing on by that count, so it is harmless.";

/// The seconds in which nobody else receives what was received here: long enough to go through a
/// large queue once. What cannot be given back comes back after them by itself.
const VISIBILITY: i32 = 600;
/// Messages in one request, the most that SQS takes.
const BATCH: usize = 10;
/// After this many receives in a row that bring nothing new, everything was seen. One is not
/// enough: a message may be delivered twice.
const QUIET: u32 = 2;

#[derive(Args)]
pub struct Access {
    /// The dead-letter queue
    #[arg(long, env = "DEAD_LETTER_QUEUE_URL")]
    pub queue_url: String,
    /// An SQS endpoint; without it, a queue on this machine is found by its URL, and any other in
    /// AWS
    #[arg(long, env = "AWS_ENDPOINT_URL_SQS")]
    endpoint_url: Option<String>,
}

impl Access {
    pub async fn queue(&self) -> Result<DeadLetterQueue> {
        let client = self.client_for(&self.queue_url).await?;
        Ok(DeadLetterQueue { client, url: self.queue_url.clone() })
    }

    /// Makes a client for the place where a queue is.
    pub async fn client_for(&self, queue_url: &str) -> Result<Client> {
        let endpoint = self.endpoint_url.as_deref();
        let endpoint = endpoint.or_else(|| is_local(queue_url).then(|| origin(queue_url)));
        Ok(Client::new(&config(endpoint).await?))
    }
}

/// Cuts the path off a URL: it begins with the third slash.
fn origin(url: &str) -> &str {
    url.match_indices('/').nth(2).map_or(url, |(path, _)| &url[..path])
}

/// The dead-letter queue.
pub struct DeadLetterQueue {
    client: Client,
    url: String,
}

/// A message that was received.
#[derive(Debug, Default)]
pub struct Received {
    pub id: String,
    pub body: String,
    /// The time when it was sent, in Unix milliseconds.
    pub sent: Option<u64>,
    /// The number of times that it was received, this one included.
    pub receives: Option<u64>,
    /// The receipt, by which SQS knows which receive is meant.
    pub handle: String,
}

impl DeadLetterQueue {
    /// Receives all messages and gives them back.
    pub async fn look(&self) -> Result<Vec<Received>> {
        let messages = self.take().await?;
        self.give_back(&messages).await;
        Ok(messages)
    }

    /// Receives all messages. Nobody else does until they are given back or their time is over.
    pub async fn take(&self) -> Result<Vec<Received>> {
        let mut taken = BTreeMap::new();
        let done = tokio::select! {
            done = self.take_into(&mut taken) => done,
            _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        };
        if done.is_err() {
            self.give_back(taken.values()).await;
        }
        done.map(|()| taken.into_values().collect())
    }

    async fn take_into(&self, taken: &mut BTreeMap<String, Received>) -> Result {
        let progress = ProgressBar::new_spinner();
        let mut quiet = 0;
        while quiet < QUIET {
            let known = taken.len();
            for message in self.receive().await? {
                taken.insert(message.id.clone(), message);
            }
            quiet = if taken.len() > known { 0 } else { quiet + 1 };
            progress.set_message(format!("{} seen", counted(taken.len(), "message")));
            progress.tick();
        }
        progress.finish_and_clear();
        Ok(())
    }

    async fn receive(&self) -> Result<impl Iterator<Item = Received>> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .max_number_of_messages(10)
            .visibility_timeout(VISIBILITY)
            // Waiting asks all of the queue's servers, and not only some.
            .wait_time_seconds(1)
            .send()
            .await
            .map_err(|why| format!("queue {}: {}", self.url, in_words(&why)))?;
        Ok(received.messages.unwrap_or_default().into_iter().map(Received::from))
    }

    /// Lets others receive messages again, if they are not deleted. If that fails, time does it,
    /// and so it is only told.
    pub async fn give_back(&self, messages: impl IntoIterator<Item = &Received>) {
        let entry = |(index, message): (usize, &Received)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(&message.handle)
                .visibility_timeout(0)
                .build()
                .ok()
        };
        let entries: Vec<_> = messages.into_iter().enumerate().filter_map(entry).collect();
        for batch in entries.chunks(BATCH) {
            let given_back = self
                .client
                .change_message_visibility_batch()
                .queue_url(&self.url)
                .set_entries(Some(batch.to_vec()))
                .send()
                .await;
            if let Err(why) = given_back {
                eprintln!(
                    "warning: messages that could not be given back come back by themselves within \
                     {} minutes: {}",
                    VISIBILITY / 60,
                    in_words(&why)
                );
                return;
            }
        }
    }

    /// Deletes a message.
    pub async fn delete(&self, message: &Received) -> Result {
        let request = self.client.delete_message().queue_url(&self.url);
        let deleted = request.receipt_handle(&message.handle).send().await;
        deleted.map(|_| ()).map_err(|why| in_words(&why).into())
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
            handle: message.receipt_handle.unwrap_or_default(),
        }
    }
}
