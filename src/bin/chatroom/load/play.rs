//! Plays traffic: each callback when it is due, whether or not earlier ones are answered.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::{record::Record, run::Run, tally::Tally, traffic::deliveries};
use crate::{result::Result, sender::Sender};

/// The time from one change of the numbers beside the bar to the next.
const REFRESH: Duration = Duration::from_millis(200);

/// Plays a run. If all connections are busy, what is due waits, and the waiting counts as latency.
/// `stop` ends it early; what is under way is waited for.
pub async fn play(
    run: &Run<'_>,
    sender: &Arc<Sender>,
    stop: &Notify,
    progress: &ProgressBar,
) -> Result<(Tally, Record)> {
    let connections = usize::try_from(run.shape.connections)?;
    let start = Instant::now();
    let (mut tally, mut record) = (Tally::new(start)?, Record::default());
    let due = stream::iter(deliveries(run)).then(async |delivery| {
        sleep_until(start + delivery.due).await;
        delivery
    });
    let sendings = due.take_until(stop.notified()).map(|delivery| {
        let (sender, due) = (Arc::clone(sender), start + delivery.due);
        tokio::spawn(async move { sender.deliver(delivery.events, due).await })
    });
    let mut outcomes = pin!(sendings.buffer_unordered(connections));
    let mut refreshed = start;
    while let Some(outcome) = outcomes.try_next().await? {
        record.add(&outcome.events, outcome.accepted().is_some());
        tally.add(&outcome);
        progress.inc(1);
        if refreshed.elapsed() > REFRESH {
            refreshed = Instant::now();
            progress.set_message(tally.so_far());
        }
    }
    progress.finish_and_clear();
    Ok((tally, record))
}
