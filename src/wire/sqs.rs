//! The event in which Lambda hands messages of a queue to a function, and the response to it.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// An SQS event, as far as it is read.
#[derive(Debug, Deserialize)]
pub struct SqsEvent {
    /// The messages of the batch.
    #[serde(rename = "Records", default)]
    pub records: Vec<SqsMessage>,
}

/// One message of a batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SqsMessage {
    /// The queue's id of the message.
    pub message_id: String,
    /// The handle of this receive.
    #[serde(default)]
    pub receipt_handle: String,
    /// The text of the message.
    #[serde(default)]
    pub body: String,
    /// The ARN of the queue that brings the message.
    #[serde(default, rename = "eventSourceARN")]
    pub queue_arn: String,
    #[serde(default)]
    attributes: MessageAttributes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct MessageAttributes {
    approximate_receive_count: Option<String>,
    sent_timestamp: Option<String>,
}

impl SqsMessage {
    /// Tells how many times the message was received, this time included; 1 if SQS does not say.
    pub fn receives(&self) -> u32 {
        let count = self.attributes.approximate_receive_count.as_deref();
        count.and_then(|count| count.parse().ok()).unwrap_or(1)
    }

    /// Gives the time at which the message was sent, if SQS says it.
    pub fn sent(&self) -> Option<Timestamp> {
        Timestamp::from_millis(self.attributes.sent_timestamp.as_deref()?.parse().ok()?)
    }
}

/// The response to an event (`ReportBatchItemFailures`).
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// The messages that are not done, and that SQS is to keep.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A message that is to come again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// Its message id.
    pub item_identifier: String,
}
