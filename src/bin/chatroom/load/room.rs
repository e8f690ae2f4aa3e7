//! A room as it really is, whatever is reported of it.

use std::collections::HashMap;

use fastrand::Rng;

/// Members are numbers; times are Unix milliseconds.
#[derive(Default)]
pub struct Room {
    /// Whether it was created or joined, and not destroyed since.
    pub is_active: bool,
    members: Vec<u32>,
    /// Where in `members` each of them is.
    seats: HashMap<u32, usize>,
    /// When each user of this life of the room last came or went.
    last: HashMap<u32, u64>,
    /// When anything last happened.
    latest: u64,
    /// When it was last destroyed.
    ended: u64,
}

impl Room {
    pub fn has(&self, user: u32) -> bool {
        self.seats.contains_key(&user)
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Users come in. Gives when: now, or a little later if that would be a tie.
    pub fn join(&mut self, users: &[u32], now: u64) -> u64 {
        self.is_active = true;
        for &user in users {
            if !self.has(user) {
                self.seats.insert(user, self.members.len());
                self.members.push(user);
            }
        }
        self.time_for(users, now)
    }

    /// Up to `most` members go. Gives who, and when.
    pub fn leave(&mut self, most: usize, now: u64, random: &mut Rng) -> (Vec<u32>, u64) {
        let mut users = Vec::new();
        while users.len() < most && !self.members.is_empty() {
            let seat = random.usize(..self.members.len());
            let user = self.members.swap_remove(seat);
            if let Some(moved) = self.members.get(seat) {
                self.seats.insert(*moved, seat);
            }
            self.seats.remove(&user);
            users.push(user);
        }
        let time = self.time_for(&users, now);
        (users, time)
    }

    /// The room begins. Gives when.
    pub fn create(&mut self, now: u64) -> u64 {
        self.is_active = true;
        self.time_for(&[], now)
    }

    /// The room ends, with everybody in it. Gives when.
    pub fn destroy(&mut self, now: u64) -> u64 {
        let time = now.max(self.latest + 1);
        *self = Self { latest: time, ended: time, ..Self::default() };
        time
    }

    /// A time at which nothing else happens to any of these users or to the room.
    fn time_for(&mut self, users: &[u32], now: u64) -> u64 {
        let known = users.iter().filter_map(|user| self.last.get(user));
        let time = known.fold(now.max(self.ended + 1), |time, last| time.max(last + 1));
        for &user in users {
            self.last.insert(user, time);
        }
        self.latest = self.latest.max(time);
        time
    }
}
