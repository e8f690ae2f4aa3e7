//! Histories that are nasty on purpose: few rooms, few users, few milliseconds, so that ties,
//! repeats, returns and several lives of one room are the rule.

use chatroom_status_sync::local::sample::WireEvent;
use proptest::{collection::vec, prelude::*, sample::subsequence};

use super::event;

const ROOMS: [&str; 3] = ["r1", "r2", "r3"];
const USERS: [&str; 4] = ["u1", "u2", "u3", "u4"];

fn one_event() -> impl Strategy<Value = WireEvent> {
    let users = subsequence(USERS.to_vec(), 0..=USERS.len());
    // Joins and leaves as often as creates and destroys together.
    let kind = prop_oneof![1 => Just(0_u64), 3 => Just(1), 3 => Just(2), 1 => Just(3)];
    (0..ROOMS.len(), users, kind, 0..11_u64, 0..8_u64).prop_map(
        |(room, users, kind, status, time)| event(ROOMS[room], &users, kind, status, time),
    )
}

/// Callbacks in the order of their arrival. Every event is sent one to three times.
pub fn history() -> impl Strategy<Value = Vec<Vec<WireEvent>>> {
    let sent = vec((one_event(), 1..=3_usize), 1..24).prop_map(|events| {
        let repeat = |(event, times)| std::iter::repeat_n(event, times);
        events.into_iter().flat_map(repeat).collect::<Vec<_>>()
    });
    let shuffled = sent.prop_shuffle();
    (shuffled, vec(1..6_usize, 1..12)).prop_map(|(events, sizes)| in_batches(events, &sizes))
}

fn in_batches(mut events: Vec<WireEvent>, sizes: &[usize]) -> Vec<Vec<WireEvent>> {
    let mut sizes = sizes.iter().cycle();
    let mut batches = Vec::new();
    while !events.is_empty() {
        let size = sizes.next().map_or(1, |&size| size.min(events.len()));
        batches.push(events.drain(..size).collect());
    }
    batches
}
