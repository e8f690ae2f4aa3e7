//! Histories made at random of few rooms, users and moments, so that ties, repeats, late events and
//! several lives of one room are the rule.

use std::fmt;

use chatroom_status_sync::{domain::event::Kind, local::im_server::WireEvent};
use proptest::{collection::vec, prelude::*, sample::subsequence};

use super::{EventBuilder, START, join};

const ROOMS: [&str; 3] = ["r1", "r2", "r3"];
/// Milliseconds between two moments: some lie in the same second, and some do not.
const STEP: u64 = 700;
const USERS: [&str; 4] = ["u1", "u2", "u3", "u4"];

fn one_event() -> impl Strategy<Value = WireEvent> {
    let users = subsequence(USERS.to_vec(), 0..=USERS.len());
    let kind = prop_oneof![
        1 => Just(Kind::Create),
        3 => Just(Kind::Join),
        3 => Just(Kind::Leave),
        1 => Just(Kind::Destroy),
    ];
    (0..ROOMS.len(), users, kind, 0..11_u64, 0..8_u64).prop_map(
        |(room, users, kind, status, time)| {
            join(ROOMS[room], &users).of_type(kind.number()).status(status).at(time * STEP)
        },
    )
}

/// Callbacks in the order of their arrival. `Debug` prints them as sentences.
#[derive(Clone)]
pub struct History {
    pub callbacks: Vec<Vec<WireEvent>>,
}

impl History {
    /// Renames the rooms, so that no function remembers them.
    pub fn in_rooms_of(mut self, prefix: &str) -> Self {
        for event in self.callbacks.iter_mut().flatten() {
            event.chat_room_id = format!("{prefix}-{}", event.chat_room_id);
        }
        self
    }

    /// All events, in the order of their arrival.
    pub fn events(&self) -> Vec<WireEvent> {
        self.callbacks.concat()
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, callback) in self.callbacks.iter().enumerate() {
            writeln!(f, "\ncallback {}:", number + 1)?;
            for event in callback {
                let what = match Kind::from_type(event.r#type) {
                    Some(Kind::Create) => "is created",
                    Some(Kind::Join) => "is joined by",
                    Some(Kind::Leave) => "is left by",
                    Some(Kind::Destroy) => "is destroyed",
                    None => "?",
                };
                let users = event.user_ids.join(" and ");
                let (room, after) = (&event.chat_room_id, event.time.millis() - START);
                write!(f, "  {room} {what} {users} after {after} ms, status {}", event.status)?;
            }
        }
        Ok(())
    }
}

/// Makes any history. Each event is sent one to three times, in any order, in callbacks of one to
/// five events.
pub fn history() -> impl Strategy<Value = History> {
    let sent = vec((one_event(), 1..=3_usize), 1..24).prop_map(|events| {
        let repeat = |(event, times)| std::iter::repeat_n(event, times);
        events.into_iter().flat_map(repeat).collect::<Vec<_>>()
    });
    let shuffled = sent.prop_shuffle();
    (shuffled, vec(1..6_usize, 1..12)).prop_map(|(events, sizes)| in_batches(events, &sizes))
}

fn in_batches(mut events: Vec<WireEvent>, sizes: &[usize]) -> History {
    let mut sizes = sizes.iter().cycle();
    let mut batches = Vec::new();
    while !events.is_empty() {
        let size = sizes.next().map_or(1, |&size| size.min(events.len()));
        batches.push(events.drain(..size).collect());
    }
    History { callbacks: batches }
}
