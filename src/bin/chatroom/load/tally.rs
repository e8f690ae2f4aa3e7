//! Counts the answers while a run goes on.

use std::{collections::BTreeMap, fmt, time::Duration};

use chatroom_status_sync::aws::error::in_words;
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, error::Elapsed};

use super::latency::Latencies;
use crate::{result::Result, sender::Outcome};

/// Characters of a refusal that are kept.
const MOST_TEXT: usize = 200;
/// The changes that an answer counts.
const CHANGES: [&str; 4] = ["applied", "stale", "deferred", "quarantined"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    #[serde(skip)]
    start: Instant,
    pub callbacks: Callbacks,
    /// Answers by status.
    answers: BTreeMap<u16, u64>,
    /// Attempts that nobody answered in time, and those whose connection failed.
    timed_out: u64,
    failed: u64,
    /// The text of the first failure or refusal.
    failure: Option<String>,
    /// The sums of what the answers say.
    changes: BTreeMap<&'static str, u64>,
    latency_micros: Latencies,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Callbacks {
    pub sent: u64,
    /// Callbacks that were answered 200, and those that the sender gave up.
    pub accepted: u64,
    pub lost: u64,
    events: usize,
    /// Attempts after the first.
    tried_again: usize,
    per_second: f64,
    /// The time from the start until the last one was sent.
    #[serde(skip)]
    took: Duration,
}

impl Tally {
    pub fn new(start: Instant) -> Result<Self> {
        Ok(Self {
            start,
            callbacks: Callbacks::default(),
            answers: BTreeMap::new(),
            timed_out: 0,
            failed: 0,
            failure: None,
            changes: CHANGES.map(|name| (name, 0)).into(),
            latency_micros: Latencies::new()?,
        })
    }

    /// Counts the result of sending a callback.
    pub fn add(&mut self, outcome: &Outcome) {
        for answer in &outcome.answers {
            match answer {
                Ok(answer) => {
                    *self.answers.entry(answer.status).or_default() += 1;
                    if answer.status != 200 {
                        let text: String = answer.text.chars().take(MOST_TEXT).collect();
                        self.failure.get_or_insert(format!("{} {text:?}", answer.status));
                    }
                }
                Err(why) if why.is::<Elapsed>() => self.timed_out += 1,
                Err(why) => {
                    self.failed += 1;
                    self.failure.get_or_insert_with(|| in_words(&**why));
                }
            }
        }
        if let Some(latency) = outcome.latency {
            self.latency_micros.add(latency);
        }
        let callbacks = &mut self.callbacks;
        if let Some(answer) = outcome.accepted() {
            callbacks.accepted += 1;
            // Another receiver may answer 200 with anything.
            let said: Value = serde_json::from_str(&answer.text).unwrap_or_default();
            for (name, sum) in &mut self.changes {
                *sum += said[name].as_u64().unwrap_or_default();
            }
        }
        callbacks.sent += 1;
        callbacks.lost = callbacks.sent - callbacks.accepted;
        callbacks.events += outcome.events.len();
        callbacks.tried_again += outcome.answers.len() - 1;
        callbacks.took = callbacks.took.max(outcome.sent - self.start);
        let sent = f64::from(u32::try_from(callbacks.sent).unwrap_or(u32::MAX));
        // To a tenth.
        let tenths = sent * 10.0 / callbacks.took.as_secs_f64().max(0.001);
        callbacks.per_second = tenths.round() / 10.0;
    }

    /// Words the numbers that stand beside the bar.
    pub fn so_far(&self) -> String {
        let [p50, p99] = [50.0, 99.0].map(|percent| self.latency_micros.percentile(percent));
        let deferred = self.changes["deferred"];
        let Callbacks { per_second, lost, .. } = self.callbacks;
        format!(
            "{per_second:.0}/s, p50 {p50:.1?}, p99 {p99:.1?}, {lost} not accepted, {deferred} deferred"
        )
    }

    /// Words the answers: how many there were of each sort.
    fn answers(&self) -> String {
        let others = [(self.timed_out, "no answer in time"), (self.failed, "no connection")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} × {what}"));
        let answers = self.answers.iter().map(|(status, count)| format!("{count} × {status}"));
        let all = answers.chain(others).collect::<Vec<_>>().join(", ");
        match self.callbacks {
            Callbacks { lost: 0, tried_again: 0, .. } => all,
            Callbacks { lost, tried_again, .. } => {
                format!("{all}; {tried_again} tried again, {lost} callbacks never accepted")
            }
        }
    }
}

/// Words it for people.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Callbacks { sent, events, per_second, took, .. } = &self.callbacks;
        let seconds = took.as_secs_f64();
        writeln!(
            f,
            "sent       {sent} callbacks with {events} events in {seconds:.1} s, {per_second:.1}/s"
        )?;
        writeln!(f, "answers    {}", self.answers())?;
        if let Some(why) = &self.failure {
            writeln!(f, "           the first that was not 200: {why}")?;
        }
        writeln!(f, "latency    {}", self.latency_micros)?;
        writeln!(f, "           from when a callback was due until its first answer")?;
        let changes = CHANGES.map(|name| format!("{} {name}", self.changes[name]));
        write!(f, "changes    {}", changes.join(", "))
    }
}
