//! What happens in the rooms of a run, and how the sender words it.

use std::collections::HashMap;

use chatroom_status_sync::{
    domain::{event::Kind, time::Timestamp},
    local::im_server::WireEvent,
};
use fastrand::Rng;

use super::{popularity::Popularity, room::Room};

/// From one flash crowd to the next, and how long one lasts, in milliseconds.
const CROWD_EVERY: u64 = 10_000;
const CROWD_LASTS: u64 = 1000;
/// Users in one event of a flash crowd, at most.
const CROWD: usize = 20;

/// Rooms and users, and what they do next.
pub struct World {
    run: String,
    random: Rng,
    popularity: Popularity,
    /// Those where something happened, by number.
    rooms: HashMap<usize, Room>,
    users: u32,
    crowds: Crowds,
}

/// When many come at once.
struct Crowds {
    every: u64,
    lasts: u64,
    /// The latest one's number and room.
    latest: Option<(u64, usize)>,
}

impl World {
    /// A world without anybody. All ids begin with the run's. `length` is how long it is to be
    /// played, in milliseconds: a short one has its flash crowds as well.
    pub fn new(run: &str, random: Rng, rooms: u32, users: u32, length: u64) -> Self {
        let every = CROWD_EVERY.min(length / 2).max(1);
        Self {
            run: run.to_owned(),
            random,
            popularity: Popularity::of(rooms),
            rooms: HashMap::new(),
            users,
            crowds: Crowds { every, lasts: CROWD_LASTS.min(every / 2), latest: None },
        }
    }

    /// The events of one callback: what happens `elapsed` milliseconds after `start`.
    pub fn callback(&mut self, start: Timestamp, elapsed: u64) -> Vec<WireEvent> {
        let now = start.millis() + elapsed;
        if let Some(room) = self.crowded(elapsed) {
            return vec![self.join(room, CROWD, now)];
        }
        let events = match self.random.u8(0..10) {
            0..7 => 1,
            _ => self.random.usize(2..=5),
        };
        let mut events: Vec<_> = (0..events).map(|_| self.event(now)).collect();
        if self.random.u8(0..10) == 0 {
            self.random.shuffle(&mut events);
        }
        events
    }

    /// The room that everybody goes to, while they do; one callback in five is about others.
    fn crowded(&mut self, elapsed: u64) -> Option<usize> {
        let since = (elapsed + self.crowds.every / 2) % self.crowds.every;
        let number = (elapsed + self.crowds.every / 2) / self.crowds.every;
        if number == 0 || since >= self.crowds.lasts || self.random.u8(0..5) == 0 {
            return None;
        }
        let (_, room) = match self.crowds.latest {
            Some(latest) if latest.0 == number => latest,
            _ => *self.crowds.latest.insert((number, self.popularity.pick(&mut self.random))),
        };
        Some(room)
    }

    fn event(&mut self, now: u64) -> WireEvent {
        let number = self.popularity.pick(&mut self.random);
        let room = self.rooms.entry(number).or_default();
        // Not every create is reported: then the first join tells of the room.
        if !room.is_active && self.random.u8(0..5) > 0 {
            let time = room.create(now);
            return self.word(number, Kind::Create, 0, &[], time);
        }
        match self.random.u8(0..100) {
            0..3 if room.is_active => {
                let time = room.destroy(now);
                let status = if self.random.bool() { 0 } else { 3 };
                self.word(number, Kind::Destroy, status, &[], time)
            }
            3..40 if !room.is_empty() => {
                // On their own, taken out by the auto-exit mechanism, or banned.
                let (status, most) = match self.random.u8(0..10) {
                    0..6 => (0, 2),
                    6..9 => (1, 10),
                    _ => (2, 20),
                };
                let most = self.random.usize(1..=most);
                let (users, time) = room.leave(most, now, &mut self.random);
                self.word(number, Kind::Leave, status, &users, time)
            }
            _ => self.join(number, 4, now),
        }
    }

    /// Up to `most` users join a room. As a rule they were not in it; now and then somebody
    /// reconnects.
    fn join(&mut self, number: usize, most: usize, now: u64) -> WireEvent {
        let room = self.rooms.entry(number).or_default();
        let mut users = vec![self.random.u32(..self.users)];
        for _ in 1..self.random.usize(1..=most) {
            let user = self.random.u32(..self.users);
            if !room.has(user) && !users.contains(&user) {
                users.push(user);
            }
        }
        let time = room.join(&users, now);
        self.word(number, Kind::Join, 0, &users, time)
    }

    fn word(&self, room: usize, kind: Kind, status: u64, users: &[u32], time: u64) -> WireEvent {
        let user = |user| format!("{}-u{user}", self.run);
        WireEvent {
            chat_room_id: format!("{}-r{room}", self.run),
            user_ids: users.iter().map(user).collect(),
            status,
            r#type: kind.number(),
            time: Timestamp::from_millis(time).unwrap_or(Timestamp::MAX),
        }
    }
}
