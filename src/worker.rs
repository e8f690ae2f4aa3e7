//! The worker's side: SQS events in, a batch response out.
//!
//! Each message is a [`Message`]: events that are applied as if they had just come in, or a room's
//! end that is brought to its members. One message that fails never touches another.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use crate::{
    answer::Counts,
    aws::Aws,
    callback::Verified,
    dead_letters::Origin,
    deferred::{Message, Sweep},
    ids::AppKey,
    log::{Level, Line},
    parse::parse,
    settings::Storage,
    store::Store,
    table::sweep::Swept,
    time::Timestamp,
};

/// What a sweep keeps of the function's time: to finish its page, and to queue what is left.
const PAGE_TIME: Duration = Duration::from_secs(5);

/// What does what was deferred.
pub struct Worker {
    store: Store,
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

/// What was done about a message.
enum Done {
    Stored(Counts),
    Swept(usize),
    SweptInPart,
}

impl Worker {
    /// Connects to table and queues.
    #[must_use]
    pub fn new(storage: Storage, aws: &Aws) -> Self {
        Self {
            store: Store::new(storage, aws),
        }
    }

    /// Does what a batch of messages says, until `deadline`. What is not done by then is reported,
    /// and comes again.
    pub async fn work(
        &self,
        event: SqsEvent,
        now: Timestamp,
        deadline: Instant,
    ) -> (BatchResponse, Vec<Line>) {
        let (mut response, mut lines) = (BatchResponse::default(), Vec::new());
        for SqsMessage { message_id, body } in event.records {
            let started = Instant::now();
            // In a box, because the compiler gives up on the layout of futures this deep.
            let working = Box::pin(self.work_on(&message_id, &body, now, deadline));
            let result = timeout_at(deadline, working).await;
            let result = result.unwrap_or_else(|_| Err("there was no time left".to_owned()));
            lines.push(line(&message_id, &result, started.elapsed()));
            if result.is_err() {
                response.batch_item_failures.push(BatchItemFailure {
                    item_identifier: message_id,
                });
            }
        }
        (response, lines)
    }

    async fn work_on(
        &self,
        id: &str,
        body: &str,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Done, String> {
        let message: Message<'_> =
            serde_json::from_str(body).map_err(|why| format!("no deferred message: {why}"))?;
        let app = AppKey::new(message.app_key).map_err(|why| format!("the app key {why}"))?;
        match (message.events, message.sweep) {
            (Some(events), None) => self.apply(id, app, events, now, deadline).await,
            (None, Some(sweep)) => self.sweep(&app, sweep.try_into()?, deadline).await,
            _ => Err("the message has neither events nor a sweep, or both".to_owned()),
        }
    }

    async fn apply(
        &self,
        id: &str,
        app: AppKey,
        events: &RawValue,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Done, String> {
        let events = Verified::from_queue(app, events.get().into());
        let parsed =
            parse(&events, now).map_err(|_| "its events are no JSON array or object".to_owned())?;
        let origin = Origin {
            app_key: events.app(),
            request_id: id,
            received_at: now,
        };
        self.store
            .store(parsed, origin, deadline)
            .await
            .map(Done::Stored)
    }

    /// Sweeps as far as time allows, and asks for the rest before this message is gone.
    async fn sweep(&self, app: &AppKey, sweep: Sweep, deadline: Instant) -> Result<Done, String> {
        let last_page = deadline.checked_sub(PAGE_TIME).unwrap_or(deadline);
        match self
            .store
            .table()
            .sweep(app, sweep, last_page)
            .await
            .map_err(|why| why.to_string())?
        {
            Swept::Done(ended) => Ok(Done::Swept(ended)),
            Swept::Unfinished(rest) => {
                self.store
                    .ask_for(app, &[rest], Duration::ZERO, deadline)
                    .await?;
                Ok(Done::SweptInPart)
            }
        }
    }
}

fn line(id: &str, result: &Result<Done, String>, duration: Duration) -> Line {
    let (level, message, counts) = match result {
        Ok(Done::Stored(counts)) => (
            Level::Info,
            "deferred events stored".to_owned(),
            Some(*counts),
        ),
        Ok(Done::Swept(ended)) => (
            Level::Info,
            format!("room swept, {ended} memberships ended"),
            None,
        ),
        Ok(Done::SweptInPart) => (
            Level::Info,
            "room swept in part, the rest is queued".to_owned(),
            None,
        ),
        Err(_) => (
            Level::Error,
            "message not done, the queue will bring it again".to_owned(),
            None,
        ),
    };
    Line {
        level,
        message,
        request_id: id.to_owned(),
        status: None,
        app_key: None,
        counts,
        duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        lag_ms: None,
        error: result.as_ref().err().cloned(),
    }
}
