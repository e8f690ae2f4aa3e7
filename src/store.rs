//! What becomes of a verified body: rows in the table, messages in the queues.
//!
//! The same code serves a callback that just came in and one that comes back from the deferred
//! queue. It succeeds only when everything is where it belongs; every part of it can be repeated.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    answer::Counts,
    aws::Aws,
    dead_letters::{self, Origin},
    deferred::Sweep,
    ids::AppKey,
    parse::Parsed,
    plan::Plan,
    queue::Queue,
    settings::Storage,
    table::Table,
};

/// Table and queues.
pub struct Store {
    table: Table,
    deferred: Queue,
    dead_letters: Queue,
    sweep_delay: Duration,
}

impl Store {
    /// Connects to table and queues.
    #[must_use]
    pub fn new(storage: Storage, aws: &Aws) -> Self {
        let sqs = aws.sqs();
        Self {
            table: Table::new(aws.dynamodb(), storage.table_name, storage.retention_days),
            deferred: Queue::new(sqs.clone(), storage.deferred_queue_url),
            dead_letters: Queue::new(sqs, storage.dead_letter_queue_url),
            sweep_delay: storage.sweep_delay,
        }
    }

    /// The table itself.
    #[must_use]
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// Brings what was understood into the table and what was not into the dead-letter queue, at
    /// the same time; then asks for the sweeps of rooms that ended.
    ///
    /// # Errors
    /// What is not known to be stored, for the operator. All of it is to be repeated.
    pub async fn store(
        &self,
        parsed: Parsed<'_>,
        origin: Origin<'_>,
        deadline: Instant,
    ) -> Result<Counts, String> {
        let letters = dead_letters::for_faults(origin, &parsed);
        let Parsed { events, faulty, .. } = parsed;
        let plan = Plan::of(events);
        let (outcome, kept) = tokio::join!(
            self.table.apply(origin.app_key, &plan, deadline),
            self.dead_letters.send(letters, Duration::ZERO, deadline),
        );
        // Only now: a sweep's delay is to count from when the room's end was written.
        let swept = self
            .ask_for(origin.app_key, &outcome.sweeps, self.sweep_delay, deadline)
            .await;
        if let Some(why) = outcome.failure {
            return Err(format!(
                "{} of {} changes unwritten: {why}",
                outcome.unwritten.len(),
                plan.len()
            ));
        }
        kept?;
        swept?;
        let (applied, stale) = (outcome.applied, outcome.stale);
        Ok(Counts {
            applied,
            stale,
            deferred: 0,
            quarantined: faulty,
        })
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
        self.dead_letters
            .send(
                dead_letters::for_body(origin, "the body is no JSON array or object", body),
                Duration::ZERO,
                deadline,
            )
            .await
    }

    /// Puts sweeps into the deferred queue.
    ///
    /// # Errors
    /// Why one of them is not known to be there.
    pub async fn ask_for(
        &self,
        app: &AppKey,
        sweeps: &[Sweep],
        delay: Duration,
        deadline: Instant,
    ) -> Result<(), String> {
        let messages = sweeps.iter().map(|sweep| sweep.message(app)).collect();
        self.deferred.send(messages, delay, deadline).await
    }
}
