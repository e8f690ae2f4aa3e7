//! Paces: the worker's writes to a partition, as fast as the partition takes them.
//!
//! A partition takes a thousand writes a second, or fewer where callbacks write to it as well, and
//! does not say how many. So a pace is found by trying: it grows while writes succeed, and falls
//! when one is throttled. Callbacks do not wait, so the worker leaves them their share. Only just
//! after a throttle they do not even try.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Mutex as Queue,
    time::{Instant, sleep_until},
};

/// The requests per second of a pace that knows nothing yet.
const FIRST: f64 = 100.0;
/// The least requests per second.
const SLOWEST: f64 = 10.0;
/// The most requests per second: more than one partition takes.
const FASTEST: f64 = 1500.0;
/// The growth of a pace in a second, as a factor, until its limit was met once, and the most
/// after that.
const SEARCHING: f64 = 20.0;
/// The growth just after a fall. The longer there is none, the more a pace grows.
const GROWING: f64 = 1.1;
/// The part of a pace that is left when a request is throttled.
const SLOWER: f64 = 0.8;
/// The time in which a pace falls once at most: what was sent before it fell says nothing new.
const SETTLING: Duration = Duration::from_millis(100);
/// The time after a fall in which nothing is sent, so that the partition has something to give.
const REST: Duration = Duration::from_millis(50);
/// The time whose requests may be sent at once, because timers are not exact.
const SLACK: f64 = 0.02;
/// The most partitions whose pace is remembered. One more, and all are forgotten.
const MOST_PARTITIONS: usize = 1024;

/// The paces of a process, by partition key.
#[derive(Debug, Default)]
pub(super) struct Paces(Mutex<HashMap<String, Arc<Pace>>>);

/// The pace of requests to one partition.
#[derive(Debug)]
pub(super) struct Pace {
    /// The row of those who wait, so that only the first needs a timer.
    row: Queue<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Requests per second.
    rate: f64,
    /// Requests that may be sent at the moment `counted`, which after a fall lies ahead.
    allowed: f64,
    counted: Instant,
    /// The time of the last fall, once there was one.
    fell: Option<Instant>,
}

impl Paces {
    /// Gives the pace of a partition.
    pub fn of(&self, partition: &str) -> Arc<Pace> {
        let mut paces = self.lock();
        if let Some(known) = paces.get(partition) {
            return known.clone();
        }
        if paces.len() >= MOST_PARTITIONS {
            paces.clear();
        }
        paces.entry(partition.to_owned()).or_default().clone()
    }

    /// Says whether a write to the partition was throttled just now.
    pub fn is_full(&self, partition: &str) -> bool {
        self.lock().get(partition).is_some_and(|pace| pace.state().counted > Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Pace>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Pace {
    fn default() -> Self {
        let now = Instant::now();
        let state = State { rate: FIRST, allowed: 1.0, counted: now, fell: None };
        Self { row: Queue::default(), state: Mutex::new(state) }
    }
}

impl Pace {
    /// Waits until a request may be sent.
    pub async fn wait(&self) {
        let _first = self.row.lock().await;
        while let Some(later) = { self.state().take(Instant::now()) } {
            sleep_until(later).await;
        }
    }

    /// Slows down, because the request that was sent at `sent` was throttled or not answered.
    pub fn fall(&self, sent: Instant) {
        self.state().fall(sent, Instant::now());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes the right to send a request at `now`, or gives the moment at which to ask again.
    fn take(&mut self, now: Instant) -> Option<Instant> {
        let passed = now.saturating_duration_since(self.counted).as_secs_f64();
        self.counted = self.counted.max(now);
        let most = (self.rate * SLACK).max(1.0);
        self.allowed = (self.allowed + passed * self.rate).min(most);
        if self.allowed >= 1.0 {
            self.allowed -= 1.0;
            self.grow(now);
            return None;
        }
        Some(self.counted + Duration::from_secs_f64((1.0 - self.allowed) / self.rate))
    }

    /// Grows for a request that is sent. A pace that nobody uses stays as it is.
    fn grow(&mut self, now: Instant) {
        let in_a_second = self.fell.map_or(SEARCHING, |fell| {
            let seconds = now.saturating_duration_since(fell).as_secs_f64();
            GROWING.powf(1.0 + seconds * seconds).min(SEARCHING)
        });
        self.rate = (self.rate * in_a_second.powf(self.rate.recip())).min(FASTEST);
    }

    fn fall(&mut self, sent: Instant, now: Instant) {
        let is_old = |fell| sent < fell || now.saturating_duration_since(fell) < SETTLING;
        if !self.fell.is_some_and(is_old) {
            self.rate = (self.rate * SLOWER).max(SLOWEST);
            self.fell = Some(now);
            self.allowed = 0.0;
            self.counted = now + REST;
        }
    }
}
