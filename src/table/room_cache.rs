//! A warm function's short memory of active rooms, so that a flash crowd does not read one item
//! thousands of times a second.
//!
//! It may be wrong for as long as it lasts: a room can be destroyed meanwhile. That is why a sweep
//! starts only later than the memory's [`AGE`] and the longest function time-out together; it then
//! finds every join that relied on a memory of before the destroy.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use crate::domain::{room_state::RoomState, time::Timestamp};

/// How long a room is remembered.
pub const AGE: Duration = Duration::from_secs(5);
/// How many rooms are remembered at most. Past that, all are forgotten.
const ROOMS: usize = 4096;

/// What was seen, by partition key.
#[derive(Debug, Default)]
pub struct RoomCache(Mutex<HashMap<String, Seen>>);

#[derive(Debug, Clone, Copy)]
struct Seen {
    sight: RoomState,
    asked: Moment,
}

/// A moment on two clocks. A frozen function's own clock may stand still while the world's goes on,
/// and the world's can be set back: something is young only while both say so.
#[derive(Debug, Clone, Copy)]
pub struct Moment(Instant, Timestamp);

impl Moment {
    /// This moment.
    pub fn now() -> Self {
        Self(Instant::now(), Timestamp::from(SystemTime::now()))
    }

    fn is_young(self) -> bool {
        let Self(instant, time) = self;
        let now = Timestamp::from(SystemTime::now());
        instant.elapsed() < AGE && now >= time && now.since(time) < AGE
    }
}

impl RoomCache {
    /// What is remembered of a room: that it is active, and the last destroy that it survived.
    pub fn recall(&self, room: &str) -> Option<RoomState> {
        let Seen { sight, asked } = *self.lock().get(room)?;
        asked.is_young().then_some(sight)
    }

    /// Remembers a room as it was seen by a request that began when it was `asked` for; forgets it
    /// if it was not active.
    pub fn note(&self, room: String, sight: RoomState, asked: Moment) {
        let mut rooms = self.lock();
        if sight.active {
            if rooms.len() >= ROOMS {
                rooms.clear();
            }
            rooms.insert(room, Seen { sight, asked });
        } else {
            rooms.remove(&room);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
