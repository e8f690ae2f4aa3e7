//! Sending to a queue: in batches as large as SQS takes them, until a deadline.

use std::{sync::LazyLock, time::Duration};

use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, timeout_at};

use crate::{aws::error::in_words, wire::limits::MAX_BYTES};

/// Messages in one batch.
const BATCH: usize = 10;
/// Batches under way at once.
const CONCURRENCY: usize = 8;

/// A handle on a queue.
#[derive(Debug)]
pub struct Queue {
    client: LazyLock<Client, Box<dyn FnOnce() -> Client + Send>>,
    url: String,
}

/// A message to be sent. It can be received once the delay is over.
#[derive(Debug)]
pub struct Outgoing {
    /// JSON text.
    pub body: String,
    /// 15 minutes at most.
    pub delay: Duration,
}

impl Outgoing {
    /// Messages with the same delay.
    pub fn after(delay: Duration, bodies: Vec<String>) -> impl Iterator<Item = Self> {
        bodies.into_iter().map(move |body| Self { body, delay })
    }
}

impl Queue {
    /// The queue at `url`. Its client is made once it is needed, which for most
    /// callbacks is never.
    pub fn new(client: impl FnOnce() -> Client + Send + 'static, url: impl Into<String>) -> Self {
        Self { client: LazyLock::new(Box::new(client)), url: url.into() }
    }

    /// Puts messages into the queue, all of them, until `deadline`.
    ///
    /// # Errors
    /// Why one of them is not known to be there; some may be. Repeating them is harmless.
    pub async fn send(&self, messages: Vec<Outgoing>, deadline: Instant) -> Result<(), String> {
        if messages.is_empty() {
            return Ok(());
        }
        let batches = stream::iter(batches(messages));
        let sent = batches.map(|batch| self.send_batch(batch)).buffer_unordered(CONCURRENCY);
        let all = timeout_at(deadline, sent.try_collect::<()>()).await;
        all.unwrap_or_else(|_| Err(format!("queue {} did not answer in time", self.url)))
    }

    /// Keeps a message that was received out of sight for a while, counted from now.
    ///
    /// # Errors
    /// What the queue says. The message then comes back when the queue's own time is over.
    pub async fn hide(&self, receipt: &str, time: Duration) -> Result<(), String> {
        let request = self.client.change_message_visibility().queue_url(&self.url);
        let seconds = i32::try_from(time.as_secs()).unwrap_or(i32::MAX);
        let request = request.receipt_handle(receipt).visibility_timeout(seconds);
        let hidden = request.send().await.map(|_| ());
        hidden.map_err(|error| format!("queue {}: {}", self.url, in_words(&error)))
    }

    async fn send_batch(&self, messages: Vec<Outgoing>) -> Result<(), String> {
        let entry = |(index, Outgoing { body, delay }): (usize, Outgoing)| {
            // SQS knows no longer delay than 15 minutes.
            let delay = i32::try_from(delay.as_secs()).unwrap_or(900).min(900);
            let entry = SendMessageBatchRequestEntry::builder().id(index.to_string());
            entry.message_body(body).delay_seconds(delay).build()
        };
        let entries = messages.into_iter().enumerate().map(entry).collect::<Result<_, _>>();
        let entries = entries.map_err(|error| error.to_string())?;
        let request = self.client.send_message_batch().queue_url(&self.url);
        let sent = request.set_entries(Some(entries)).send().await;
        let sent = sent.map_err(|error| format!("queue {}: {}", self.url, in_words(&error)))?;
        let refused = sent.failed().first().map(|failed| {
            let why = failed.message().unwrap_or_default();
            format!("queue {}: {} {why}", self.url, failed.code())
        });
        refused.map_or(Ok(()), Err)
    }
}

/// Groups messages so that each group is a valid batch.
fn batches(messages: Vec<Outgoing>) -> Vec<Vec<Outgoing>> {
    let mut batches: Vec<Vec<Outgoing>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH && bytes + message.body.len() <= MAX_BYTES => {
                bytes += message.body.len();
                batch.push(message);
            }
            _ => {
                bytes = message.body.len();
                batches.push(vec![message]);
            }
        }
    }
    batches
}
