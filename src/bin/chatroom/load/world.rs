//! Invents what happens in the rooms of a run, and words it as the sender does.

use std::collections::HashMap;

use chatroom_status_sync::{
    domain::{event::Kind, time::Timestamp},
    local::im_server::WireEvent,
};
use fastrand::Rng;

use super::run::Run;

/// The weight of the most popular room. The others' follow Zipf's law: the second has half of it,
/// the third a third.
const MOST_POPULAR: u64 = 1_000_000_000;
/// The time from one flash crowd to the next, and the time that one lasts, in milliseconds.
const CROWD_EVERY: u64 = 10_000;
const CROWD_LASTS: u64 = 1000;
/// Users in one event, at most: as a rule, and of a flash crowd.
const GROUP: usize = 4;
const CROWD: usize = 20;

/// Rooms and users, and what they do next.
pub struct World<'a> {
    run: &'a Run<'a>,
    random: Rng,
    popularity: Popularity,
    /// The rooms where something happened, by number.
    rooms: HashMap<usize, Room>,
    /// The time of what happens next, in Unix milliseconds.
    now: u64,
}

/// Each room's weight and that of all before it, by the room's number.
struct Popularity(Vec<u64>);

/// A room as it really is, whatever is reported of it. Users are numbers, times Unix milliseconds.
#[derive(Default)]
struct Room {
    members: Vec<u32>,
    /// The time at which each user of this life of the room last came or went.
    last: HashMap<u32, u64>,
    /// The times at which anything last happened, and at which the room was last destroyed.
    latest: u64,
    ended: u64,
}

impl<'a> World<'a> {
    /// Makes a world without anybody.
    pub fn new(run: &'a Run<'a>, random: Rng) -> Self {
        let popularity = Popularity::of(run.shape.rooms);
        Self { run, random, popularity, rooms: HashMap::new(), now: 0 }
    }

    /// Gives the events of one callback: what happens `elapsed` milliseconds after the start.
    pub fn callback(&mut self, elapsed: u64) -> Vec<WireEvent> {
        self.now = self.run.started_at.millis() + elapsed;
        if let Some(room) = self.crowded_room(elapsed) {
            return vec![self.join(room, CROWD)];
        }
        let count = if self.random.u8(0..10) < 7 { 1 } else { self.random.usize(2..=5) };
        let mut events: Vec<_> = (0..count).map(|_| self.event()).collect();
        if self.random.u8(0..10) == 0 {
            self.random.shuffle(&mut events);
        }
        events
    }

    /// Gives the room that everybody goes to, while they do; one callback in five is about others.
    /// A short run has its flash crowds as well.
    fn crowded_room(&mut self, elapsed: u64) -> Option<usize> {
        let length = self.run.callbacks().saturating_mul(1000) / u64::from(self.run.shape.rate);
        let every = CROWD_EVERY.min(length / 2).max(1);
        let (number, since) = ((elapsed + every / 2) / every, (elapsed + every / 2) % every);
        let is_now = number > 0 && since < CROWD_LASTS.min(every / 2) && self.random.u8(0..5) > 0;
        is_now.then(|| self.popularity.pick(&mut Rng::with_seed(self.run.seed ^ number)))
    }

    fn event(&mut self) -> WireEvent {
        let number = self.popularity.pick(&mut self.random);
        let room = self.rooms.entry(number).or_default();
        // Not every create is reported: then the first join tells of the room.
        if !room.is_active() && self.random.u8(0..5) > 0 {
            return self.report(number, Kind::Create, 0, &[]);
        }
        match self.random.u8(0..100) {
            0..3 if room.is_active() => {
                *room = Room { ended: self.now.max(room.latest + 1), ..Room::default() };
                let status = if self.random.bool() { 0 } else { 3 };
                self.report(number, Kind::Destroy, status, &[])
            }
            3..40 if !room.members.is_empty() => {
                // On their own, taken out by the auto-exit mechanism, or banned.
                let (status, most) = match self.random.u8(0..10) {
                    0..6 => (0, 2),
                    6..9 => (1, 10),
                    _ => (2, 20),
                };
                let count = self.random.usize(1..=most).min(room.members.len());
                let leaves = (0..count).map(|_| {
                    let seat = self.random.usize(..room.members.len());
                    room.members.swap_remove(seat)
                });
                let users: Vec<_> = leaves.collect();
                self.report(number, Kind::Leave, status, &users)
            }
            _ => self.join(number, GROUP),
        }
    }

    /// Lets up to `most` users join a room. As a rule they were not in it; now and then somebody
    /// reconnects.
    fn join(&mut self, number: usize, most: usize) -> WireEvent {
        let room = self.rooms.entry(number).or_default();
        let mut users = vec![self.random.u32(..self.run.shape.users)];
        for _ in 1..self.random.usize(1..=most) {
            let user = self.random.u32(..self.run.shape.users);
            if !room.members.contains(&user) && !users.contains(&user) {
                users.push(user);
            }
        }
        room.members.retain(|member| !users.contains(member));
        room.members.extend(&users);
        self.report(number, Kind::Join, 0, &users)
    }

    /// Words what happens to users of a room, or to the room, and decides its time.
    fn report(&mut self, number: usize, kind: Kind, status: u64, users: &[u32]) -> WireEvent {
        let (run, room) = (&self.run.id, self.rooms.entry(number).or_default());
        let time = if kind == Kind::Destroy { room.ended } else { room.time_for(users, self.now) };
        WireEvent {
            chat_room_id: format!("{run}-r{number}"),
            user_ids: users.iter().map(|user| format!("{run}-u{user}")).collect(),
            status,
            r#type: kind.number(),
            time: Timestamp::from_millis(time).unwrap_or(Timestamp::MAX),
        }
    }
}

impl Popularity {
    fn of(rooms: u32) -> Self {
        let mut sum = 0;
        let sums = (1..=u64::from(rooms)).map(|rank| {
            sum += MOST_POPULAR / rank;
            sum
        });
        Self(sums.collect())
    }

    /// Picks a room.
    fn pick(&self, random: &mut Rng) -> usize {
        let point = random.u64(..self.0.last().copied().unwrap_or(1));
        self.0.partition_point(|&sum| sum <= point)
    }
}

impl Room {
    /// Tells whether it was created or joined, and not destroyed since.
    fn is_active(&self) -> bool {
        self.latest > self.ended
    }

    /// Finds a time at which nothing else happens to any of these users or to the room, which is
    /// active then: now, or a little later.
    fn time_for(&mut self, users: &[u32], now: u64) -> u64 {
        let before = users.iter().filter_map(|user| self.last.get(user)).max();
        let time = now.max(self.ended + 1).max(before.map_or(0, |last| last + 1));
        self.last.extend(users.iter().map(|&user| (user, time)));
        self.latest = self.latest.max(time);
        time
    }
}
