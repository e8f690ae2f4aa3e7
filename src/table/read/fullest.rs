//! The active rooms with the most members.

use std::{cmp::Reverse, collections::BinaryHeap};

use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use super::{Reader, count::CountedRoom, error::ReadError};
use crate::{domain::ids::AppKey, table::presence::Room};

/// The number of rooms that are counted at once.
const COUNTED: usize = 32;

impl Reader {
    /// Counts the active rooms of an app, in their order, many at once.
    pub fn counted_rooms(
        &self,
        app: &AppKey,
    ) -> impl Stream<Item = Result<CountedRoom, ReadError>> {
        let rooms = stream::try_unfold(self.active_rooms(app, None), async |mut rooms| {
            Ok(rooms.next().await?.map(|room: Room| (room, rooms)))
        });
        let (reader, app) = (self.clone(), app.clone());
        rooms
            .map_ok(move |room| {
                let (reader, app) = (reader.clone(), app.clone());
                async move { reader.count_in(&app, room).await }
            })
            .try_buffered(COUNTED)
    }

    /// Finds the active rooms with the most members: the largest first, rooms of a size by their
    /// ids. Every active room is counted, and no more than `top` of them are kept.
    ///
    /// ```no_run
    /// # use chatroom_status_sync::{domain::ids::{AppKey, RoomId, UserId}, table::read::{Reader, error::ReadError}};
    /// # async fn example(reader: Reader, app: AppKey, room: RoomId, user: UserId) -> Result<(), ReadError> {
    /// for counted in reader.fullest(&app, 10).await? {
    ///     println!("{} in {}", counted.members, counted.room.chat_room_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fullest(&self, app: &AppKey, top: usize) -> Result<Vec<CountedRoom>, ReadError> {
        let mut fullest = Fullest::new(top);
        let mut rooms = std::pin::pin!(self.counted_rooms(app));
        while let Some(counted) = rooms.next().await.transpose()? {
            fullest.add(counted);
        }
        Ok(fullest.into_rooms())
    }
}

/// The fullest of all rooms that were added.
pub struct Fullest {
    top: usize,
    kept: BinaryHeap<Rank>,
}

impl Fullest {
    /// Keeps so many rooms.
    pub const fn new(top: usize) -> Self {
        Self { top, kept: BinaryHeap::new() }
    }

    /// Adds a room, and forgets the least full one that is too many.
    pub fn add(&mut self, counted: CountedRoom) {
        self.kept.push(Rank(counted));
        if self.kept.len() > self.top {
            self.kept.pop();
        }
    }

    /// Gives the rooms: the largest first, rooms of a size by their ids.
    pub fn into_rooms(self) -> Vec<CountedRoom> {
        self.kept.into_sorted_vec().into_iter().map(|Rank(counted)| counted).collect()
    }
}

/// A room by its rank: the lower, the fuller.
#[derive(PartialEq, Eq)]
struct Rank(CountedRoom);

impl Rank {
    fn key(&self) -> (Reverse<u64>, &str) {
        (Reverse(self.0.members), &self.0.room.chat_room_id)
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
