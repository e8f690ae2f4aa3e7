//! Every history of a size, so that none is forgotten.

use chatroom_status_sync::domain::event::Kind;

use crate::history::{Callback, History, Told, callback, create, destroy, join, leave};

/// Makes every history of `size` events of one room and some users, each in a callback of its own.
/// Events may have the same time, or be the same event.
pub fn every_history(size: usize, users: usize) -> Vec<History> {
    every_set(size, users)
        .into_iter()
        .map(|events| History::of(events.into_iter().map(|told| callback([told])).collect()))
        .collect()
}

/// Makes every history of `size` events of one user, with an abandoned callback beside each.
pub fn every_history_with_crashes(size: usize) -> Vec<History> {
    let both = |told| -> [Callback; 2] { [callback([told]), callback([told]).abandoned()] };
    every_set(size, 1)
        .into_iter()
        .map(|events| History::of(events.into_iter().flat_map(both).collect()))
        .collect()
}

/// Makes every history of `size` events of one user in which the room is destroyed last and its
/// sweeps die, with one further event that meets the room ten minutes later: any but a leave.
pub fn every_history_with_dead_sweeps(size: usize) -> Vec<History> {
    let ends_the_room = |events: &Vec<Told>| {
        let newest = |counts: fn(Kind) -> bool| {
            events.iter().map(|told| told.version).filter(|version| counts(version.kind())).max()
        };
        let life = newest(|kind| matches!(kind, Kind::Create | Kind::Join));
        newest(|kind| kind == Kind::Destroy) > life
    };
    let dead = |&told: &Told| callback([told]).with_a_dead_sweep();
    let with_visitors = |events: Vec<Told>| {
        let latest = events.last().map_or(0, |told| told.version.time().millis()) + 1;
        let visitors = (1..=latest).flat_map(|time| [create(time), join(time, 0), destroy(time)]);
        let history = move |visitor| {
            let callbacks = events.iter().map(dead);
            History::of(callbacks.chain([callback([visitor]).ten_minutes_later()]).collect())
        };
        visitors.map(history).collect::<Vec<_>>()
    };
    every_set(size, 1).into_iter().filter(ends_the_room).flat_map(with_visitors).collect()
}

fn every_set(size: usize, users: usize) -> Vec<Vec<Told>> {
    let mut sets = vec![Vec::new()];
    for _ in 0..size {
        sets = sets.iter().flat_map(|set| with_one_more(set, users)).collect();
    }
    sets
}

/// Adds each event that may follow the last one of a sorted set. Times are 1, 2, 3 and so on: for
/// the table only their order matters, not the distance between them.
fn with_one_more(set: &[Told], users: usize) -> Vec<Vec<Told>> {
    let last = set.last().copied();
    let time = last.map_or(0, |last| last.version.time().millis());
    let of_user = |time| (0..users).flat_map(move |user| [join(time, user), leave(time, user)]);
    let of_time = |time| [create(time), destroy(time)].into_iter().chain(of_user(time));
    let events = (time.max(1)..=time + 1).flat_map(of_time);
    events.filter(|&told| last <= Some(told)).map(|told| [set, &[told]].concat()).collect()
}
