//! Sends callbacks for an app as the IM server does: each as often as it takes.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use chatroom_status_sync::{
    callback::keyring::Secret,
    domain::{event::Kind, ids::AppKey, time::Timestamp},
    local::im_server::{SignedCallback, WireEvent, body_of, new_nonce},
};
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use crate::{
    access::AppSecret,
    result::Result,
    send::{HttpAnswer, HttpClient, check},
};

/// Attempts at a callback, the first included.
const ATTEMPTS: usize = 3;
/// The pause before another attempt. The real one is not documented; a short one is harder.
const PAUSE: Duration = Duration::from_millis(200);
/// Rooms in one callback that ends them, and such callbacks under way at once.
const ENDS: usize = 10;
const ENDING: usize = 4;

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
    /// The time at which the callback was sent first.
    pub sent: Instant,
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
    pub fn new(endpoint: &str, app_key: &AppKey, secret: &AppSecret) -> Result<Self> {
        check(endpoint)?;
        let secret = Secret::new(secret.at(endpoint)?);
        let (endpoint, app_key) = (endpoint.to_owned(), app_key.clone());
        Ok(Self { client: HttpClient::new()?, endpoint, app_key, secret })
    }

    /// Sends a callback until it is accepted or was tried often enough. If it is sent later than it
    /// is due, that is the receiver's fault, and counts.
    pub async fn deliver(&self, events: Arc<[WireEvent]>, due: Instant) -> Outcome {
        let nonce = new_nonce();
        let (app, now) = (self.app_key.as_str(), Timestamp::from(SystemTime::now()));
        let callback = SignedCallback::new(app, &self.secret, &nonce, now, body_of(&events));
        let sent = Instant::now();
        let mut outcome = Outcome { events, sent, latency: None, answers: Vec::new() };
        while outcome.accepted().is_none() && outcome.answers.len() < ATTEMPTS {
            if !outcome.answers.is_empty() {
                sleep(PAUSE).await;
            }
            let answer = self.client.post(&callback, &self.endpoint).await;
            if answer.is_ok() {
                outcome.latency.get_or_insert_with(|| due.elapsed());
            }
            outcome.answers.push(answer);
        }
        outcome
    }

    /// Reports the end of rooms, and gives how many ends were not accepted. Members who are in a
    /// room never expire; those whose room ended do, and so does the room.
    pub async fn end_rooms(&self, rooms: &[&String]) -> usize {
        let ends = rooms.chunks(ENDS).map(async |rooms| {
            let now = Timestamp::from(SystemTime::now());
            let end = |room: &&String| WireEvent::new(room, &[], Kind::Destroy.number(), 0, now);
            let outcome = self.deliver(rooms.iter().map(end).collect(), Instant::now()).await;
            outcome.accepted().map_or(rooms.len(), |_| 0)
        });
        stream::iter(ends).buffer_unordered(ENDING).fold(0, async |sum, left| sum + left).await
    }
}
