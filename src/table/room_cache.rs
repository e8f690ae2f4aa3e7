//! A warm function's short memory of active rooms, so that a flash crowd does not read one item
//! thousands of times a second.
//!
//! It may be wrong for as long as it lasts: a room can be destroyed meanwhile. That is why a sweep
//! waits for longer than the cache's [`AGE`] and the longest function time-out together; it then
//! finds every join that relied on a state from before the destroy.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    aws::moment::Moment,
    domain::room_state::{OVERDUE, RoomState},
};

/// The time for which a room is remembered.
pub const AGE: Duration = Duration::from_secs(5);
/// The most rooms that are remembered. One more, and all are forgotten.
const MOST_ROOMS: usize = 4096;

/// The states of active rooms, by partition key, and the rooms whose lost sweep was asked for.
#[derive(Debug, Default)]
pub struct RoomCache {
    active: Mutex<HashMap<String, CachedRoom>>,
    asked: Mutex<HashMap<String, Moment>>,
}

#[derive(Debug, Clone, Copy)]
struct CachedRoom {
    state: RoomState,
    asked: Moment,
}

impl RoomCache {
    /// Recalls the state of a room that was active less than [`AGE`] ago; `None` for all others.
    pub fn recall(&self, room: &str) -> Option<RoomState> {
        let CachedRoom { state, asked } = *lock(&self.active).get(room)?;
        asked.is_younger_than(AGE).then_some(state)
    }

    /// Remembers the state of an active room, as a request found it that began at `asked`. Forgets
    /// a room that is not active. A lost sweep is asked for by whoever finds the room, not by those
    /// who remember it.
    pub fn note(&self, room: String, state: RoomState, asked: Moment) {
        let mut rooms = lock(&self.active);
        if state.active {
            if rooms.len() >= MOST_ROOMS {
                rooms.clear();
            }
            let state = RoomState { unswept: false, ..state };
            rooms.insert(room, CachedRoom { state, asked });
        } else {
            rooms.remove(&room);
        }
    }

    /// Says whether this process may ask for the overdue sweep of a room, and notes that it does:
    /// once in so long a time that a sweep should be done.
    pub fn may_ask(&self, room: String) -> bool {
        let mut asked = lock(&self.asked);
        if asked.get(&room).is_some_and(|asked| asked.is_younger_than(OVERDUE)) {
            return false;
        }
        if asked.len() >= MOST_ROOMS {
            asked.clear();
        }
        asked.insert(room, Moment::now());
        true
    }
}

fn lock<T>(rooms: &Mutex<T>) -> MutexGuard<'_, T> {
    rooms.lock().unwrap_or_else(PoisonError::into_inner)
}
