//! Which callback is due when: new ones, repeats, and those that come late.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chatroom_status_sync::{domain::time::Timestamp, local::im_server::WireEvent};
use fastrand::Rng;

use super::world::World;

/// Of a hundred callbacks, so many are repeated although they were answered.
const REPEATED: u8 = 4;
/// Of a hundred callbacks, so many are sent after later ones.
const LATE: u8 = 4;
/// The longest delay of either, in seconds.
const DELAY: u64 = 5;

/// One sending of a callback.
pub struct Delivery {
    /// When, counted from the start.
    pub due: Duration,
    /// What it says.
    pub events: Arc<[WireEvent]>,
    /// What it is signed with.
    pub nonce: String,
}

/// What is to be played.
pub struct Shape {
    /// What all ids of the run begin with.
    pub run: String,
    /// What decides everything but `run` and `start`.
    pub seed: u64,
    /// When the run starts.
    pub start: Timestamp,
    /// Callbacks per second.
    pub rate: u64,
    /// Callbacks in all, repeats included.
    pub callbacks: u64,
    /// Rooms, at most.
    pub rooms: u32,
    /// Users, at most.
    pub users: u32,
}

/// All deliveries of a run, in the order in which they are due, evenly spaced. What is still held
/// back when the run is over is never reported.
pub struct Traffic {
    shape: Shape,
    world: World,
    random: Rng,
    next: u64,
    /// What is sent later, by the place from which on it is due; the second number keeps them apart.
    held: BTreeMap<(u64, u64), Arc<[WireEvent]>>,
    holds: u64,
}

impl Traffic {
    /// The same shape is the same traffic.
    pub fn new(shape: Shape) -> Self {
        let mut random = Rng::with_seed(shape.seed);
        let length = shape.callbacks.saturating_mul(1000) / shape.rate;
        let world = World::new(&shape.run, random.fork(), shape.rooms, shape.users, length);
        Self { shape, world, random, next: 0, held: BTreeMap::new(), holds: 0 }
    }

    /// When the callback of a place is due.
    fn due(&self, place: u64) -> Duration {
        let rate = self.shape.rate;
        Duration::from_secs(place / rate)
            + Duration::from_nanos(place % rate * 1_000_000_000 / rate)
    }

    /// How many places come after one.
    fn left(&self, place: u64) -> u64 {
        self.shape.callbacks.saturating_sub(place + 1)
    }

    fn events_for(&mut self, place: u64, due: Duration) -> Arc<[WireEvent]> {
        if let Some(held) = self.held.first_entry()
            && held.key().0 <= place
        {
            return held.remove();
        }
        let elapsed = u64::try_from(due.as_millis()).unwrap_or(u64::MAX);
        loop {
            let events = self.world.callback(self.shape.start, elapsed).into();
            if self.left(place) > 0 && self.random.u8(..100) < LATE {
                self.hold(events, place);
                continue;
            }
            if self.random.u8(..100) < REPEATED {
                self.hold(Arc::clone(&events), place);
            }
            return events;
        }
    }

    fn hold(&mut self, events: Arc<[WireEvent]>, place: u64) {
        let most = self.shape.rate.saturating_mul(DELAY);
        let most = most.min(self.left(place)).max(1);
        // Half of them soon, half of them any time.
        let most = if self.random.bool() { most } else { most.min(5) };
        let until = place + self.random.u64(1..=most);
        self.holds += 1;
        self.held.insert((until, self.holds), events);
    }
}

impl Iterator for Traffic {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        let place = self.next;
        if place >= self.shape.callbacks {
            return None;
        }
        self.next += 1;
        let due = self.due(place);
        Some(Delivery {
            due,
            events: self.events_for(place, due),
            // The sender's have at most 18 digits.
            nonce: self.random.u64(..1_000_000_000_000_000_000).to_string(),
        })
    }
}
