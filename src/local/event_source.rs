//! A stand-in for Lambda's event sources: receives messages of the worker's queues, hands them to
//! the real worker as SQS events, and deletes those that the worker did not report.

use std::{collections::BTreeSet, error::Error, time::SystemTime};

use aws_sdk_sqs::{
    Client,
    types::{Message, MessageSystemAttributeName},
};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::{
    aws::error::in_words,
    functions::{deadlines::LONGEST_INVOCATION, log::LogLine, worker::Worker},
};

/// The sources of the worker's events: the deferred queue and the sweep queue.
pub struct EventSource {
    worker: Worker,
    client: Client,
    queues: [WatchedQueue; 2],
    log: fn(&LogLine),
}

/// A queue that brings messages to the worker.
pub struct WatchedQueue {
    /// The URL at which it is.
    pub url: String,
    /// The ARN by which events name it.
    pub arn: String,
    /// The most messages of one event.
    pub batch: i32,
}

impl EventSource {
    /// Makes an event source that hands the log line of each message to `log`.
    pub fn new(
        worker: Worker,
        client: Client,
        queues: [WatchedQueue; 2],
        log: fn(&LogLine),
    ) -> Self {
        Self { worker, client, queues, log }
    }

    /// Receives once from each queue; gives the number of messages.
    pub async fn poll(&self) -> Result<usize, Box<dyn Error + Send + Sync>> {
        let mut messages = 0;
        for queue in &self.queues {
            messages += self.poll_queue(queue).await?;
        }
        Ok(messages)
    }

    async fn poll_queue(
        &self,
        queue: &WatchedQueue,
    ) -> Result<usize, Box<dyn Error + Send + Sync>> {
        let received = self
            .client
            .receive_message()
            .queue_url(&queue.url)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .max_number_of_messages(queue.batch)
            .send()
            .await
            .map_err(|why| in_words(&why))?;
        let records: Vec<_> =
            received.messages().iter().map(|message| record(message, &queue.arn)).collect();
        let event = serde_json::from_value(json!({"Records": records}))?;
        let killed = Instant::now() + LONGEST_INVOCATION;
        let (response, lines) = self.worker.work(event, SystemTime::now().into(), killed).await;
        lines.iter().for_each(self.log);
        let failed: BTreeSet<_> = response
            .batch_item_failures
            .iter()
            .map(|failure| failure.item_identifier.as_str())
            .collect();
        for message in received.messages() {
            if !failed.contains(message.message_id().unwrap_or_default()) {
                self.client
                    .delete_message()
                    .queue_url(&queue.url)
                    .set_receipt_handle(message.receipt_handle().map(str::to_owned))
                    .send()
                    .await
                    .map_err(|why| in_words(&why))?;
            }
        }
        Ok(received.messages().len())
    }
}

/// Words a message of a queue as Lambda hands it on.
pub fn record(message: &Message, queue_arn: &str) -> Value {
    let attributes: Map<_, _> = message
        .attributes()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_str().into()))
        .collect();
    json!({
        "messageId": message.message_id(),
        "receiptHandle": message.receipt_handle(),
        "body": message.body(),
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": "us-east-1",
    })
}
