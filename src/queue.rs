//! Sending to a queue: in batches as large as SQS takes them, until a deadline.

use std::time::Duration;

use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, timeout_at};

use crate::{failure::in_words, message::MAX_BYTES};

/// Messages in one batch.
const BATCH: usize = 10;
/// Batches under way at once.
const CONCURRENCY: usize = 8;

/// A handle on a queue.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue at `url`.
    #[must_use]
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }

    /// Puts messages into the queue, all of them, until `deadline`. They can be received once
    /// `delay` is over.
    ///
    /// # Errors
    /// Why one of them is not known to be there; some may be. Repeating them is harmless.
    pub async fn send(
        &self,
        messages: Vec<String>,
        delay: Duration,
        deadline: Instant,
    ) -> Result<(), String> {
        let batches = stream::iter(batches(messages));
        let sent = batches
            .map(|batch| self.send_batch(batch, delay))
            .buffer_unordered(CONCURRENCY);
        let all = timeout_at(deadline, sent.try_collect::<()>()).await;
        all.unwrap_or_else(|_| Err(format!("queue {} did not answer in time", self.url)))
    }

    async fn send_batch(&self, messages: Vec<String>, delay: Duration) -> Result<(), String> {
        // SQS knows no longer delay than 15 minutes.
        let delay = i32::try_from(delay.as_secs()).unwrap_or(900).min(900);
        let entry = |(index, message): (usize, String)| {
            let entry = SendMessageBatchRequestEntry::builder().id(index.to_string());
            entry.message_body(message).delay_seconds(delay).build()
        };
        let entries = messages
            .into_iter()
            .enumerate()
            .map(entry)
            .collect::<Result<_, _>>();
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
fn batches(messages: Vec<String>) -> Vec<Vec<String>> {
    let mut batches: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH && bytes + message.len() <= MAX_BYTES => {
                bytes += message.len();
                batch.push(message);
            }
            _ => {
                bytes = message.len();
                batches.push(vec![message]);
            }
        }
    }
    batches
}
