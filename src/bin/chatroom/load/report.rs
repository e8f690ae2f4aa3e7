//! What a run comes to, for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{audit::Audit, play::Played, tally::Tally};
use crate::{Result, print};

/// Mismatches that are listed.
const LISTED: usize = 20;
const PERCENTILES: [(&str, f64); 5] =
    [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99.9", 99.9), ("max", 100.0)];

/// A run that is over.
pub struct Report<'a> {
    /// What tells the run from others.
    pub facts: Value,
    pub played: &'a Played,
    pub audit: &'a Audit,
}

impl Report<'_> {
    /// Prints it for people.
    pub fn print(&self) {
        let tally = &self.played.tally;
        println!(
            "sent       {} callbacks with {} events in {:.1} s, {:.1}/s",
            tally.sent,
            tally.events,
            tally.took.as_secs_f64(),
            tally.rate()
        );
        println!("answers    {}", answers(tally));
        if let Some(why) = &tally.failure {
            println!("           the first that was not 200: {why}");
        }
        println!("latency    {}", latencies(tally));
        println!("           from when a callback was due until its first answer");
        let changes = tally.changes;
        println!(
            "changes    {} applied, {} stale, {} deferred, {} quarantined",
            changes.applied, changes.stale, changes.deferred, changes.quarantined
        );
        self.print_audit();
    }

    fn print_audit(&self) {
        let audit = self.audit;
        if let Some(why) = &audit.failure {
            println!("table      not audited: {why}");
            return;
        }
        println!(
            "table      {} rooms, {} members in them and {} gone as they should be, {} unknown, {} wrong",
            audit.rooms,
            audit.present,
            audit.absent,
            audit.unknown,
            audit.mismatches.len()
        );
        for wrong in audit.mismatches.iter().take(LISTED) {
            println!(
                "           {} in {}: should be {}, the table says {}",
                wrong.user_id, wrong.chat_room_id, wrong.expected, wrong.found
            );
        }
        if audit.mismatches.len() > LISTED {
            println!("           and {} more", audit.mismatches.len() - LISTED);
        }
    }

    /// Prints it for programs.
    pub fn print_json(&self) -> Result {
        let tally = &self.played.tally;
        let latencies = PERCENTILES.map(|(name, percent)| {
            let latency = tally.latency(percent);
            let micros = latency.and_then(|latency| u64::try_from(latency.as_micros()).ok());
            (name.to_owned(), micros.into())
        });
        let mut audit = json!(self.audit);
        audit["wrong"] = self.audit.mismatches.len().into();
        if let Some(listed) = audit["mismatches"].as_array_mut() {
            listed.truncate(LISTED);
        }
        print::json(&json!({
            "run": self.facts,
            "interrupted": self.played.is_interrupted,
            "callbacks": {
                "sent": tally.sent,
                "accepted": tally.accepted,
                "lost": tally.lost(),
                "events": tally.events,
                "triedAgain": tally.tried_again,
                "perSecond": tally.rate(),
            },
            "answers": tally.answers,
            "timedOut": tally.timed_out,
            "failed": tally.failed,
            "failure": tally.failure,
            "latencyMicros": Value::Object(latencies.into_iter().collect()),
            "changes": tally.changes,
            "table": audit,
        }))
    }

    /// Whether the deployment did what it promises.
    pub fn verdict(&self) -> Result {
        let (lost, wrong) = (self.played.tally.lost(), self.audit.mismatches.len());
        let mut faults = Vec::new();
        if lost > 0 {
            let of = self.played.tally.sent;
            faults.push(format!("{lost} of {of} callbacks were never accepted"));
        }
        if wrong > 0 {
            faults.push(format!("the table is wrong about {wrong} members"));
        }
        if self.audit.failure.is_some() {
            faults.push("the table was not audited".to_owned());
        }
        if self.played.is_interrupted {
            faults.push("interrupted".to_owned());
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(faults.join("; ").into())
    }
}

fn answers(tally: &Tally) -> String {
    let mut parts: Vec<_> =
        tally.answers.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    for (count, what) in [(tally.timed_out, "no answer in time"), (tally.failed, "no connection")] {
        if count > 0 {
            parts.push(format!("{count} × {what}"));
        }
    }
    let mut text = parts.join(", ");
    let lost = tally.lost();
    if lost > 0 || tally.tried_again > 0 {
        // Writing to a string cannot fail.
        let _ =
            write!(text, "; {} tried again, {lost} callbacks never accepted", tally.tried_again);
    }
    text
}

fn latencies(tally: &Tally) -> String {
    let part = |(name, percent)| {
        let millis = tally.latency(percent)?.as_secs_f64() * 1000.0;
        Some(format!("{name} {millis:.1} ms"))
    };
    let parts: Option<Vec<_>> = PERCENTILES.into_iter().map(part).collect();
    parts.map_or_else(|| "nothing was answered".to_owned(), |parts| parts.join(", "))
}
