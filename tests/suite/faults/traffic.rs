//! Traffic made from a seed.

use std::hash::{DefaultHasher, Hash, Hasher};

use chatroom_status_sync::local::im_server::WireEvent;

use crate::support::{CREATE, DESTROY, EventBuilder, JOIN, LEAVE, join};

/// The size of the traffic.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    pub callbacks: u64,
    pub rooms: u64,
    pub users: u64,
    /// The most events of one callback.
    pub events: u64,
}

/// Few rooms, few users, much trouble.
pub const SMALL: Scale = Scale { callbacks: 60, rooms: 8, users: 40, events: 4 };

/// Callbacks of a few events, partly repeated, partly late. The same seed makes the same.
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
            let kind = match dice("kind", 40) {
                0..3 => CREATE,
                3..20 => JOIN,
                20..36 => LEAVE,
                36..39 => DESTROY,
                _ => 7,
            };
            let users: Vec<_> =
                (0..=dice("users", 6)).map(|n| dice(&format!("user {n}"), scale.users)).collect();
            let users: Vec<_> = users.iter().map(|user| format!("u{user}")).collect();
            // A few seconds late, now and then.
            let time = 10_000 + number * 50 - dice("late", 5_000);
            // What nobody understands differs, so that it can be told apart.
            let status = if kind == 7 { number * 10 + part } else { dice("status", 4) };
            let room = format!("room-{}", dice("room", scale.rooms));
            join(&room, &users).of_type(kind).status(status).at(time)
        };
        all.push((0..=dice("events", scale.events)).map(one).collect());
    }
    all
}
