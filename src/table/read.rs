//! Reading the table: who is in a room, where a user is, which rooms there are.
//!
//! Who is in a room is decided by one sentence, true at every moment: the members that are `joined`
//! with a version above the room's `destroyVersion`. Until the room's end has reached its members'
//! own items, `membership` alone says less.

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::AttributeValue};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::{
    Attributes, Table,
    item::{number, text},
    key::{Key, ROOM_SHARDS, rooms_key, user_key},
    schema::{ACTIVE_ROOMS, BY_USER},
};
use crate::{
    aws::error::in_words,
    domain::ids::{AppKey, RoomId, UserId},
};

/// A room's own item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// The room's id.
    pub chat_room_id: String,
    /// `active` or `destroyed`.
    pub lifecycle: String,
    /// The newest create seen, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<u64>,
    /// The newest destroy seen, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destroyed_at: Option<u64>,
    /// How that destroy came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destroy_reason: Option<String>,
    /// That destroy's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destroy_version: Option<u64>,
}

/// A member's item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The room's id.
    pub chat_room_id: String,
    /// The user's id.
    pub user_id: String,
    /// `joined` or `left`, as the item says.
    pub membership: String,
    /// Why it is so.
    pub reason: String,
    /// The newest join, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<u64>,
    /// The newest reported leave, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_at: Option<u64>,
    /// The newest reported event's version.
    pub version: u64,
}

/// A room and everybody of whom the table knows in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collection {
    /// `None` if nothing was reported of the room itself.
    pub room: Option<Room>,
    /// Present and former members, by user id.
    pub members: Vec<Member>,
}

impl Collection {
    /// Who is in the room.
    pub fn present(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.is_present_in(self.room.as_ref()))
    }
}

impl Member {
    fn from(item: &Attributes) -> Self {
        Self {
            chat_room_id: owned(item, "chatRoomId"),
            user_id: owned(item, "userId"),
            membership: owned(item, "membership"),
            reason: owned(item, "reason"),
            joined_at: number(item, "joinedAt"),
            left_at: number(item, "leftAt"),
            version: number(item, "version").unwrap_or_default(),
        }
    }

    /// The sentence at the top of this module, for one member.
    pub fn is_present_in(&self, room: Option<&Room>) -> bool {
        let destroyed = room.and_then(|room| room.destroy_version);
        self.membership == "joined" && Some(self.version) > destroyed
    }
}

impl Room {
    fn from(item: &Attributes) -> Self {
        Self {
            chat_room_id: owned(item, "chatRoomId"),
            lifecycle: owned(item, "lifecycle"),
            created_at: number(item, "createdAt"),
            destroyed_at: number(item, "destroyedAt"),
            destroy_reason: text(item, "destroyReason").map(str::to_owned),
            destroy_version: number(item, "destroyVersion"),
        }
    }
}

/// Why the table could not be read, for the person who asked.
#[derive(Debug)]
pub struct ReadError(String);

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

impl Table {
    /// Reads a room and its members, strongly consistent page by page.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn room(&self, app: &AppKey, room: &RoomId) -> Result<Collection, ReadError> {
        let partition = Key::room(app, room).partition();
        let query = self.query("pk", partition).consistent_read(true);
        let mut items = query.into_paginator().items().send();
        let mut collection = Collection::default();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| self.unreadable(error))?;
            match text(&item, "kind") {
                Some("room") => collection.room = Some(Room::from(&item)),
                _ => collection.members.push(Member::from(&item)),
            }
        }
        Ok(collection)
    }

    /// The rooms that a user is in, by room id. The index that finds them lags behind the table, by
    /// fractions of a second as a rule; each room's end is then looked up in the table itself.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn rooms_of(&self, app: &AppKey, user: &UserId) -> Result<Vec<Member>, ReadError> {
        let query = self.query("userKey", user_key(app, user)).index_name(BY_USER);
        let memberships = self.all(query, Member::from).await?;
        let checked = stream::iter(memberships)
            .map(|member| async move {
                let room = self.room_item(app, &member.chat_room_id).await?;
                Ok(member.is_present_in(room.as_ref()).then_some(member))
            })
            .buffered(16);
        checked.try_filter_map(|member| async { Ok(member) }).try_collect().await
    }

    /// The active rooms of an app, by room id. The index lags behind the table, by fractions of a
    /// second as a rule.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn active_rooms(&self, app: &AppKey) -> Result<Vec<Room>, ReadError> {
        let shards = stream::iter(0..ROOM_SHARDS).map(|shard| {
            let query = self.query("roomsKey", rooms_key(app, shard)).index_name(ACTIVE_ROOMS);
            self.all(query, Room::from)
        });
        let mut rooms: Vec<Room> = shards.buffer_unordered(ROOM_SHARDS.into()).try_concat().await?;
        rooms.sort_by(|a, b| a.chat_room_id.cmp(&b.chat_room_id));
        Ok(rooms)
    }

    async fn room_item(&self, app: &AppKey, room: &str) -> Result<Option<Room>, ReadError> {
        let Ok(room) = RoomId::new(room) else {
            return Ok(None);
        };
        let key = Key::room(app, &room).attributes();
        let request =
            self.client.get_item().table_name(&self.name).set_key(Some(key)).consistent_read(true);
        let response = request.send().await.map_err(|error| self.unreadable(error))?;
        Ok(response.item().map(Room::from))
    }

    async fn all<T>(
        &self,
        query: QueryFluentBuilder,
        read: fn(&Attributes) -> T,
    ) -> Result<Vec<T>, ReadError> {
        let mut items = query.into_paginator().items().send();
        let mut all = Vec::new();
        while let Some(item) = items.next().await {
            all.push(read(&item.map_err(|error| self.unreadable(error))?));
        }
        Ok(all)
    }

    fn query(&self, attribute: &str, value: String) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.name);
        query
            .key_condition_expression(format!("{attribute} = :key"))
            .expression_attribute_values(":key", AttributeValue::S(value))
    }

    fn unreadable(&self, error: impl std::error::Error) -> ReadError {
        ReadError(format!("table {} cannot be read: {}", self.name, in_words(&error)))
    }
}

fn owned(item: &Attributes, name: &str) -> String {
    text(item, name).unwrap_or_default().to_owned()
}
