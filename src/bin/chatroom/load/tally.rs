//! What was answered, counted while the run goes on.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;

use super::sender::{Attempt, Changes, Outcome};
use crate::Result;

/// Digits of a latency that are kept.
const DIGITS: u8 = 3;
/// The longest latency that is told from longer ones: an hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;

/// Everything but the record of who is where.
pub struct Tally {
    /// Callbacks that were sent, and how many of them were answered 200.
    pub sent: u64,
    pub accepted: u64,
    /// Events in all callbacks.
    pub events: u64,
    /// Attempts after the first.
    pub tried_again: u64,
    /// Answers by status.
    pub answers: BTreeMap<u16, u64>,
    /// Attempts that nobody answered in time.
    pub timed_out: u64,
    /// Attempts whose connection failed.
    pub failed: u64,
    /// What the first failure or refusal said.
    pub failure: Option<String>,
    /// What the answers say, added up.
    pub changes: Changes,
    /// From the start until the last callback was sent.
    pub took: Duration,
    /// In microseconds.
    latencies: Histogram<u64>,
}

impl Tally {
    /// Nothing yet.
    pub fn new() -> Result<Self> {
        Ok(Self {
            sent: 0,
            accepted: 0,
            events: 0,
            tried_again: 0,
            answers: BTreeMap::new(),
            timed_out: 0,
            failed: 0,
            failure: None,
            changes: Changes::default(),
            took: Duration::ZERO,
            latencies: Histogram::new_with_max(LONGEST, DIGITS)?,
        })
    }

    /// Counts what became of a callback.
    pub fn add(&mut self, outcome: Outcome) {
        self.sent += 1;
        self.events += u64::try_from(outcome.events.len()).unwrap_or_default();
        self.tried_again +=
            u64::try_from(outcome.attempts.len().saturating_sub(1)).unwrap_or_default();
        for attempt in outcome.attempts {
            match attempt {
                Attempt::Accepted => *self.answers.entry(200).or_default() += 1,
                Attempt::Refused(status, answer) => {
                    *self.answers.entry(status).or_default() += 1;
                    let refusal = || format!("{status} {answer:?}");
                    self.failure.get_or_insert_with(refusal);
                }
                Attempt::TimedOut => self.timed_out += 1,
                Attempt::Failed(why) => {
                    self.failed += 1;
                    self.failure.get_or_insert(why);
                }
            }
        }
        if let Some(latency) = outcome.latency {
            let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST);
            self.latencies.saturating_record(micros);
        }
        if let Some(changes) = outcome.accepted {
            self.accepted += 1;
            self.changes.applied += changes.applied;
            self.changes.stale += changes.stale;
            self.changes.deferred += changes.deferred;
            self.changes.quarantined += changes.quarantined;
        }
    }

    /// Callbacks that the sender gave up.
    pub fn lost(&self) -> u64 {
        self.sent - self.accepted
    }

    /// The latency that so many percent of the answered callbacks did not exceed, if there are any.
    pub fn latency(&self, percent: f64) -> Option<Duration> {
        let micros = self.latencies.value_at_percentile(percent);
        (!self.latencies.is_empty()).then_some(Duration::from_micros(micros))
    }

    /// Callbacks per second, as they were sent, to a tenth.
    pub fn rate(&self) -> f64 {
        let sent = f64::from(u32::try_from(self.sent).unwrap_or(u32::MAX));
        (sent * 10.0 / self.took.as_secs_f64().max(0.001)).round() / 10.0
    }
}
