//! Decides which callback is due when: new ones, repeats, and those that come late.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chatroom_status_sync::local::im_server::WireEvent;
use fastrand::Rng;

use super::{run::Run, world::World};

/// Callbacks of a hundred that are repeated although they were answered.
const REPEATED: u8 = 4;
/// Callbacks of a hundred that are sent after later ones.
const LATE: u8 = 4;
/// The longest delay of either, in seconds.
const DELAY: u64 = 5;

/// One sending of a callback.
pub struct Delivery {
    /// The time at which it is due, counted from the start.
    pub due: Duration,
    pub events: Arc<[WireEvent]>,
}

/// Makes all deliveries of a run, in the order in which they are due, evenly spaced. The same run
/// is the same traffic.
pub fn deliveries<'a>(run: &'a Run<'a>) -> impl Iterator<Item = Delivery> {
    let mut random = Rng::with_seed(run.seed);
    let world = World::new(run, random.fork());
    let mut traffic = Traffic { run, world, random, held: BTreeMap::new(), holds: 0 };
    (0..run.callbacks()).map(move |place| {
        let due = Duration::from_secs(place) / run.shape.rate;
        Delivery { due, events: traffic.events_for(place, due) }
    })
}

/// The sender's side of a run. What is still held back when the run is over is never reported.
struct Traffic<'a> {
    run: &'a Run<'a>,
    world: World<'a>,
    random: Rng,
    /// Callbacks that are sent later, by the place from which on they are due. The second number
    /// keeps them apart.
    held: BTreeMap<(u64, u64), Arc<[WireEvent]>>,
    holds: u64,
}

impl Traffic<'_> {
    fn events_for(&mut self, place: u64, due: Duration) -> Arc<[WireEvent]> {
        if let Some(held) = self.held.first_entry()
            && held.key().0 <= place
        {
            return held.remove();
        }
        let elapsed = u64::try_from(due.as_millis()).unwrap_or(u64::MAX);
        loop {
            let events: Arc<[_]> = self.world.callback(elapsed).into();
            if self.places_after(place) > 0 && self.random.u8(..100) < LATE {
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
        let most = (u64::from(self.run.shape.rate) * DELAY).min(self.places_after(place)).max(1);
        // Half of them soon, half of them any time.
        let most = if self.random.bool() { most } else { most.min(5) };
        let until = place + self.random.u64(1..=most);
        self.holds += 1;
        self.held.insert((until, self.holds), events);
    }

    fn places_after(&self, place: u64) -> u64 {
        self.run.callbacks().saturating_sub(place + 1)
    }
}
