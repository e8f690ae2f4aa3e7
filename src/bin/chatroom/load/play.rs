//! Plays traffic as the IM server sends it: each callback when it is due, whether or not earlier
//! ones are answered, and as often as it takes.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::http::Uri;
use chatroom_status_sync::{
    callback::keyring::Secret,
    domain::{event::Kind, ids::AppKey, time::Timestamp},
    local::im_server::{SignedCallback, WireEvent, body_of},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};

use super::{
    Run,
    record::Record,
    report::Tally,
    traffic::{Delivery, Traffic},
};
use crate::{
    result::Result,
    send::{HttpAnswer, HttpClient},
};

/// Attempts at a callback, the first included.
const ATTEMPTS: usize = 3;
/// The pause before another attempt. The real one is not documented; a short one is harder.
const PAUSE: Duration = Duration::from_millis(200);
/// Rooms in one callback that ends them, and such callbacks under way at once.
const ENDS: usize = 10;
const ENDING: usize = 4;
/// The time from one change of the numbers beside the bar to the next.
const REFRESH: Duration = Duration::from_millis(200);

/// A sender for one app.
pub struct Sender {
    client: HttpClient,
    endpoint: String,
    app_key: AppKey,
    secret: Secret,
}

/// The result of sending a callback.
pub struct Outcome {
    pub events: Arc<[WireEvent]>,
    /// The time from the start of the run until the callback was sent first.
    pub sent: Duration,
    /// The time from when it was due until its first answer, whatever that was.
    pub latency: Option<Duration>,
    /// The answers to all attempts. The first 200 is the last.
    pub answers: Vec<Result<HttpAnswer>>,
}

impl Outcome {
    /// Gives the answer with which the callback was accepted.
    pub fn accepted(&self) -> Option<&HttpAnswer> {
        self.answers.iter().flatten().find(|answer| answer.status == 200)
    }
}

impl Sender {
    pub fn new(endpoint: &str, app_key: &AppKey, secret: &str) -> Result<Self> {
        let uri: Uri = endpoint.parse()?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.query().is_some() {
            return Err(format!("{endpoint} is no http or https URL without a query").into());
        }
        Ok(Self {
            client: HttpClient::new()?,
            endpoint: endpoint.to_owned(),
            app_key: app_key.clone(),
            secret: Secret::new(secret),
        })
    }

    /// Sends a callback until it is accepted or was tried often enough, in a run that began at
    /// `start`. If it is sent late, that is the receiver's fault, and counts.
    pub async fn deliver(&self, delivery: Delivery, start: Instant) -> Outcome {
        let Delivery { due, events } = delivery;
        let (app, body) = (self.app_key.as_str(), body_of(&events));
        // The IM server's have at most 18 digits.
        let nonce = fastrand::u64(..1_000_000_000_000_000_000).to_string();
        let now = Timestamp::from(SystemTime::now());
        let callback = SignedCallback::new(app, &self.secret, &nonce, now, body);
        let sent = start.elapsed();
        let mut outcome = Outcome { events, sent, latency: None, answers: Vec::new() };
        while outcome.accepted().is_none() && outcome.answers.len() < ATTEMPTS {
            if !outcome.answers.is_empty() {
                sleep(PAUSE).await;
            }
            let answer = self.client.post(&callback, &self.endpoint).await;
            if answer.is_ok() {
                outcome.latency.get_or_insert_with(|| start.elapsed().saturating_sub(due));
            }
            outcome.answers.push(answer);
        }
        outcome
    }

    /// Reports the end of rooms, and gives how many ends were not accepted. Members who are in a
    /// room never expire; those whose room ended do, and so does the room.
    pub async fn end_rooms(&self, rooms: &[&str]) -> usize {
        let ends = rooms.chunks(ENDS).map(async |rooms| {
            let now = Timestamp::from(SystemTime::now());
            let end = |room: &&str| WireEvent::new(room, &[], Kind::Destroy.number(), 0, now);
            let events = rooms.iter().map(end).collect();
            let delivery = Delivery { due: Duration::ZERO, events };
            let outcome = self.deliver(delivery, Instant::now()).await;
            outcome.accepted().map_or(rooms.len(), |_| 0)
        });
        stream::iter(ends).buffer_unordered(ENDING).fold(0, async |sum, left| sum + left).await
    }
}

/// The results of a run.
pub struct Played {
    pub tally: Tally,
    pub record: Record,
    /// The run was stopped before its end.
    pub is_interrupted: bool,
}

/// Plays a run. If all connections are busy, what is due waits, and the waiting counts as latency.
/// `stop` ends it early; what is under way is waited for.
pub async fn play(
    run: &Run<'_>,
    sender: &Arc<Sender>,
    stop: &Notify,
    progress: &ProgressBar,
) -> Result<Played> {
    let connections = usize::try_from(run.shape.connections)?;
    let (mut tally, mut record) = (Tally::new()?, Record::default());
    let start = Instant::now();
    let deliveries = stream::iter(Traffic::new(run)).then(async |delivery| {
        sleep_until(start + delivery.due).await;
        delivery
    });
    let outcomes = deliveries.take_until(stop.notified()).map(|delivery| {
        let sender = Arc::clone(sender);
        tokio::spawn(async move { sender.deliver(delivery, start).await })
    });
    let mut outcomes = pin!(outcomes.buffer_unordered(connections));
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
    Ok(Played { is_interrupted: tally.callbacks.sent < run.callbacks(), tally, record })
}
