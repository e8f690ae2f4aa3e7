//! The worker: takes an SQS event, gives a batch response.
//!
//! Each message is a [`DeferredMessage`]: events that are applied as if they had just come in, or
//! the sweep of a destroyed room. All messages of a batch are handled at once, each on its own: one
//! that fails neither holds up another nor makes it come again.
//!
//! A message that got nowhere stays in its queue and comes back later and later; after enough
//! tries the queue makes it a dead letter. One that got somewhere is replaced by what is left of
//! it. One that cannot be read never will be: it comes back at once, to become a dead letter soon.

mod outcome;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::{
    deadlines::Deadlines,
    log::{EventCounts, LogLine, whole_millis},
    settings::StorageSettings,
    storage::{Storage, UnwrittenPolicy, jittered},
};
use crate::{
    aws::Aws,
    callback::{Verified, body::parse},
    domain::{
        event::Event,
        ids::{AppKey, RoomId},
        sweep::Sweep,
        time::Timestamp,
    },
    table::sweep::Swept,
    wire::{
        dead_letters::Origin,
        deferred::{DeferredMessage, Work},
        sqs::{BatchItemFailure, BatchResponse, SqsEvent, SqsMessage},
    },
};
use outcome::{About, Handled, MessageError, log_line};

/// The longest pause before a message that got nowhere comes back for the first time. It doubles
/// with each further time.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// The longest such pause of all.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// The time by which a sweep comes back later than another worker's claim on its room is over.
const STEPPED_BACK: Duration = Duration::from_secs(5);

/// The handler of deferred messages.
pub struct Worker {
    storage: Storage,
    is_warm: AtomicBool,
}

/// An invocation: when it began, and how its time is divided.
#[derive(Clone, Copy)]
struct Invocation {
    now: Timestamp,
    deadlines: Deadlines,
    is_cold: bool,
}

impl Worker {
    /// Makes handles on table and queues; nothing is sent yet.
    pub fn new(settings: StorageSettings, aws: &Aws) -> Self {
        Self { storage: Storage::new(settings, aws), is_warm: AtomicBool::new(false) }
    }

    /// Handles a batch of messages, in an invocation that the platform ends at `killed`. Messages
    /// that are not done by then are reported, and come again.
    pub async fn work(
        &self,
        event: SqsEvent,
        now: Timestamp,
        killed: Instant,
    ) -> (BatchResponse, Vec<LogLine>) {
        let is_cold = !self.is_warm.swap(true, Ordering::Relaxed);
        let invocation = Invocation { now, deadlines: Deadlines::of_message(killed), is_cold };
        let handling = event.records.iter().map(|message| self.handle(message, invocation));
        let (mut response, mut lines) = (BatchResponse::default(), Vec::new());
        for (message, (is_done, line)) in event.records.iter().zip(join_all(handling).await) {
            if !is_done {
                let item_identifier = message.message_id.clone();
                response.batch_item_failures.push(BatchItemFailure { item_identifier });
            }
            lines.push(line);
        }
        (response, lines)
    }

    /// Handles a message, and hides it for a while if it is not done. Says whether it is.
    async fn handle(&self, message: &SqsMessage, invocation: Invocation) -> (bool, LogLine) {
        let (started, deadlines) = (Instant::now(), invocation.deadlines);
        let mut about = About::default();
        // In a box, because the compiler gives up on the layout of futures this deep.
        let handling = Box::pin(self.handle_in_time(message, invocation, &mut about));
        let result =
            timeout_at(deadlines.queues, handling).await.unwrap_or(Err(MessageError::Late));
        let is_done = result.is_ok();
        if let Err(why) = &result {
            let pause =
                if why.is_final() { Duration::ZERO } else { pause_after(message.receives()) };
            // If this fails, it comes back when the queue's own time is over.
            let queue = self.storage.queue_with(&message.queue_arn);
            let _ = timeout_at(deadlines.end, queue.hide(&message.receipt_handle, pause)).await;
        }
        let line = LogLine {
            age_ms: message.sent().map(|sent| invocation.age_ms(sent)),
            cold_start: invocation.is_cold,
            ..log_line(&message.message_id, about, result, started.elapsed())
        };
        (is_done, line)
    }

    async fn handle_in_time(
        &self,
        message: &SqsMessage,
        invocation: Invocation,
        about: &mut About,
    ) -> Result<Handled, MessageError> {
        let DeferredMessage { app, work } =
            DeferredMessage::read(&message.body).map_err(MessageError::Unreadable)?;
        about.app_key = Some(app.to_string());
        match work {
            Work::Events(events) => {
                let events = Verified::from_queue(app, RawValue::get(events).into());
                self.apply(&message.message_id, &events, invocation, about).await
            }
            Work::Sweep(sweep) => {
                about.room = Some(sweep.room.to_string());
                self.sweep(&app, sweep, invocation.deadlines).await
            }
        }
    }

    async fn apply(
        &self,
        message_id: &str,
        events: &Verified,
        Invocation { now, deadlines, .. }: Invocation,
        about: &mut About,
    ) -> Result<Handled, MessageError> {
        let parsed = parse(events, now).map_err(|_| MessageError::NoEvents)?;
        about.events = Some(EventCounts::of(&parsed.events, now));
        about.room = only_room(&parsed.events).map(RoomId::to_string);
        let origin = Origin { app_key: events.app(), request_id: message_id, received_at: now };
        let policy = UnwrittenPolicy::DeferAfterProgress;
        let saved = self.storage.save(parsed, origin, deadlines, policy).await;
        saved.map(|saved| Handled::Saved(saved.counts)).map_err(MessageError::Unsaved)
    }

    /// Sweeps as far as the time allows, and queues the rest before this message is gone.
    async fn sweep(
        &self,
        app: &AppKey,
        sweep: Sweep,
        deadlines: Deadlines,
    ) -> Result<Handled, MessageError> {
        let start = sweep.clone();
        let (handled, rest, pause) =
            match self.storage.table().sweep(app, sweep, deadlines.sweep()).await {
                Swept::Done { ended } => return Ok(Handled::Swept { ended }),
                Swept::Unfinished { rest, ended: 0, why } if rest == start => {
                    return Err(why.map_or(MessageError::Late, MessageError::Unswept));
                }
                Swept::Unfinished { rest, ended, why } => {
                    (Handled::SweptInPart { ended, why }, rest, Duration::ZERO)
                }
                Swept::Elsewhere { pause } => {
                    let pause = jittered(pause..pause + STEPPED_BACK);
                    (Handled::SweptElsewhere, start, pause)
                }
            };
        let queued = self.storage.queue_sweeps(app, &[rest], pause, deadlines.queues).await;
        queued.map(|()| handled).map_err(MessageError::RestNotQueued)
    }
}

impl Invocation {
    fn age_ms(self, sent: Timestamp) -> u64 {
        whole_millis(self.now.since(sent))
    }
}

/// Gives the room of all events, if it is one.
fn only_room(events: &[Event]) -> Option<&RoomId> {
    let room = &events.first()?.room;
    events.iter().all(|event| event.room == *room).then_some(room)
}

/// Draws the pause before the next try of a message that was received `receives` times.
fn pause_after(receives: u32) -> Duration {
    let doublings = receives.saturating_sub(1).min(16);
    let longest = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
    jittered(longest / 2..longest)
}
