//! How Lambda hands messages of a queue to a function, and what it wants to hear about them.

use serde::{Deserialize, Serialize};

/// The part of an SQS event that is read.
#[derive(Debug, Deserialize)]
pub struct SqsEvent {
    #[serde(rename = "Records", default)]
    pub(crate) records: Vec<SqsMessage>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SqsMessage {
    pub(crate) message_id: String,
    #[serde(default)]
    pub(crate) receipt_handle: String,
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Attributes {
    pub(crate) approximate_receive_count: Option<String>,
}

/// Which messages of a batch SQS is to keep (`ReportBatchItemFailures`).
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// Those that are not done.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// One message that is to come again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// Its message id.
    pub item_identifier: String,
}
