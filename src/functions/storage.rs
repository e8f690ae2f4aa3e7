//! What becomes of a verified body: rows in the table, messages in the queues.
//!
//! The same code serves a callback that just came in and one that comes back from the deferred
//! queue. It succeeds only when everything is where it belongs; every part of it can be repeated.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    aws::{
        Aws,
        queue::{Outgoing, Queue},
    },
    callback::body::Parsed,
    domain::{ids::AppKey, plan::Plan, sweep::Sweep},
    functions::settings::StorageSettings,
    table::Table,
    wire::{
        answer::Counts,
        dead_letters::{self, Origin},
        deferred,
    },
};

/// Table and queues.
pub struct Storage {
    table: Table,
    deferred: Queue,
    dead_letters: Queue,
    sweep_delay: Duration,
}

/// Until when.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// What the table has not confirmed by then goes to the deferred queue.
    pub table: Instant,
    /// What no queue has confirmed by then is not stored.
    pub queues: Instant,
}

/// What is done about changes that the table did not confirm in time.
#[derive(Debug, Clone, Copy)]
pub enum Unwritten {
    /// They are deferred.
    Defer,
    /// They are deferred by this much, if they are fewer than there were. Where nothing could be
    /// done, whoever brought them keeps them, and counts how often it tried.
    DeferAfterProgress(Duration),
}

/// What became of a body whose content is now where it belongs.
#[derive(Debug)]
pub struct Stored {
    /// How much of it is where.
    pub counts: Counts,
    /// Why something was deferred, for the operator.
    pub why_deferred: Option<String>,
}

impl Storage {
    /// Connects to table and queues.
    pub fn new(storage: StorageSettings, aws: &Aws) -> Self {
        let queue = |url| {
            let aws = aws.clone();
            Queue::new(move || aws.sqs(), url)
        };
        Self {
            table: Table::new(aws.dynamodb(), storage.table_name, storage.retention_days),
            deferred: queue(storage.deferred_queue_url),
            dead_letters: queue(storage.dead_letter_queue_url),
            sweep_delay: storage.sweep_delay,
        }
    }

    /// The table itself.
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// The queue of what is to be done later.
    pub const fn deferred(&self) -> &Queue {
        &self.deferred
    }

    /// Brings what was understood into the table and what was not into the dead-letter queue, at
    /// the same time; then asks for the sweeps of rooms that ended, and defers what the table
    /// did not confirm.
    ///
    /// # Errors
    /// What is neither stored nor queued, for the operator. All of it is to be repeated.
    pub async fn store(
        &self,
        parsed: Parsed<'_>,
        origin: Origin<'_>,
        until: Deadlines,
        unwritten: Unwritten,
    ) -> Result<Stored, String> {
        let letters = dead_letters::for_faults(origin, &parsed);
        let Parsed { events, faulty, .. } = parsed;
        let letters = Outgoing::after(Duration::ZERO, letters).collect();
        let plan = Plan::of(events);
        let (outcome, kept) = tokio::join!(
            self.table.apply(origin.app_key, plan, until.table),
            self.dead_letters.send(letters, until.queues),
        );
        kept?;
        let counts = Counts {
            applied: outcome.applied,
            stale: outcome.stale,
            deferred: outcome.unwritten.len(),
            quarantined: faulty,
        };
        let is_stuck = counts.deferred > 0 && counts.deferred == counts.total();
        let delay = match unwritten {
            Unwritten::Defer => Duration::ZERO,
            Unwritten::DeferAfterProgress(_) if is_stuck => {
                return Err(outcome.failure.unwrap_or_default());
            }
            Unwritten::DeferAfterProgress(delay) => delay,
        };
        // Only now: a sweep's delay is to count from when the room's end was written.
        let sweeps = outcome.sweeps.iter();
        let sweeps = sweeps.map(|sweep| deferred::sweep_message(origin.app_key, sweep)).collect();
        let rest = deferred::event_messages(origin.app_key, outcome.unwritten);
        let messages =
            Outgoing::after(self.sweep_delay, sweeps).chain(Outgoing::after(delay, rest));
        let queued = self.deferred.send(messages.collect(), until.queues).await;
        match (queued, outcome.failure) {
            (Ok(()), why_deferred) => Ok(Stored { counts, why_deferred }),
            (Err(why), None) => Err(why),
            (Err(why), Some(unwritten)) => {
                Err(format!("{} changes unwritten: {unwritten}; {why}", counts.deferred))
            }
        }
    }

    /// Keeps a body that is no JSON array or object.
    ///
    /// # Errors
    /// Why it is not known to be kept.
    pub async fn keep(
        &self,
        body: &[u8],
        origin: Origin<'_>,
        deadline: Instant,
    ) -> Result<(), String> {
        let reason = "the body is no JSON array or object";
        let letters = dead_letters::for_body(origin, reason, body);
        let letters = Outgoing::after(Duration::ZERO, letters).collect();
        self.dead_letters.send(letters, deadline).await
    }

    /// Asks for what is left of a sweep.
    ///
    /// # Errors
    /// Why it is not known to be queued.
    pub async fn go_on_with(
        &self,
        app: &AppKey,
        rest: &Sweep,
        delay: Duration,
        deadline: Instant,
    ) -> Result<(), String> {
        let message = Outgoing { body: deferred::sweep_message(app, rest), delay };
        self.deferred.send(vec![message], deadline).await
    }
}
