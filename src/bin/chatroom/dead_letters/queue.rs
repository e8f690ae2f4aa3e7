//! Looking into a queue. SQS knows no looking: everything is received once, which hides it from
//! others, and then given back.

use std::collections::BTreeMap;

use aws_sdk_sqs::{
    Client,
    types::{
        ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
        MessageSystemAttributeName,
    },
};
use chatroom_status_sync::aws::error::in_words;
use indicatif::{ProgressBar, ProgressStyle};

use crate::Result;

/// How long nobody else receives what was received here, in seconds: long enough to go through a
/// large queue once. What cannot be given back comes back after it by itself.
const VISIBILITY: i32 = 600;
/// Messages in one request, the most that SQS takes.
const BATCH: usize = 10;
/// After this many receives in a row that bring nothing new, everything was seen. One is not
/// enough: a message may be delivered twice.
const QUIET: u32 = 2;

/// The dead-letter queue.
pub struct DeadLetterQueue {
    client: Client,
    url: String,
}

/// A message that was received.
#[derive(Debug, Clone, Default)]
pub struct Received {
    pub id: String,
    pub body: String,
    /// When it was sent, in Unix milliseconds.
    pub sent: Option<u64>,
    /// How often it was received, this time included.
    pub receives: Option<u64>,
    pub handle: String,
}

impl DeadLetterQueue {
    pub fn new(client: Client, url: &str) -> Self {
        Self { client, url: url.to_owned() }
    }

    /// All messages, given back.
    pub async fn look(&self) -> Result<Vec<Received>> {
        let messages = self.take().await?;
        self.give_back(&messages).await;
        Ok(messages)
    }

    /// All messages, which nobody else receives until they are given back or their time is over.
    pub async fn take(&self) -> Result<Vec<Received>> {
        let mut taken = BTreeMap::new();
        let done = tokio::select! {
            done = self.take_into(&mut taken) => done,
            _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        };
        let taken: Vec<_> = taken.into_values().collect();
        if done.is_err() {
            self.give_back(&taken).await;
        }
        done.map(|()| taken)
    }

    async fn take_into(&self, taken: &mut BTreeMap<String, Received>) -> Result {
        let style = ProgressStyle::with_template("{spinner} {pos} messages seen")?;
        let progress = ProgressBar::new_spinner().with_style(style);
        let mut quiet = 0;
        while quiet < QUIET {
            let receive = self.client.receive_message().queue_url(&self.url);
            let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
            let receive = receive.max_number_of_messages(10);
            // Waiting asks all of the queue's servers, and not only some.
            let receive = receive.visibility_timeout(VISIBILITY).wait_time_seconds(1);
            let received = receive.send().await;
            let received =
                received.map_err(|why| format!("queue {}: {}", self.url, in_words(&why)))?;
            let known = taken.len();
            for message in received.messages.unwrap_or_default() {
                let message = Received::from(message);
                taken.insert(message.id.clone(), message);
            }
            quiet = if taken.len() > known { 0 } else { quiet + 1 };
            progress.set_position(u64::try_from(taken.len()).unwrap_or(u64::MAX));
        }
        progress.finish_and_clear();
        Ok(())
    }

    /// Lets others receive messages again. If that fails, time does it, and so it is only told.
    pub async fn give_back(&self, messages: &[Received]) {
        for batch in messages.chunks(BATCH) {
            let entry = |(index, message): (usize, &Received)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(&message.handle)
                    .visibility_timeout(0)
                    .build()
                    .ok()
            };
            let entries = batch.iter().enumerate().filter_map(entry).collect();
            let give_back = self.client.change_message_visibility_batch();
            let give_back = give_back.queue_url(&self.url).set_entries(Some(entries));
            if let Err(why) = give_back.send().await {
                let minutes = VISIBILITY / 60;
                eprintln!(
                    "warning: messages that could not be given back come back by themselves within \
                     {minutes} minutes: {}",
                    in_words(&why)
                );
                return;
            }
        }
    }

    /// Deletes messages.
    pub async fn delete(&self, messages: &[Received]) -> std::result::Result<(), String> {
        for batch in messages.chunks(BATCH) {
            let entry = |(index, message): (usize, &Received)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(&message.handle)
                    .build()
                    .ok()
            };
            let entries = batch.iter().enumerate().filter_map(entry).collect();
            let delete = self.client.delete_message_batch().queue_url(&self.url);
            let deleted = delete.set_entries(Some(entries)).send().await;
            let deleted = deleted.map_err(|why| in_words(&why))?;
            if let Some(failed) = deleted.failed.first() {
                return Err(failed.code.clone());
            }
        }
        Ok(())
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
