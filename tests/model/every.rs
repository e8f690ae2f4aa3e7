//! Every history of a size, so that no nasty one is forgotten.

use crate::history::{Callback, History, Told, callback, create, destroy, join, leave};

/// Every set of `size` events of one room and some users, up to the distance between their times:
/// each event in a callback of its own; events may be at the same millisecond, or the same.
pub fn every_history(size: usize, users: usize) -> Vec<History> {
    every_set(size, users)
        .into_iter()
        .map(|events| History::of(events.into_iter().map(|told| callback([told])).collect()))
        .collect()
}

/// Every history of one user, with an abandoned callback beside each.
pub fn every_history_with_crashes(size: usize) -> Vec<History> {
    let both = |told| -> [Callback; 2] { [callback([told]), callback([told]).abandoned()] };
    every_set(size, 1)
        .into_iter()
        .map(|events| History::of(events.into_iter().flat_map(both).collect()))
        .collect()
}

fn every_set(size: usize, users: usize) -> Vec<Vec<Told>> {
    let mut sets = vec![Vec::new()];
    for _ in 0..size {
        sets = sets.iter().flat_map(|set| with_one_more(set, users)).collect();
    }
    sets
}

/// Adds one event, not before the last one of a sorted set. The times are 1, 2, 3 and so on: other
/// sets differ from one of these only in the distance between their times.
fn with_one_more(set: &[Told], users: usize) -> Vec<Vec<Told>> {
    let last = set.last().copied();
    let time = last.map_or(0, |last| last.version.time().millis());
    let of_user = |time| (0..users).flat_map(move |user| [join(time, user), leave(time, user)]);
    let of_time = |time| [create(time), destroy(time)].into_iter().chain(of_user(time));
    let events = (time.max(1)..=time + 1).flat_map(of_time);
    events.filter(|&told| last <= Some(told)).map(|told| [set, &[told]].concat()).collect()
}
