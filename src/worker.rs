//! The worker's side: SQS events in, a batch response out, the same writes between.
//!
//! A message carries events in wire format and their app key: `{"appKey":"...","events":[...]}`.
//! Only verified content is ever put into the queue, so reading it from there makes it
//! [`Verified`].

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::{
    answer::Counts,
    aws::Aws,
    callback::Verified,
    dead_letters::{self, DeadLetters, Origin},
    ids::AppKey,
    log::{Level, Line},
    parse::parse,
    plan::Plan,
    settings::Storage,
    table::Table,
    time::Timestamp,
};

/// What applies deferred events.
pub struct Worker {
    table: Table,
    dead_letters: DeadLetters,
}

/// The part of an SQS event that is read.
#[derive(Debug, Deserialize)]
pub struct SqsEvent {
    #[serde(rename = "Records", default)]
    records: Vec<SqsMessage>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SqsMessage {
    message_id: String,
    #[serde(default)]
    body: String,
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deferred<'a> {
    app_key: String,
    #[serde(borrow)]
    events: &'a RawValue,
}

impl Worker {
    /// Connects to table and queue.
    #[must_use]
    pub fn new(storage: Storage, aws: &Aws) -> Self {
        Self {
            table: Table::new(aws.dynamodb(), storage.table_name, storage.retention_days),
            dead_letters: DeadLetters::new(aws.sqs(), storage.dead_letter_queue_url),
        }
    }

    /// Applies a batch of messages, each on its own: one that fails does not touch the others.
    pub async fn work(
        &self,
        event: SqsEvent,
        now: Timestamp,
        deadline: Instant,
    ) -> (BatchResponse, Vec<Line>) {
        let (mut response, mut lines) = (BatchResponse::default(), Vec::new());
        for SqsMessage { message_id, body } in event.records {
            let started = Instant::now();
            let result = self.apply(&message_id, &body, now, deadline).await;
            let (level, message, counts, error) = match result {
                Ok(counts) => (Level::Info, "deferred events stored", Some(counts), None),
                Err(why) => {
                    let failure = BatchItemFailure {
                        item_identifier: message_id.clone(),
                    };
                    response.batch_item_failures.push(failure);
                    (
                        Level::Error,
                        "deferred events not stored, the queue will bring them again",
                        None,
                        Some(why),
                    )
                }
            };
            lines.push(Line {
                level,
                message: message.to_owned(),
                request_id: message_id,
                status: None,
                app_key: None,
                counts,
                duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                lag_ms: None,
                error,
            });
        }
        (response, lines)
    }

    async fn apply(
        &self,
        id: &str,
        body: &str,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Counts, String> {
        let deferred: Deferred<'_> =
            serde_json::from_str(body).map_err(|why| format!("no deferred events: {why}"))?;
        let app = AppKey::new(deferred.app_key).map_err(|why| format!("the app key {why}"))?;
        let events = Verified::from_queue(app, deferred.events.get().into());
        let parsed =
            parse(&events, now).map_err(|_| "its events are no JSON array or object".to_owned())?;
        let origin = Origin {
            app_key: events.app(),
            request_id: id,
            received_at: now,
        };
        let letters = parsed
            .faults
            .iter()
            .flat_map(|fault| dead_letters::for_fault(origin, fault))
            .collect();
        let quarantined = parsed.faults.len();
        let plan = Plan::of(parsed.events);
        let (outcome, kept) = tokio::join!(
            self.table.apply(events.app(), &plan, deadline),
            self.dead_letters.send(letters, deadline)
        );
        kept?;
        match outcome.failure {
            None => Ok(Counts {
                applied: outcome.applied,
                stale: outcome.stale,
                deferred: 0,
                quarantined,
            }),
            Some(why) => Err(why),
        }
    }
}
