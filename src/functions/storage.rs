//! Storage: brings a verified body into the table and the queues.
//!
//! The same code serves a callback that just came in and a message that comes back from the
//! deferred queue. It succeeds only when everything is where it belongs, and every part of it can
//! be repeated. The queues do not depend on each other: whatever one of them refuses, the others
//! get what is theirs.

use std::{error::Error, fmt, ops::Range, time::Duration};

use tokio::time::Instant;

use super::{deadlines::Deadlines, settings::StorageSettings};
use crate::{
    aws::{
        Aws,
        queue::{Outgoing, Queue, QueueError},
    },
    callback::body::Parsed,
    domain::{
        event::{Event, split_off},
        ids::AppKey,
        plan::Plan,
        sweep::Sweep,
    },
    table::{Table, outcome::Outcome, unconfirmed::Unconfirmed},
    wire::{
        answer::Counts,
        dead_letters::{self, Origin},
        deferred::sweep_message,
        packing::event_messages,
    },
};

/// The most changes of a callback that the table is asked for: more than it can write in the time of
/// a callback. What a body says beyond goes to the deferred queue at once.
const MOST_CHANGES: usize = 10_000;
/// The time for which a change waits whose partition was full.
pub const THROTTLED: Range<Duration> = Duration::from_secs(5)..Duration::from_secs(15);
/// The time for which the rest of a message waits that was done in part.
const REMAINDER: Range<Duration> = Duration::from_secs(5)..Duration::from_secs(10);

/// The table and the queues.
pub struct Storage {
    table: Table,
    deferred: Queue,
    sweeps: Queue,
    dead_letters: Queue,
    sweep_delay: Duration,
}

/// The rule for changes that the table did not confirm in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnwrittenPolicy {
    /// They are deferred.
    Defer,
    /// They are deferred, if any other part of the message is done. If none is, the message stays in
    /// its queue, which counts how often it was tried.
    DeferAfterProgress,
}

/// A body whose content is now where it belongs.
#[derive(Debug)]
pub struct Saved {
    /// The numbers of changes and events, by where they are.
    pub counts: Counts,
    /// The reason why something was deferred, for the operator.
    pub why_deferred: Option<Unconfirmed>,
}

/// A body that is not known to be stored. All of it is to be repeated.
#[derive(Debug)]
pub enum StorageError {
    /// A queue did not take something.
    Queue(QueueError),
    /// The table confirmed nothing, and the message stays in its queue.
    Stuck(Unconfirmed),
    /// The table did not confirm some changes, and the deferred queue did not take them either.
    Neither {
        /// The number of those changes.
        unwritten: usize,
        /// The table's reason.
        table: Unconfirmed,
        /// The queue's reason.
        queue: QueueError,
    },
}

impl Storage {
    /// Makes handles on table and queues; nothing is sent yet.
    pub fn new(settings: StorageSettings, aws: &Aws) -> Self {
        let queue = |url| {
            let aws = aws.clone();
            Queue::new(move || aws.sqs(), url)
        };
        let table = Table::new(aws.dynamodb(), settings.table_name, settings.retention_days);
        Self {
            table: table.with_attempt(aws.attempt()),
            deferred: queue(settings.deferred_queue_url),
            sweeps: queue(settings.sweep_queue_url),
            dead_letters: queue(settings.dead_letter_queue_url),
            sweep_delay: settings.sweep_delay,
        }
    }

    /// Asks the table as briefly as callbacks need it.
    pub fn for_callbacks(self) -> Self {
        Self { table: self.table.for_callbacks(), ..self }
    }

    /// Gives the table.
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// Gives the queue with an ARN, of those that bring messages to the worker.
    pub fn queue_with(&self, arn: &str) -> &Queue {
        if self.sweeps.has_arn(arn) { &self.sweeps } else { &self.deferred }
    }

    /// Writes the events that were understood to the table and the others to the dead-letter queue,
    /// at the same time. Then queues the sweeps of rooms that ended, and the changes that the table
    /// did not confirm.
    pub async fn save(
        &self,
        parsed: Parsed<'_>,
        origin: Origin<'_>,
        deadlines: Deadlines,
        policy: UnwrittenPolicy,
    ) -> Result<Saved, StorageError> {
        let letters = dead_letters::for_faults(origin, &parsed);
        let Parsed { mut events, faulty, .. } = parsed;
        let most = match policy {
            UnwrittenPolicy::Defer => MOST_CHANGES,
            // A message is no larger than a queue takes, and each of its tries would make a copy.
            UnwrittenPolicy::DeferAfterProgress => usize::MAX,
        };
        let surplus = split_off(&mut events, most);
        let before = Counts {
            deferred: surplus.iter().map(Event::changes).sum(),
            quarantined: faulty,
            ..Counts::default()
        };
        let storing = async {
            // First, because writing takes all the time that there is.
            let queued = self.defer_events(origin.app_key, surplus, deadlines.queues).await;
            let plan = Plan::of(events);
            let stored = self.store(origin.app_key, plan, before, deadlines, policy).await;
            queued.map_err(StorageError::Queue).and(stored)
        };
        let (stored, quarantined) =
            tokio::join!(storing, self.send_letters(letters, deadlines.queues));
        quarantined.and(stored)
    }

    /// Writes a plan, and queues what follows from it. Adds its changes to those that were counted
    /// before.
    async fn store(
        &self,
        app: &AppKey,
        plan: Plan,
        before: Counts,
        deadlines: Deadlines,
        policy: UnwrittenPolicy,
    ) -> Result<Saved, StorageError> {
        let deadlines = deadlines.reserving(plan.len());
        let copy = deadlines.is_late.then(|| deferrals(app, plan.clone(), Duration::ZERO));
        let copying = async {
            let copy = copy?;
            self.deferred.send(copy, deadlines.queues).await.ok()
        };
        let (outcome, copied) = tokio::join!(self.table.apply(app, plan, deadlines.table), copying);
        let Outcome { applied, stale, unwritten, failure, sweeps } = outcome;
        let unwritten_changes = unwritten.len();
        let deferred = before.deferred + unwritten_changes;
        let counts = Counts { applied, stale, deferred, ..before };
        let is_stuck = policy == UnwrittenPolicy::DeferAfterProgress
            && unwritten_changes > 0
            && unwritten_changes == counts.total();
        let rest = if is_stuck || copied.is_some() {
            Vec::new()
        } else {
            let delay = match (&failure, policy) {
                (Some(Unconfirmed::Throttled(_)), _) => jittered(THROTTLED),
                (_, UnwrittenPolicy::DeferAfterProgress) => jittered(REMAINDER),
                (_, UnwrittenPolicy::Defer) => Duration::ZERO,
            };
            deferrals(app, unwritten, delay)
        };
        let (rest, swept) = tokio::join!(
            self.deferred.send(rest, deadlines.queues),
            // Only now, because their delay counts from the write of the room's end.
            self.queue_sweeps(app, &sweeps, self.sweep_delay, deadlines.queues),
        );
        // What was copied will be told again by the worker, the end of a room included.
        let swept = if copied.is_some() { Ok(()) } else { swept };
        match (rest.and(swept), failure) {
            (_, failure) if is_stuck => {
                Err(StorageError::Stuck(failure.unwrap_or(Unconfirmed::Late)))
            }
            (Ok(()), why_deferred) => Ok(Saved { counts, why_deferred }),
            (Err(queue), None) => Err(StorageError::Queue(queue)),
            (Err(queue), Some(table)) => {
                Err(StorageError::Neither { unwritten: unwritten_changes, table, queue })
            }
        }
    }

    async fn defer_events(
        &self,
        app: &AppKey,
        events: Vec<Event>,
        deadline: Instant,
    ) -> Result<(), QueueError> {
        let messages = Outgoing::after(Duration::ZERO, event_messages(app, events));
        let messages = messages.map(|message| message.of(app, None)).collect();
        self.deferred.send(messages, deadline).await
    }

    /// Keeps a whole body in the dead-letter queue, because it is no JSON array or object.
    pub async fn quarantine(
        &self,
        body: &[u8],
        origin: Origin<'_>,
        deadline: Instant,
    ) -> Result<(), StorageError> {
        let reason = "the body is no JSON array or object";
        self.send_letters(dead_letters::for_body(origin, reason, body), deadline).await
    }

    /// Queues sweeps.
    pub async fn queue_sweeps(
        &self,
        app: &AppKey,
        sweeps: &[Sweep],
        delay: Duration,
        deadline: Instant,
    ) -> Result<(), QueueError> {
        let message = |sweep: &Sweep| {
            let body = sweep_message(app, sweep);
            Outgoing { body, delay, group: None }.of(app, Some(&sweep.room))
        };
        self.sweeps.send(sweeps.iter().map(message).collect(), deadline).await
    }

    async fn send_letters(
        &self,
        letters: Vec<String>,
        deadline: Instant,
    ) -> Result<(), StorageError> {
        let messages = Outgoing::after(Duration::ZERO, letters).collect();
        self.dead_letters.send(messages, deadline).await.map_err(StorageError::Queue)
    }
}

/// Makes the messages that defer changes.
fn deferrals(app: &AppKey, changes: Plan, delay: Duration) -> Vec<Outgoing> {
    let mut rooms = changes.rooms.keys();
    let only_room = rooms.next().filter(|_| rooms.next().is_none()).cloned();
    let messages = event_messages(app, changes.into_events());
    Outgoing::after(delay, messages).map(|message| message.of(app, only_room.as_ref())).collect()
}

/// Draws a time from a range, so that not everything comes back at once.
pub(super) fn jittered(Range { start, end }: Range<Duration>) -> Duration {
    start + end.saturating_sub(start).mul_f32(fastrand::f32())
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(why) => why.fmt(f),
            Self::Stuck(why) => why.fmt(f),
            Self::Neither { unwritten, table, queue } => {
                write!(f, "{unwritten} changes unwritten: {table}; {queue}")
            }
        }
    }
}

impl Error for StorageError {}
