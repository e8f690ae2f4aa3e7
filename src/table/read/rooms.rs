//! The active rooms of an app, by room id.
//!
//! The index spreads them over sixteen keys, each of which has its rooms in order. So the rooms of
//! all keys are merged, a page of each at a time: any number of rooms needs the same memory.

use std::collections::VecDeque;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;

use super::{Reader, error::ReadError};
use crate::{
    domain::ids::{AppKey, RoomId},
    table::{
        Attributes,
        key::{ACTIVE_ROOMS, Key, ROOM_SHARDS, rooms_key},
        presence::Room,
    },
};

/// The most rooms of one key that are read at once.
const PAGE: i32 = 250;

/// The active rooms of an app, by room id. The index lags behind the table, by fractions of a second
/// as a rule.
#[derive(Debug)]
pub struct ActiveRooms {
    reader: Reader,
    shards: Vec<Shard>,
    page: i32,
}

/// The rooms of one key.
#[derive(Debug)]
struct Shard {
    key: String,
    /// The partition after which its rooms begin.
    after: Option<String>,
    read: VecDeque<Room>,
    next: Next,
}

/// The place where a shard goes on.
#[derive(Debug)]
enum Next {
    Start,
    After(Attributes),
    End,
}

impl Reader {
    /// Reads the active rooms of an app, those after a room or all.
    ///
    /// ```no_run
    /// # use chatroom_status_sync::{domain::ids::{AppKey, RoomId, UserId}, table::read::{Reader, error::ReadError}};
    /// # async fn example(reader: Reader, app: AppKey, room: RoomId, user: UserId) -> Result<(), ReadError> {
    /// let mut rooms = reader.active_rooms(&app, None);
    /// while let Some(room) = rooms.next().await? {
    ///     println!("{} since {:?}", room.chat_room_id, room.created_at);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn active_rooms(&self, app: &AppKey, after: Option<&RoomId>) -> ActiveRooms {
        let after = after.map(|room| Key::room(app, room).partition());
        let shard = |number| Shard {
            key: rooms_key(app, number),
            after: after.clone(),
            read: VecDeque::new(),
            next: Next::Start,
        };
        let shards = (0..ROOM_SHARDS).map(shard).collect();
        ActiveRooms { reader: self.clone(), shards, page: PAGE }
    }
}

impl ActiveRooms {
    /// Expects that only so many rooms are wanted, and reads no more than that takes.
    pub fn expecting(self, rooms: usize) -> Self {
        // Rooms are spread evenly over the shards, but not exactly.
        let share = rooms / usize::from(ROOM_SHARDS);
        let page = i32::try_from(share + share / 2 + 4).unwrap_or(PAGE).min(PAGE);
        Self { page, ..self }
    }

    /// Reads the next room; `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Room>, ReadError> {
        let (reader, page) = (&self.reader, self.page);
        let empty = self.shards.iter_mut().filter(|shard| shard.read.is_empty());
        try_join_all(empty.map(|shard| shard.fill(reader, page))).await?;
        let first = |shard: &&mut Shard| shard.read.front().map(|room| room.chat_room_id.clone());
        let filled = self.shards.iter_mut().filter(|shard| !shard.read.is_empty());
        Ok(filled.min_by_key(first).and_then(|shard| shard.read.pop_front()))
    }
}

impl Shard {
    /// Reads the next page, if there is one.
    async fn fill(&mut self, reader: &Reader, page: i32) -> Result<(), ReadError> {
        while self.read.is_empty() {
            let start = match &self.next {
                Next::Start => None,
                Next::After(key) => Some(key.clone()),
                Next::End => break,
            };
            let mut query = reader
                .query_index(ACTIVE_ROOMS, "roomsKey", self.key.clone())
                .limit(page)
                .set_exclusive_start_key(start);
            if let Some(after) = &self.after {
                query = query
                    .key_condition_expression("roomsKey = :key AND pk > :after")
                    .expression_attribute_values(":after", AttributeValue::S(after.clone()));
            }
            let output = reader.page(query).await?;
            self.read = output.items().iter().map(Room::from).collect();
            self.next = output.last_evaluated_key.map_or(Next::End, Next::After);
        }
        Ok(())
    }
}
