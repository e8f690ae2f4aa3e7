//! Reports what a run comes to, for people and for programs.

use std::{collections::BTreeMap, fmt, result, time::Duration};

use chatroom_status_sync::aws::error::in_words;
use hdrhistogram::Histogram;
use serde::{Serialize, Serializer};
use serde_json::Value;
use tokio::time::error::Elapsed;

use super::{Run, audit::Audit, play::Outcome};
use crate::result::Result;

/// Digits of a latency that are kept.
const DIGITS: u8 = 3;
/// The longest latency that is told from longer ones: an hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;
/// Characters of a refusal that are kept.
const MOST_TEXT: usize = 200;
/// The changes that an answer counts.
const CHANGES: [&str; 4] = ["applied", "stale", "deferred", "quarantined"];
const PERCENTILES: [(&str, f64); 5] =
    [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99.9", 99.9), ("max", 100.0)];

/// The answers, counted while the run goes on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
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
    #[serde(serialize_with = "percentiles")]
    latency_micros: Histogram<u64>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Callbacks {
    pub sent: u64,
    /// Callbacks that were answered 200, and those that the sender gave up.
    pub accepted: u64,
    lost: u64,
    events: usize,
    /// Attempts after the first.
    tried_again: usize,
    per_second: f64,
    /// The time from the start until the last one was sent.
    #[serde(skip)]
    took: Duration,
}

impl Tally {
    pub fn new() -> Result<Self> {
        Ok(Self {
            callbacks: Callbacks::default(),
            answers: BTreeMap::new(),
            timed_out: 0,
            failed: 0,
            failure: None,
            changes: CHANGES.map(|name| (name, 0)).into(),
            latency_micros: Histogram::new_with_max(LONGEST, DIGITS)?,
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
            let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST);
            self.latency_micros.saturating_record(micros);
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
        callbacks.took = callbacks.took.max(outcome.sent);
        let sent = f64::from(u32::try_from(callbacks.sent).unwrap_or(u32::MAX));
        // To a tenth.
        let tenths = sent * 10.0 / callbacks.took.as_secs_f64().max(0.001);
        callbacks.per_second = tenths.round() / 10.0;
    }

    /// Words the numbers that stand beside the bar.
    pub fn so_far(&self) -> String {
        let latency = |percent| latency(&self.latency_micros, percent).unwrap_or_default();
        let ([p50, p99], deferred) = ([50.0, 99.0].map(latency), self.changes["deferred"]);
        let Callbacks { per_second, lost, .. } = self.callbacks;
        format!(
            "{per_second:.0}/s, p50 {p50:.1?}, p99 {p99:.1?}, {lost} not accepted, {deferred} deferred"
        )
    }

    fn answers(&self) -> String {
        let answers = self.answers.iter().map(|(status, count)| format!("{count} × {status}"));
        let others = [(self.timed_out, "no answer in time"), (self.failed, "no connection")];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        let others = others.map(|(count, what)| format!("{count} × {what}"));
        let all = answers.chain(others).collect::<Vec<_>>().join(", ");
        match self.callbacks {
            Callbacks { lost: 0, tried_again: 0, .. } => all,
            Callbacks { lost, tried_again, .. } => {
                format!("{all}; {tried_again} tried again, {lost} callbacks never accepted")
            }
        }
    }

    fn latencies(&self) -> String {
        let latencies = PERCENTILES.into_iter().filter_map(|(name, percent)| {
            let millis = latency(&self.latency_micros, percent)?.as_secs_f64() * 1000.0;
            Some(format!("{name} {millis:.1} ms"))
        });
        let latencies: Vec<_> = latencies.collect();
        if latencies.is_empty() { "nothing was answered".into() } else { latencies.join(", ") }
    }
}

/// Gives the latency that so many percent of the answered callbacks did not exceed; none if nothing
/// was answered.
fn latency(micros: &Histogram<u64>, percent: f64) -> Option<Duration> {
    let micros = (!micros.is_empty()).then(|| micros.value_at_percentile(percent));
    micros.map(Duration::from_micros)
}

fn percentiles<S: Serializer>(micros: &Histogram<u64>, to: S) -> result::Result<S::Ok, S::Error> {
    to.collect_map(PERCENTILES.map(|(name, percent)| {
        let latency = latency(micros, percent);
        (name, latency.map(|latency| latency.as_micros()))
    }))
}

/// A run that is over.
#[derive(Serialize)]
pub struct Report<'a> {
    pub run: &'a Run<'a>,
    pub interrupted: bool,
    #[serde(flatten)]
    pub tally: &'a Tally,
    pub table: &'a Audit,
}

impl Report<'_> {
    /// Judges whether the deployment did what it promises.
    pub fn verdict(&self) -> Result {
        let (Callbacks { lost, sent, .. }, wrong) = (&self.tally.callbacks, self.table.wrong);
        let faults = [
            (*lost > 0).then(|| format!("{lost} of {sent} callbacks were never accepted")),
            (wrong > 0).then(|| format!("the table is wrong about {wrong} members")),
            self.table.failure.as_ref().map(|_| "the table was not audited".to_owned()),
            self.interrupted.then(|| "interrupted".to_owned()),
        ];
        let faults: Vec<_> = faults.into_iter().flatten().collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("; ").into()) }
    }
}

/// Words it for people.
impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Callbacks { sent, events, per_second, took, .. } = &self.tally.callbacks;
        let seconds = took.as_secs_f64();
        writeln!(
            f,
            "sent       {sent} callbacks with {events} events in {seconds:.1} s, {per_second:.1}/s"
        )?;
        writeln!(f, "answers    {}", self.tally.answers())?;
        if let Some(why) = &self.tally.failure {
            writeln!(f, "           the first that was not 200: {why}")?;
        }
        writeln!(f, "latency    {}", self.tally.latencies())?;
        writeln!(f, "           from when a callback was due until its first answer")?;
        let changes = CHANGES.map(|name| format!("{} {name}", self.tally.changes[name]));
        writeln!(f, "changes    {}", changes.join(", "))?;
        write!(f, "table      {}", self.table)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_told_from_each_other_up_to_an_hour() {
        let mut tally = Tally::new().unwrap();
        for latency in [0.002, 3.0, 1800.0].map(|seconds| Some(Duration::from_secs_f64(seconds))) {
            let (events, sent, answers) = ([].into(), Duration::ZERO, vec![Err("cut".into())]);
            tally.add(&Outcome { events, sent, latency, answers });
        }
        let millis = |percent| latency(&tally.latency_micros, percent).map(|told| told.as_millis());
        assert_eq!([30.0, 60.0].map(millis), [Some(2), Some(3000)]);
        assert_eq!(millis(100.0).map(|told| told / 10_000), Some(180));
    }
}
