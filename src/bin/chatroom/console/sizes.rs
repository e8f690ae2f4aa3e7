//! The sizes of the rooms, and what they were: counted now and then, not for every look.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chatroom_status_sync::{domain::time::Timestamp, table::presence::Room};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};

use super::{
    clock::now,
    hub::{Hub, Part},
    reading::{Census, Reading},
};

/// The rooms that are listed.
pub const TOP: usize = 100;
/// The time that a room's line of sizes shows.
pub const WINDOW: Duration = Duration::from_mins(10);
/// The time for which the line has one size.
const SAMPLE: Duration = Duration::from_secs(10);
/// The time that a page waits for numbers that are not too old.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The times between two counts. Counting reads every member of every active room.
#[derive(Debug, Clone, Copy)]
pub struct Tempo {
    /// The least time from one count to the next.
    pub least: Duration,
    /// The least time, in times of the count before: a table that takes long is asked seldom.
    pub share: u32,
    /// The most read units a second that counting may take in the long run, where they are paid:
    /// 50 of them all day long are about a dollar.
    pub units: Option<f64>,
    /// The time after which numbers are counted again though nobody said that they changed.
    pub idle: Duration,
    /// That time while no page is open, for the lines of sizes; `None` where it is not worth it.
    pub unwatched: Option<Duration>,
}

impl Tempo {
    /// On this machine, where it costs only its time.
    pub const LOCAL: Self = Self {
        least: Duration::from_secs(1),
        share: 10,
        units: None,
        idle: Duration::from_secs(5),
        unwatched: Some(Duration::from_mins(1)),
    };
    /// In AWS, where every read is paid.
    pub const AWS: Self = Self {
        least: Duration::from_secs(10),
        share: 20,
        units: Some(50.0),
        idle: Duration::from_secs(30),
        unwatched: None,
    };
}

impl Tempo {
    /// Gives the pause after a count that took this time and consumed these units.
    fn pause(&self, took: Duration, units: f64) -> Duration {
        let affordable = self.units.map(|most| Duration::from_secs_f64(units.max(0.0) / most));
        self.least.max(took * self.share).max(affordable.unwrap_or_default())
    }
}

/// The newest count of all rooms.
#[derive(Debug, Clone, Default)]
pub struct Count {
    /// The time at which it began; `None` if there is none yet.
    pub at: Option<Timestamp>,
    /// The time after which another may begin.
    pub due: Duration,
    /// The fullest rooms, the largest first.
    pub fullest: Vec<SizedRoom>,
    /// The number of all active rooms.
    pub rooms: u64,
    /// The number of all their members.
    pub members: u64,
    /// The reason why the newest attempt to count failed.
    pub error: Option<String>,
}

/// A room with its size, and the sizes that it had.
#[derive(Debug, Clone)]
pub struct SizedRoom {
    pub room: Room,
    pub members: u64,
    /// Times and sizes, the oldest first.
    pub history: Vec<(Timestamp, u64)>,
}

/// The newest count, and the bell that asks for another.
pub struct Sizes {
    newest: watch::Sender<Arc<Count>>,
    bell: Notify,
    tempo: Tempo,
}

impl Sizes {
    pub fn new(tempo: Tempo) -> Self {
        Self { newest: watch::Sender::default(), bell: Notify::new(), tempo }
    }

    /// Asks for another count, because somebody looks, or something changed while a page is open.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Gives the newest count. If none was due for long, because nobody looked, waits a moment for
    /// another.
    pub async fn newest(&self) -> Arc<Count> {
        let mut counts = self.newest.subscribe();
        let count = counts.borrow().clone();
        let is_old = |at| now().since(at) > count.due + self.tempo.idle;
        if count.error.is_none() && count.at.is_none_or(is_old) {
            self.ring();
            let _ = timeout(PATIENCE, counts.changed()).await;
        }
        counts.borrow().clone()
    }

    /// Counts whenever the bell rang, and now and then while a page is open.
    pub async fn keep_counting(&self, reading: &Reading, hub: &Hub) {
        loop {
            let idle = if hub.is_watched() { Some(self.tempo.idle) } else { self.tempo.unwatched };
            tokio::select! {
                () = self.bell.notified() => {}
                () = sleep(idle.unwrap_or_default()), if idle.is_some() => {}
            }
            let (at, started) = (now(), Instant::now());
            let units = reading.reader.consumed().read_units;
            let census = reading.census(TOP).await;
            let before = self.newest.borrow().clone();
            let units = reading.reader.consumed().read_units - units;
            let pause = self.tempo.pause(started.elapsed(), units);
            let count = match census {
                Ok(census) => before.followed_by(census, at),
                Err(why) => Count { error: Some(reading.explain(&why)), ..(*before).clone() },
            };
            let count = Count { due: pause, ..count };
            let is_news = count.differs_from(&before);
            self.newest.send_replace(Arc::new(count));
            if is_news {
                hub.changed(Part::Rooms);
                hub.changed(Part::Detail);
            }
            sleep(pause).await;
        }
    }
}

impl Count {
    /// Finds the size of a room, if it is among the fullest.
    pub fn members_of(&self, room: &str) -> Option<u64> {
        let sized = self.fullest.iter().find(|sized| sized.room.chat_room_id == room);
        sized.map(|sized| sized.members)
    }

    /// Makes the count that follows this one.
    fn followed_by(&self, census: Census, at: Timestamp) -> Self {
        let mut histories: BTreeMap<_, _> =
            self.fullest.iter().map(|sized| (&*sized.room.chat_room_id, &sized.history)).collect();
        let sized = |counted: chatroom_status_sync::table::read::count::CountedRoom| {
            let history = histories.remove(&*counted.room.chat_room_id);
            let history = history.cloned().unwrap_or_default();
            SizedRoom {
                history: with_sample(history, at, counted.members),
                members: counted.members,
                room: counted.room,
            }
        };
        Self {
            at: Some(at),
            due: Duration::ZERO,
            fullest: census.fullest.into_iter().map(sized).collect(),
            rooms: census.rooms,
            members: census.members,
            error: None,
        }
    }

    fn differs_from(&self, other: &Self) -> bool {
        let sizes = |count: &Self| {
            let rooms = count.fullest.iter();
            rooms.map(|sized| (sized.room.clone(), sized.members)).collect::<Vec<_>>()
        };
        self.error != other.error
            || (self.rooms, self.members) != (other.rooms, other.members)
            || other.at.is_none()
            || sizes(self) != sizes(other)
    }
}

/// Adds a size to a history: one for each [`SAMPLE`] at most, of the [`WINDOW`] before the last.
fn with_sample(
    mut history: Vec<(Timestamp, u64)>,
    at: Timestamp,
    members: u64,
) -> Vec<(Timestamp, u64)> {
    // The size of now goes on changing until its time is over.
    if let [.., (before, _), _] = history[..]
        && at.since(before) < SAMPLE
    {
        history.pop();
    }
    history.push((at, members));
    let is_past = |(time, _): &(Timestamp, u64)| at.since(*time) > WINDOW;
    let past = history.iter().take_while(|sample| is_past(sample)).count();
    history.drain(..past);
    history
}
