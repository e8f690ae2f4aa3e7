//! A stand-in for Lambda's event source: receives messages of the deferred queue, hands them to the
//! real worker as an SQS event, and deletes those that the worker did not report.

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

/// A source of events for the worker: the deferred queue.
pub struct EventSource {
    worker: Worker,
    client: Client,
    queue_url: String,
    log: fn(&LogLine),
}

impl EventSource {
    /// Makes an event source that hands the log line of each message to `log`.
    pub fn new(worker: Worker, client: Client, queue_url: String, log: fn(&LogLine)) -> Self {
        Self { worker, client, queue_url, log }
    }

    /// Receives once; gives the number of messages.
    pub async fn poll(&self) -> Result<usize, Box<dyn Error + Send + Sync>> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.queue_url)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .max_number_of_messages(10)
            .send()
            .await
            .map_err(|why| in_words(&why))?;
        let records: Vec<_> = received.messages().iter().map(record).collect();
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
                    .queue_url(&self.queue_url)
                    .set_receipt_handle(message.receipt_handle().map(str::to_owned))
                    .send()
                    .await
                    .map_err(|why| in_words(&why))?;
            }
        }
        Ok(received.messages().len())
    }
}

/// Words a message as Lambda hands it on.
fn record(message: &Message) -> Value {
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
    })
}
