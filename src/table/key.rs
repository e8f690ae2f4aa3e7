//! Where an item lives: the table's keys and those of its two indexes.

use aws_sdk_dynamodb::types::AttributeValue;
use sha1::{Digest, Sha1};

use super::Attributes;
use crate::domain::ids::{AppKey, RoomId, UserId};

/// How many partitions of index `active-rooms` the rooms of one app are spread over.
pub const ROOM_SHARDS: u8 = 16;

/// An item: a room, or a member of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    /// The app.
    pub app: &'a AppKey,
    /// The room: all its items stand together.
    pub room: &'a RoomId,
    /// The member; `None` for the room itself.
    pub user: Option<&'a UserId>,
}

impl Key<'_> {
    /// `pk`: `ROOM#<appKey>#<chatRoomId>`. Unambiguous, because an app key has no `#`.
    pub fn partition(&self) -> String {
        format!("ROOM#{}#{}", self.app, self.room)
    }

    /// `sk`: `ROOM`, or `USER#<userId>`, which sorts after it.
    pub fn sort(&self) -> String {
        self.user.map_or_else(|| "ROOM".to_owned(), |user| format!("USER#{user}"))
    }

    /// The index key that the item has while it is present: `userKey` of a joined member,
    /// `roomsKey` of an active room.
    pub fn index(&self) -> String {
        match self.user {
            Some(user) => user_key(self.app, user),
            None => rooms_key(self.app, shard(self.room)),
        }
    }

    /// `pk` and `sk`, as requests want them.
    pub fn attributes(&self) -> Attributes {
        [("pk", self.partition()), ("sk", self.sort())]
            .map(|(name, text)| (name.to_owned(), AttributeValue::S(text)))
            .into()
    }
}

/// The key of index `by-user`.
pub fn user_key(app: &AppKey, user: &UserId) -> String {
    format!("USER#{app}#{user}")
}

/// The key of index `active-rooms` for one of the [`ROOM_SHARDS`].
pub fn rooms_key(app: &AppKey, shard: u8) -> String {
    format!("ROOMS#{app}#{shard:02}")
}

/// The first byte of the SHA-1 of the room id, modulo 16: stable, and even however alike the ids
/// are.
fn shard(room: &RoomId) -> u8 {
    Sha1::digest(room.as_str())[0] % ROOM_SHARDS
}
