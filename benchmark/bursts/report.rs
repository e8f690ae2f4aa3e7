//! The numbers of a burst, for people and for programs.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
    sync::PoisonError,
    time::Duration,
};

use serde::Serialize;

use crate::{
    series::Sample,
    stage::{Ending, Stage},
    template::Mapping,
};

/// The numbers of a burst.
#[derive(Serialize)]
pub struct Report {
    burst: &'static str,
    /// Members whose items had to change.
    changes: u64,
    /// Seconds until the table was right, and the least that the partition allows.
    right_seconds: Option<f64>,
    least_seconds: f64,
    /// Seconds until no message was left.
    settled_seconds: Option<f64>,
    callbacks: Callbacks,
    worker: Worker,
    requests: BTreeMap<String, u64>,
    requests_per_change: f64,
    throttled: u64,
    dead_letters: usize,
    /// The way in which the worker gets its messages.
    mappings: Vec<Mapping>,
    /// Lines of the worker's log, without their numbers.
    worker_said: BTreeMap<String, u64>,
    seconds: Vec<Sample>,
}

#[derive(Serialize)]
struct Callbacks {
    accepted: u64,
    refused: u64,
    /// Milliseconds for which a callback held its function.
    hold_p50_ms: f64,
    hold_p95_ms: f64,
    hold_max_ms: f64,
    functions_at_once: usize,
    processes: u64,
    deferred: u64,
    peak_memory_mb: f64,
}

#[derive(Serialize)]
struct Worker {
    invocations: u64,
    nowhere: u64,
    /// Invocations that handled a sweep.
    hops: u64,
    messages: u64,
    most_receives: u64,
    functions_at_once: usize,
    peak_memory_mb: f64,
    failures: Vec<String>,
}

impl Report {
    /// Collects the numbers of a burst that has ended.
    pub fn new(
        burst: &'static str,
        changes: u64,
        least_seconds: f64,
        ending: &Ending,
        stage: &Stage,
        seconds: Vec<Sample>,
    ) -> Self {
        let counts = stage.deployment.partitions.counts();
        Self {
            burst,
            changes,
            right_seconds: ending.right.map(rounded),
            least_seconds,
            settled_seconds: ending.settled.map(rounded),
            callbacks: Callbacks::of(stage),
            worker: Worker::of(stage),
            requests_per_change: ratio(counts.total(), changes),
            throttled: counts.throttled,
            requests: counts.requests,
            dead_letters: stage.deployment.dead_letters(),
            mappings: stage.mappings.clone(),
            worker_said: stage.worker.said(),
            seconds,
        }
    }

    /// Writes all numbers as JSON.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

impl Callbacks {
    fn of(stage: &Stage) -> Self {
        let (mut sent, usage) = (stage.sender.sent(), stage.sender.callback.usage());
        sent.held.sort_unstable();
        Self {
            accepted: sent.accepted,
            refused: sent.refused,
            hold_p50_ms: percentile(&sent.held, 50),
            hold_p95_ms: percentile(&sent.held, 95),
            hold_max_ms: percentile(&sent.held, 100),
            functions_at_once: usage.most_at_once,
            processes: stage.sender.callback.started(),
            deferred: sent.deferred,
            peak_memory_mb: megabytes(usage.peak_memory),
        }
    }
}

impl Worker {
    fn of(stage: &Stage) -> Self {
        let tally = stage.tally.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let usage = stage.worker.usage();
        Self {
            invocations: tally.invocations,
            nowhere: tally.nowhere,
            hops: tally.sweeps,
            messages: tally.messages,
            most_receives: tally.most_receives,
            functions_at_once: usage.most_at_once,
            peak_memory_mb: megabytes(usage.peak_memory),
            failures: tally.failures,
        }
    }
}

/// Words the numbers for people.
impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { callbacks, worker, .. } = self;
        let after = |seconds: Option<f64>| {
            seconds.map_or_else(|| "not within the limit".to_owned(), |it| format!("{it:.1} s"))
        };
        let requests: Vec<_> =
            self.requests.iter().map(|(operation, count)| format!("{count} {operation}")).collect();
        let rows = [
            (
                "table right after",
                format!("{}, least {:.1} s", after(self.right_seconds), self.least_seconds),
            ),
            ("no message left after", after(self.settled_seconds)),
            (
                "a callback holds a function for",
                format!(
                    "p50 {:.0} ms, p95 {:.0} ms, max {:.0} ms",
                    callbacks.hold_p50_ms, callbacks.hold_p95_ms, callbacks.hold_max_ms
                ),
            ),
            (
                "functions at once",
                format!(
                    "{} callback, {} worker",
                    callbacks.functions_at_once, worker.functions_at_once
                ),
            ),
            (
                "callbacks",
                format!(
                    "{} accepted, {} refused, {} changes deferred",
                    callbacks.accepted, callbacks.refused, callbacks.deferred
                ),
            ),
            (
                "requests per change",
                format!("{:.2} ({})", self.requests_per_change, requests.join(", ")),
            ),
            ("throttled requests", self.throttled.to_string()),
            (
                "worker invocations",
                format!(
                    "{}, of which {} got nowhere and {} handled a sweep",
                    worker.invocations, worker.nowhere, worker.hops
                ),
            ),
            (
                "messages handed over",
                format!(
                    "{}, one up to {} times; {} invocations failed",
                    worker.messages,
                    worker.most_receives,
                    worker.failures.len()
                ),
            ),
            ("dead letters", self.dead_letters.to_string()),
            (
                "peak memory",
                format!(
                    "callback {:.1} MB, worker {:.1} MB",
                    callbacks.peak_memory_mb, worker.peak_memory_mb
                ),
            ),
        ];
        for (label, value) in rows {
            writeln!(f, "{label:32} {value}")?;
        }
        for Mapping { queue, batch, concurrency, .. } in &self.mappings {
            writeln!(
                f,
                "{:32} batches of {batch}, {concurrency} at once",
                format!("queue {queue}")
            )?;
        }
        for (words, count) in &self.worker_said {
            writeln!(f, "{:>32} {words}", format!("worker said {count} times"))?;
        }
        Ok(())
    }
}

fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}

/// Gives the time that so many percent did not exceed, in milliseconds.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// Divides two counts. Counts are far below the numbers that a double no longer holds.
#[allow(clippy::cast_precision_loss)]
fn ratio(count: u64, of: u64) -> f64 {
    count as f64 / of as f64
}

fn megabytes(kibibytes: u64) -> f64 {
    ratio(kibibytes * 1024, 1_000_000)
}
