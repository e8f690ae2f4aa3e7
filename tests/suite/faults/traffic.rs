//! Traffic made from a seed.

use std::hash::{DefaultHasher, Hash, Hasher};

use chatroom_status_sync::local::im_server::WireEvent;

use crate::support::{EventBuilder, create, destroy, join, leave};

/// The size of the traffic.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    pub callbacks: u64,
    pub rooms: u64,
    pub users: u64,
    /// The most events of one callback.
    pub events: u64,
}

/// Few rooms and users, so that many events are about the same ones.
pub const SMALL: Scale = Scale { callbacks: 60, rooms: 8, users: 40, events: 4 };

/// Makes callbacks of a few events, some of them repeated, some late. The same seed makes the same
/// callbacks.
pub fn traffic(seed: u64, scale: Scale) -> Vec<Vec<WireEvent>> {
    let mut all: Vec<Vec<WireEvent>> = Vec::new();
    for number in 0..scale.callbacks {
        let dice = |what: &str, sides: u64| {
            let mut hasher = DefaultHasher::new();
            (seed, number, what).hash(&mut hasher);
            hasher.finish() % sides
        };
        if number > 0 && dice("repeat", 10) == 0 {
            let earlier = usize::try_from(dice("which", number)).unwrap();
            all.push(all[earlier].clone());
            continue;
        }
        let one = |part: u64| {
            let dice = |what: &str, sides| dice(&format!("{what} {part}"), sides);
            let users: Vec<_> =
                (0..=dice("users", 6)).map(|n| dice(&format!("user {n}"), scale.users)).collect();
            let users: Vec<_> = users.iter().map(|user| format!("u{user}")).collect();
            let room = format!("room-{}", dice("room", scale.rooms));
            let status = dice("status", 4);
            let event = match dice("kind", 40) {
                0..3 => create(&room).naming(&users).status(status),
                3..20 => join(&room, &users).status(status),
                20..36 => leave(&room, &users).status(status),
                36..39 => destroy(&room).naming(&users).status(status),
                // An unknown type, with a status of its own: the audit looks for each such event.
                _ => join(&room, &users).of_type(7).status(number * 10 + part),
            };
            // Every event is up to five seconds late.
            event.at(10_000 + number * 50 - dice("late", 5_000))
        };
        all.push((0..=dice("events", scale.events)).map(one).collect());
    }
    all
}
