//! Storage: brings a verified body into the table and the queues.
//!
//! The same code serves a callback that just came in and a message that comes back from the
//! deferred queue. It succeeds only when everything is where it belongs, and every part of it can
//! be repeated.

use std::{error::Error, fmt, time::Duration};

use tokio::time::Instant;

use super::{deadlines::Deadlines, settings::StorageSettings};
use crate::{
    aws::{
        Aws,
        queue::{Outgoing, Queue, QueueError},
    },
    callback::body::Parsed,
    domain::{ids::AppKey, plan::Plan, sweep::Sweep},
    table::{Table, write::Unconfirmed},
    wire::{
        answer::Counts,
        dead_letters::{self, Origin},
        deferred::sweep_message,
        packing::event_messages,
    },
};

/// The table and the queues.
pub struct Storage {
    table: Table,
    deferred: Queue,
    dead_letters: Queue,
    sweep_delay: Duration,
}

/// The rule for changes that the table did not confirm in time.
#[derive(Debug, Clone, Copy)]
pub enum UnwrittenPolicy {
    /// They are deferred.
    Defer,
    /// They are deferred by this delay, if any other part of the message is done. If none is, the
    /// message stays in its queue, which counts how often it was tried.
    DeferAfterProgress(Duration),
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
        Self {
            table: Table::new(aws.dynamodb(), settings.table_name, settings.retention_days),
            deferred: queue(settings.deferred_queue_url),
            dead_letters: queue(settings.dead_letter_queue_url),
            sweep_delay: settings.sweep_delay,
        }
    }

    /// Gives the table.
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// Gives the deferred queue.
    pub const fn deferred(&self) -> &Queue {
        &self.deferred
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
        let Parsed { events, faulty, .. } = parsed;
        let plan = Plan::of(events);
        let (outcome, quarantined) = tokio::join!(
            self.table.apply(origin.app_key, plan, deadlines.table),
            self.send_letters(letters, deadlines.queues),
        );
        quarantined?;
        let counts = Counts {
            applied: outcome.applied,
            stale: outcome.stale,
            deferred: outcome.unwritten.len(),
            quarantined: faulty,
        };
        let is_stuck = counts.deferred > 0 && counts.deferred == counts.total();
        let delay = match policy {
            UnwrittenPolicy::Defer => Duration::ZERO,
            UnwrittenPolicy::DeferAfterProgress(_) if is_stuck => {
                return Err(StorageError::Stuck(outcome.failure.unwrap_or(Unconfirmed::Late)));
            }
            UnwrittenPolicy::DeferAfterProgress(delay) => delay,
        };
        // The sweeps are queued only now, because their delay counts from the write of the room's
        // end.
        let sweeps = outcome.sweeps.iter().map(|sweep| sweep_message(origin.app_key, sweep));
        let rest = event_messages(origin.app_key, outcome.unwritten);
        let messages = Outgoing::after(self.sweep_delay, sweeps.collect())
            .chain(Outgoing::after(delay, rest))
            .collect();
        match (self.deferred.send(messages, deadlines.queues).await, outcome.failure) {
            (Ok(()), why_deferred) => Ok(Saved { counts, why_deferred }),
            (Err(queue), None) => Err(StorageError::Queue(queue)),
            (Err(queue), Some(table)) => {
                Err(StorageError::Neither { unwritten: counts.deferred, table, queue })
            }
        }
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

    /// Queues the rest of a sweep.
    pub async fn defer_sweep(
        &self,
        app: &AppKey,
        rest: &Sweep,
        delay: Duration,
        deadline: Instant,
    ) -> Result<(), QueueError> {
        let message = Outgoing { body: sweep_message(app, rest), delay };
        self.deferred.send(vec![message], deadline).await
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
