//! A queue: sends messages in batches as large as SQS takes them, until a deadline.

use std::{error::Error, fmt, sync::LazyLock, time::Duration};

use aws_sdk_sqs::{Client, error::BuildError, types::SendMessageBatchRequestEntry};
use futures_util::{StreamExt, TryStreamExt, stream};
use sha1::{Digest, Sha1};
use tokio::time::{Instant, sleep, timeout_at};

use super::error::in_words;
use crate::{
    domain::ids::{AppKey, RoomId},
    wire::limits::MAX_BYTES,
};

/// The number of messages in one batch.
const BATCH: usize = 10;
/// The number of batches under way at once.
const CONCURRENCY: usize = 8;
/// The pause before messages are sent again that SQS refused for reasons of its own.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest delay that SQS knows.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

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
    /// The name of those whose messages these are, if SQS is to share its deliveries fairly among
    /// them: up to 128 ASCII letters, digits and punctuation.
    pub group: Option<String>,
}

/// A request to a queue that is not known to have succeeded.
#[derive(Debug)]
pub struct QueueError {
    url: String,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Late,
    Failed(String),
}

impl Outgoing {
    /// Makes messages with the same delay.
    pub fn after(delay: Duration, bodies: Vec<String>) -> impl Iterator<Item = Self> {
        bodies.into_iter().map(move |body| Self { body, delay, group: None })
    }

    /// Says whose message it is: a room's, or an app's if it is about several rooms.
    pub fn of(self, app: &AppKey, room: Option<&RoomId>) -> Self {
        let room = room.map(RoomId::as_str).unwrap_or_default();
        // An id may have more bytes, and others, than SQS allows.
        Self { group: Some(hex::encode(Sha1::digest(format!("{app}#{room}")))), ..self }
    }
}

impl Queue {
    /// Takes the queue at `url`. Its client is made once it is needed, which for most callbacks is
    /// never.
    pub fn new(client: impl FnOnce() -> Client + Send + 'static, url: impl Into<String>) -> Self {
        Self { client: LazyLock::new(Box::new(client)), url: url.into() }
    }

    /// Puts all messages into the queue before `deadline`.
    ///
    /// # Errors
    /// At least one message is not known to be in the queue; others may be there. Sending all of
    /// them again is harmless.
    pub async fn send(&self, messages: Vec<Outgoing>, deadline: Instant) -> Result<(), QueueError> {
        if messages.is_empty() {
            return Ok(());
        }
        let sending = stream::iter(batches(messages))
            .map(|batch| self.send_batch(batch, deadline))
            .buffer_unordered(CONCURRENCY)
            .try_collect::<()>();
        timeout_at(deadline, sending).await.unwrap_or_else(|_| Err(self.error(Why::Late)))
    }

    /// Says whether this is the queue with that ARN: both end with the queue's name.
    pub fn has_arn(&self, arn: &str) -> bool {
        let name = self.url.rsplit('/').next();
        arn.rsplit(':').next() == name
    }

    /// Hides a message that was received, in full seconds from now.
    ///
    /// # Errors
    /// The queue did not confirm it. The message comes back when the queue's own time-out is over.
    pub async fn hide(&self, receipt: &str, time: Duration) -> Result<(), QueueError> {
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .visibility_timeout(i32::try_from(time.as_secs()).unwrap_or(i32::MAX))
            .send()
            .await
            .map(drop)
            .map_err(|error| self.failed(&error))
    }

    /// Sends a batch, and again what SQS refuses of it for reasons of its own.
    async fn send_batch(
        &self,
        messages: Vec<Outgoing>,
        deadline: Instant,
    ) -> Result<(), QueueError> {
        let entries = messages.into_iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>();
        let mut entries = entries.map_err(|error| self.failed(&error))?;
        loop {
            let sent = self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries.clone()))
                .send()
                .await
                .map_err(|error| self.failed(&error))?;
            // The fault of the sender, if there is any, is the one to be told.
            let Some(refused) = sent.failed().iter().max_by_key(|entry| entry.sender_fault())
            else {
                return Ok(());
            };
            if refused.sender_fault() || Instant::now() + PAUSE >= deadline {
                let why = refused.message().unwrap_or_default();
                return Err(self.error(Why::Failed(format!("{} {why}", refused.code()))));
            }
            entries.retain(|entry| sent.failed().iter().any(|failed| failed.id() == entry.id()));
            sleep(PAUSE).await;
        }
    }

    fn failed(&self, error: &dyn Error) -> QueueError {
        self.error(Why::Failed(in_words(error)))
    }

    fn error(&self, why: Why) -> QueueError {
        QueueError { url: self.url.clone(), why }
    }
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, why } = self;
        match why {
            Why::Late => write!(f, "queue {url} did not answer in time"),
            Why::Failed(why) => write!(f, "queue {url}: {why}"),
        }
    }
}

impl Error for QueueError {}

fn entry((index, message): (usize, Outgoing)) -> Result<SendMessageBatchRequestEntry, BuildError> {
    let delay = message.delay.min(LONGEST_DELAY).as_secs();
    SendMessageBatchRequestEntry::builder()
        .id(index.to_string())
        .message_body(message.body)
        .delay_seconds(i32::try_from(delay).unwrap_or_default())
        .set_message_group_id(message.group)
        .build()
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
