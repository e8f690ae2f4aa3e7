//! A stand-in for Lambda's event source: it receives from the deferred queue, hands the messages to
//! the real worker as an SQS event, and deletes those that the worker did not report.

use std::{
    error::Error,
    time::{Duration, SystemTime},
};

use aws_sdk_sqs::{
    Client,
    types::{Message, MessageSystemAttributeName},
};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::{
    aws::error::in_words,
    domain::time::Timestamp,
    functions::{log::LogLine, worker::Worker},
};

/// What the template gives the worker.
const TIME_OUT: Duration = Duration::from_secs(30);

/// The way from the deferred queue to the worker.
pub struct EventSource {
    worker: Worker,
    client: Client,
    queue_url: String,
    log: fn(&LogLine),
}

impl EventSource {
    /// A poller that hands the log line of each message to `log`.
    pub fn new(worker: Worker, client: Client, queue_url: String, log: fn(&LogLine)) -> Self {
        Self { worker, client, queue_url, log }
    }

    /// Receives once. Gives how many messages there were.
    ///
    /// # Errors
    /// What the queue says.
    pub async fn poll(&self) -> Result<usize, Box<dyn Error + Send + Sync>> {
        let receive = self.client.receive_message().queue_url(&self.queue_url);
        let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
        let received = receive.max_number_of_messages(10).send().await;
        let received = received.map_err(|why| in_words(&why))?;
        let records: Vec<_> = received.messages().iter().map(record).collect();
        let event = serde_json::from_value(json!({"Records": records}))?;
        let deadline = Instant::now() + TIME_OUT;
        let (response, lines) =
            self.worker.work(event, Timestamp::from(SystemTime::now()), deadline).await;
        lines.iter().for_each(self.log);
        let response = serde_json::to_value(response)?;
        let failures =
            response["batchItemFailures"].as_array().map(Vec::as_slice).unwrap_or_default();
        for message in received.messages() {
            let id = Value::from(message.message_id());
            if failures.iter().all(|failure| failure["itemIdentifier"] != id) {
                let delete = self.client.delete_message().queue_url(&self.queue_url);
                let delete = delete.set_receipt_handle(message.receipt_handle().map(str::to_owned));
                delete.send().await.map_err(|why| in_words(&why))?;
            }
        }
        Ok(received.messages().len())
    }
}

/// A message as Lambda hands it on.
fn record(message: &Message) -> Value {
    let attributes = message.attributes().into_iter().flatten();
    let attributes: Map<_, _> =
        attributes.map(|(name, value)| (name.as_str().to_owned(), value.as_str().into())).collect();
    json!({
        "messageId": message.message_id(),
        "receiptHandle": message.receipt_handle(),
        "body": message.body(),
        "attributes": attributes,
    })
}
