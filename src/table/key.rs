//! The place of an item: the table's keys and those of its two indexes.

use aws_sdk_dynamodb::types::AttributeValue;
use sha1::{Digest, Sha1};

use super::Attributes;
use crate::domain::ids::{AppKey, RoomId, UserId};

/// The index that leads from a user to the rooms that the user is in.
pub const BY_USER: &str = "by-user";
/// The index that lists the active rooms of an app.
pub const ACTIVE_ROOMS: &str = "active-rooms";
/// The number of partitions of index `active-rooms` over which the rooms of one app are spread.
pub const ROOM_SHARDS: u8 = 16;

/// The key of an item: of a room, or of a member of one.
///
/// ```
/// use chatroom_status_sync::{domain::ids::{AppKey, RoomId, UserId}, table::key::Key};
///
/// let (app, lobby) = (AppKey::new("app").unwrap(), RoomId::new("lobby").unwrap());
/// assert_eq!(Key::room(&app, &lobby).partition(), "ROOM#app#lobby");
/// assert_eq!(Key::room(&app, &lobby).sort(), "ROOM");
/// let anna = UserId::new("anna").unwrap();
/// assert_eq!(Key::member(&app, &lobby, &anna).sort(), "USER#anna");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    pub(super) app: &'a AppKey,
    pub(super) room: &'a RoomId,
    pub(super) user: Option<&'a UserId>,
}

impl<'a> Key<'a> {
    /// Makes the key of a room's own item.
    pub const fn room(app: &'a AppKey, room: &'a RoomId) -> Self {
        Self { app, room, user: None }
    }

    /// Makes the key of a member's item.
    pub const fn member(app: &'a AppKey, room: &'a RoomId, user: &'a UserId) -> Self {
        Self { app, room, user: Some(user) }
    }

    /// Makes the key of a member of the same room.
    pub const fn of_member(self, user: &'a UserId) -> Self {
        Self::member(self.app, self.room, user)
    }

    /// Gives `pk`: `ROOM#<appKey>#<chatRoomId>`. It is unambiguous, because an app key has no `#`.
    pub fn partition(&self) -> String {
        format!("ROOM#{}#{}", self.app, self.room)
    }

    /// Gives `sk`: `ROOM`, or `USER#<userId>`, which sorts after it.
    pub fn sort(&self) -> String {
        self.user.map_or_else(|| "ROOM".to_owned(), |user| format!("USER#{user}"))
    }

    /// Gives the key by which an index finds the item: `userKey` while a member is joined,
    /// `roomsKey` while a room is active.
    pub fn index(&self) -> String {
        match self.user {
            Some(user) => user_key(self.app, user),
            None => rooms_key(self.app, shard(self.room)),
        }
    }

    /// Gives `pk` and `sk`, as requests want them.
    pub fn attributes(&self) -> Attributes {
        [("pk", self.partition()), ("sk", self.sort())]
            .map(|(name, text)| (name.to_owned(), AttributeValue::S(text)))
            .into()
    }
}

/// Makes the key of index `by-user`.
pub fn user_key(app: &AppKey, user: &UserId) -> String {
    format!("USER#{app}#{user}")
}

/// Makes the key of index `active-rooms` for one of the [`ROOM_SHARDS`].
pub fn rooms_key(app: &AppKey, shard: u8) -> String {
    format!("ROOMS#{app}#{shard:02}")
}

/// Gives the shard of a room: the first byte of its id's SHA-1, modulo 16. It never changes, and
/// spreads ids evenly, however alike they are.
fn shard(room: &RoomId) -> u8 {
    Sha1::digest(room.as_str())[0] % ROOM_SHARDS
}
