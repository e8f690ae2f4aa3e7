//! Plays traffic: each callback when it is due, whether or not earlier ones are answered.

use std::{sync::Arc, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{
    record::Record,
    sender::{Outcome, Sender},
    tally::Tally,
    traffic::Traffic,
};
use crate::Result;

/// How often the numbers beside the bar change.
const REFRESH: Duration = Duration::from_millis(200);

/// What a run leaves.
pub struct Played {
    pub tally: Tally,
    pub record: Record,
    /// Whether it was stopped before its end.
    pub is_interrupted: bool,
}

/// Plays all of it, with at most `connections` callbacks under way at once: what is due then waits,
/// and the waiting counts as latency. `stop` ends it early; what is under way is waited for.
pub async fn play(
    mut traffic: Traffic,
    sender: &Arc<Sender>,
    connections: usize,
    stop: &Notify,
    progress: &ProgressBar,
) -> Result<Played> {
    let (mut tally, mut record) = (Tally::new()?, Record::default());
    let mut under_way: JoinSet<Outcome> = JoinSet::new();
    let (start, mut refreshed) = (Instant::now(), Instant::now());
    let mut is_interrupted = false;
    let mut next = traffic.next();
    while next.is_some() || !under_way.is_empty() {
        let due = start + next.as_ref().map_or(Duration::ZERO, |next| next.due);
        tokio::select! {
            biased;
            () = stop.notified(), if !is_interrupted => {
                is_interrupted = true;
                next = None;
            }
            Some(outcome) = under_way.join_next() => {
                let outcome = outcome?;
                if outcome.accepted.is_some() {
                    record.accepted(&outcome.events);
                }
                tally.add(outcome);
                progress.inc(1);
                if refreshed.elapsed() > REFRESH {
                    refreshed = Instant::now();
                    progress.set_message(message(&tally));
                }
            }
            () = until(due), if next.is_some() && under_way.len() < connections => {
                if let Some(delivery) = next.take() {
                    record.sent(&delivery.events);
                    tally.took = start.elapsed();
                    let sender = Arc::clone(sender);
                    under_way.spawn(async move { sender.deliver(delivery, due).await });
                }
                next = traffic.next();
            }
        }
    }
    progress.finish_and_clear();
    Ok(Played { tally, record, is_interrupted })
}

async fn until(due: Instant) {
    if due > Instant::now() {
        sleep_until(due).await;
    }
}

/// A bar for this many of something. Without a terminal on standard error, or if it is not wanted,
/// nothing is seen of it.
pub fn bar(length: u64, what: &str, is_wanted: bool) -> Result<ProgressBar> {
    let template = format!("{{bar:30}} {{pos}}/{{len}} {what}  {{msg}}");
    let style = ProgressStyle::with_template(&template)?;
    let target =
        if is_wanted { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    Ok(ProgressBar::with_draw_target(Some(length), target).with_style(style))
}

fn message(tally: &Tally) -> String {
    format!(
        "{:.0}/s, p50 {:.1?}, p99 {:.1?}, {} not accepted, {} deferred",
        tally.rate(),
        tally.latency(50.0).unwrap_or_default(),
        tally.latency(99.0).unwrap_or_default(),
        tally.lost(),
        tally.changes.deferred
    )
}
