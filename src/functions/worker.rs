//! The worker: takes an SQS event, gives a batch response.
//!
//! Each message is a [`DeferredMessage`]: events that are applied as if they had just come in, or
//! the sweep of a destroyed room. All messages of a batch are handled at once, each on its own: one
//! that fails neither holds up another nor makes it come again.
//!
//! A message that got nowhere stays in the queue and comes back later and later; after enough
//! tries the queue makes it a dead letter. One that got somewhere is replaced by what is left of
//! it. One that cannot be read never will be: it comes back at once, to become a dead letter soon.

use std::{error::Error, fmt, time::Duration};

use futures_util::future::join_all;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::{
    deadlines::Deadlines,
    log::{Level, LogLine},
    settings::StorageSettings,
    storage::{Storage, StorageError, UnwrittenPolicy},
};
use crate::{
    aws::{Aws, queue::QueueError},
    callback::{Verified, body::parse},
    domain::{ids::AppKey, sweep::Sweep, time::Timestamp},
    table::{sweep::Swept, write::Unconfirmed},
    wire::{
        answer::Counts,
        dead_letters::Origin,
        deferred::{DeferredError, DeferredMessage, Work},
        sqs::{BatchItemFailure, BatchResponse, SqsEvent, SqsMessage},
    },
};

/// The delay before the rest of a message that was done in part is tried.
const REMAINDER_DELAY: Duration = Duration::from_secs(5);
/// The pause before a message that got nowhere comes back for the first time. It doubles with each
/// further time.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// The handler of deferred messages.
pub struct Worker {
    storage: Storage,
}

/// A message that is done.
enum Handled {
    Saved(Counts),
    Swept {
        ended: usize,
    },
    /// The rest of the sweep is queued.
    SweptInPart,
}

/// A message that is not done.
#[derive(Debug)]
enum MessageError {
    Unreadable(DeferredError),
    NoEvents,
    Late,
    Unsaved(StorageError),
    Unswept(Unconfirmed),
    RestNotQueued(QueueError),
}

impl Worker {
    /// Makes handles on table and queues; nothing is sent yet.
    pub fn new(settings: StorageSettings, aws: &Aws) -> Self {
        Self { storage: Storage::new(settings, aws) }
    }

    /// Handles a batch of messages, in an invocation that the platform ends at `killed`. Messages
    /// that are not done by then are reported, and come again.
    pub async fn work(
        &self,
        event: SqsEvent,
        now: Timestamp,
        killed: Instant,
    ) -> (BatchResponse, Vec<LogLine>) {
        let deadlines = Deadlines::of_message(killed);
        let handling = event.records.iter().map(|message| self.handle(message, now, deadlines));
        let (mut response, mut lines) = (BatchResponse::default(), Vec::new());
        for (message, (result, duration)) in event.records.iter().zip(join_all(handling).await) {
            if result.is_err() {
                let item_identifier = message.message_id.clone();
                response.batch_item_failures.push(BatchItemFailure { item_identifier });
            }
            lines.push(log_line(&message.message_id, result, duration));
        }
        (response, lines)
    }

    /// Handles a message, and hides it for a while if it is not done. Gives the time that this
    /// took, too.
    async fn handle(
        &self,
        message: &SqsMessage,
        now: Timestamp,
        deadlines: Deadlines,
    ) -> (Result<Handled, MessageError>, Duration) {
        let started = Instant::now();
        // In a box, because the compiler gives up on the layout of futures this deep.
        let handling = Box::pin(self.handle_in_time(message, now, deadlines));
        let result =
            timeout_at(deadlines.queues, handling).await.unwrap_or(Err(MessageError::Late));
        if let Err(why) = &result {
            let pause =
                if why.is_final() { Duration::ZERO } else { pause_after(message.receives()) };
            // If this fails, it comes back when the queue's own time is over.
            let hiding = self.storage.deferred().hide(&message.receipt_handle, pause);
            let _ = timeout_at(deadlines.end, hiding).await;
        }
        (result, started.elapsed())
    }

    async fn handle_in_time(
        &self,
        message: &SqsMessage,
        now: Timestamp,
        deadlines: Deadlines,
    ) -> Result<Handled, MessageError> {
        let DeferredMessage { app, work } =
            DeferredMessage::read(&message.body).map_err(MessageError::Unreadable)?;
        match work {
            Work::Events(events) => {
                self.apply(&message.message_id, app, events, now, deadlines).await
            }
            Work::Sweep(sweep) => self.sweep(&app, sweep, deadlines).await,
        }
    }

    async fn apply(
        &self,
        message_id: &str,
        app: AppKey,
        events: &RawValue,
        now: Timestamp,
        deadlines: Deadlines,
    ) -> Result<Handled, MessageError> {
        let events = Verified::from_queue(app, events.get().into());
        let parsed = parse(&events, now).map_err(|_| MessageError::NoEvents)?;
        let origin = Origin { app_key: events.app(), request_id: message_id, received_at: now };
        let policy = UnwrittenPolicy::DeferAfterProgress(REMAINDER_DELAY);
        let saved = self.storage.save(parsed, origin, deadlines, policy).await;
        saved.map(|saved| Handled::Saved(saved.counts)).map_err(MessageError::Unsaved)
    }

    /// Sweeps as far as time and table allow, and queues the rest before this message is gone.
    async fn sweep(
        &self,
        app: &AppKey,
        sweep: Sweep,
        deadlines: Deadlines,
    ) -> Result<Handled, MessageError> {
        let swept = self.storage.table().sweep(app, sweep, deadlines.last_page()).await;
        let (rest, delay) = match swept.map_err(MessageError::Unswept)? {
            Swept::Done { ended } => return Ok(Handled::Swept { ended }),
            Swept::Unfinished { rest, why: None } => (rest, Duration::ZERO),
            Swept::Unfinished { rest, why: Some(_) } => (rest, REMAINDER_DELAY),
        };
        let queued = self.storage.defer_sweep(app, &rest, delay, deadlines.queues).await;
        queued.map(|()| Handled::SweptInPart).map_err(MessageError::RestNotQueued)
    }
}

/// Gives the pause before the next try of a message that was received `receives` times.
fn pause_after(receives: u32) -> Duration {
    let doublings = receives.saturating_sub(1).min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

fn log_line(id: &str, result: Result<Handled, MessageError>, duration: Duration) -> LogLine {
    match result {
        Ok(Handled::Saved(counts)) => LogLine {
            counts: Some(counts),
            ..LogLine::new(Level::Info, "deferred events stored", id, duration)
        },
        Ok(Handled::Swept { ended }) => {
            let message = format!("room swept, {ended} memberships ended");
            LogLine::new(Level::Info, message, id, duration)
        }
        Ok(Handled::SweptInPart) => {
            let message = "room swept in part, the rest is queued";
            LogLine::new(Level::Info, message, id, duration)
        }
        Err(why) => {
            let message = if why.is_final() {
                "message not understood, the queue will move it to the dead letters"
            } else {
                "message not done, the queue will bring it again"
            };
            LogLine {
                error: Some(why.to_string()),
                ..LogLine::new(Level::Error, message, id, duration)
            }
        }
    }
}

impl MessageError {
    /// Says whether the message will never be understood.
    const fn is_final(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::NoEvents)
    }
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => why.fmt(f),
            Self::NoEvents => f.write_str("its events are no JSON array or object"),
            Self::Late => f.write_str("there was no time left"),
            Self::Unsaved(why) => why.fmt(f),
            Self::Unswept(why) => why.fmt(f),
            Self::RestNotQueued(why) => why.fmt(f),
        }
    }
}

impl Error for MessageError {}
