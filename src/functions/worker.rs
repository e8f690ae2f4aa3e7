//! The worker's side: SQS events in, a batch response out.
//!
//! Each message is a [`DeferredMessage`]: events that are applied as if they had just come in, or a room's
//! end that is brought to its members. All messages of a batch are worked on at once, each on its
//! own: one that fails neither holds up another nor makes it come again.
//!
//! A message that got nowhere stays in the queue and comes back later and later; after enough
//! tries the queue makes it a dead letter. One that got somewhere is replaced by what is left of
//! it. And one that cannot be read will never be: it comes back at once, to be a dead letter soon.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use crate::{
    aws::Aws,
    callback::{Verified, body::parse},
    domain::{ids::AppKey, sweep::Sweep, time::Timestamp},
    functions::{
        log::{Level, LogLine},
        settings::StorageSettings,
        storage::{Deadlines, Storage, Unwritten},
    },
    table::sweep::Swept,
    wire::{
        answer::Counts,
        dead_letters::Origin,
        deferred::{DeferredMessage, Work},
        sqs::{BatchItemFailure, BatchResponse, SqsEvent, SqsMessage},
    },
};

/// What is kept of the function's time, to queue what is left.
const QUEUE_TIME: Duration = Duration::from_secs(1);
/// What is kept of that, to keep a message that got nowhere out of sight.
const HIDE_TIME: Duration = Duration::from_millis(300);
/// After how long the rest of a message is tried that was done in part.
const REST_DELAY: Duration = Duration::from_secs(5);
/// After how long a message comes back that got nowhere for the first time. Doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// What a sweep keeps of the function's time: to finish its page, and to queue what is left.
const PAGE_TIME: Duration = Duration::from_secs(5);

/// What does what was deferred.
pub struct Worker {
    store: Storage,
}

/// What was done about a message.
enum Done {
    Stored(Counts),
    Swept(usize),
    SweptInPart,
}

/// Why nothing was done about a message.
enum Trouble {
    /// It is no message of ours, and never will be.
    Unreadable(String),
    /// It is to be tried again.
    Stuck(String),
}

impl Worker {
    /// Connects to table and queues.
    pub fn new(storage: StorageSettings, aws: &Aws) -> Self {
        Self { store: Storage::new(storage, aws) }
    }

    /// Does what a batch of messages says, until `deadline`. What is not done by then is reported,
    /// and comes again.
    pub async fn work(
        &self,
        event: SqsEvent,
        now: Timestamp,
        deadline: Instant,
    ) -> (BatchResponse, Vec<LogLine>) {
        let working = event.records.iter();
        let working = working.map(|message| self.work_on(message, now, deadline));
        let (mut response, mut lines) = (BatchResponse::default(), Vec::new());
        for (message, (result, duration)) in event.records.iter().zip(join_all(working).await) {
            lines.push(line(&message.message_id, &result, duration));
            if result.is_err() {
                response
                    .batch_item_failures
                    .push(BatchItemFailure { item_identifier: message.message_id.clone() });
            }
        }
        (response, lines)
    }

    /// Does what a message says, and keeps it away for a while if that could not be done.
    async fn work_on(
        &self,
        message: &SqsMessage,
        now: Timestamp,
        deadline: Instant,
    ) -> (Result<Done, Trouble>, Duration) {
        let started = Instant::now();
        let before = |time| deadline.checked_sub(time).unwrap_or(started);
        let until = Deadlines { table: before(QUEUE_TIME), queues: before(HIDE_TIME) };
        // In a box, because the compiler gives up on the layout of futures this deep.
        let working = Box::pin(self.do_what_it_says(message, now, until));
        let late = || Err(Trouble::Stuck("there was no time left".to_owned()));
        let result = timeout_at(until.queues, working).await.unwrap_or_else(|_| late());
        let pause = match &result {
            Ok(_) => return (result, started.elapsed()),
            Err(Trouble::Unreadable(_)) => Duration::ZERO,
            Err(Trouble::Stuck(_)) => message.pause(),
        };
        // If this fails, it comes back when the queue's own time is over.
        let hiding = self.store.deferred().hide(&message.receipt_handle, pause);
        let _ = timeout_at(deadline, hiding).await;
        (result, started.elapsed())
    }

    async fn do_what_it_says(
        &self,
        SqsMessage { message_id, body, .. }: &SqsMessage,
        now: Timestamp,
        until: Deadlines,
    ) -> Result<Done, Trouble> {
        let message = DeferredMessage::read(body);
        let DeferredMessage { app, work } =
            message.map_err(|why| Trouble::Unreadable(why.to_string()))?;
        match work {
            Work::Events(events) => self.apply(message_id, app, events, now, until).await,
            Work::Sweep(sweep) => self.sweep(&app, sweep, until.queues).await,
        }
    }

    async fn apply(
        &self,
        id: &str,
        app: AppKey,
        events: &RawValue,
        now: Timestamp,
        until: Deadlines,
    ) -> Result<Done, Trouble> {
        let events = Verified::from_queue(app, events.get().into());
        let parsed = parse(&events, now).map_err(|_| {
            Trouble::Unreadable("its events are no JSON array or object".to_owned())
        })?;
        let origin = Origin { app_key: events.app(), request_id: id, received_at: now };
        let unwritten = Unwritten::DeferAfterProgress(REST_DELAY);
        let stored = self.store.store(parsed, origin, until, unwritten).await;
        stored.map(|stored| Done::Stored(stored.counts)).map_err(Trouble::Stuck)
    }

    /// Sweeps as far as time and table allow, and asks for the rest before this message is gone.
    async fn sweep(&self, app: &AppKey, sweep: Sweep, deadline: Instant) -> Result<Done, Trouble> {
        let last_page = deadline.checked_sub(PAGE_TIME).unwrap_or(deadline);
        let swept = self.store.table().sweep(app, sweep, last_page).await;
        let (rest, delay) = match swept.map_err(|why| Trouble::Stuck(why.to_string()))? {
            Swept::Done(ended) => return Ok(Done::Swept(ended)),
            Swept::Unfinished(rest, None) => (rest, Duration::ZERO),
            Swept::Unfinished(rest, Some(_)) => (rest, REST_DELAY),
        };
        let asked = self.store.go_on_with(app, &rest, delay, deadline).await;
        asked.map(|()| Done::SweptInPart).map_err(Trouble::Stuck)
    }
}

impl SqsMessage {
    /// How long to wait before the next try: longer each time.
    fn pause(&self) -> Duration {
        let receives = self.attributes.approximate_receive_count.as_deref();
        let receives: u32 = receives.and_then(|count| count.parse().ok()).unwrap_or(1);
        let doublings = receives.saturating_sub(1).min(16);
        (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
    }
}

fn line(id: &str, result: &Result<Done, Trouble>, duration: Duration) -> LogLine {
    let (level, message, counts) = match result {
        Ok(Done::Stored(counts)) => {
            (Level::Info, "deferred events stored".to_owned(), Some(*counts))
        }
        Ok(Done::Swept(ended)) => {
            (Level::Info, format!("room swept, {ended} memberships ended"), None)
        }
        Ok(Done::SweptInPart) => {
            (Level::Info, "room swept in part, the rest is queued".to_owned(), None)
        }
        Err(Trouble::Stuck(_)) => {
            (Level::Error, "message not done, the queue will bring it again".to_owned(), None)
        }
        Err(Trouble::Unreadable(_)) => (
            Level::Error,
            "message not understood, the queue will move it to the dead letters".to_owned(),
            None,
        ),
    };
    LogLine {
        level,
        message,
        request_id: id.to_owned(),
        status: None,
        app_key: None,
        counts,
        duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        lag_ms: None,
        error: result.as_ref().err().map(|trouble| match trouble {
            Trouble::Unreadable(why) | Trouble::Stuck(why) => why.clone(),
        }),
    }
}
