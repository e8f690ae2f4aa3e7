//! Reads the table: who is in a room, where a user is, which rooms are active.

use std::{error::Error, fmt};

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::AttributeValue};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    Attributes, Table,
    item::text,
    key::{ACTIVE_ROOMS, BY_USER, Key, ROOM_SHARDS, rooms_key, user_key},
    presence::{Collection, Member, Room},
};
use crate::{
    aws::error::in_words,
    domain::ids::{AppKey, RoomId, UserId},
};

/// The most rooms of a user that are looked up at once.
const MOST_LOOKUPS: usize = 16;

/// The reason why a table could not be read.
#[derive(Debug)]
pub struct ReadError {
    table: String,
    why: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {} cannot be read: {}", self.table, self.why)
    }
}

impl Error for ReadError {}

impl Table {
    /// Reads a room and its members, strongly consistent page by page.
    pub async fn room(&self, app: &AppKey, room: &RoomId) -> Result<Collection, ReadError> {
        let partition = Key::room(app, room).partition();
        let query = self.query("pk", partition).consistent_read(true);
        let mut items = query.into_paginator().items().send();
        let mut collection = Collection::default();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| self.unreadable(&error))?;
            match text(&item, "kind") {
                Some("room") => collection.room = Some(Room::from(&item)),
                _ => collection.members.push(Member::from(&item)),
            }
        }
        Ok(collection)
    }

    /// Lists the rooms that a user is in, by room id. The index that finds them lags behind the
    /// table, by fractions of a second as a rule; each room's end is then looked up in the table
    /// itself.
    pub async fn rooms_of(&self, app: &AppKey, user: &UserId) -> Result<Vec<Member>, ReadError> {
        let query = self.query("userKey", user_key(app, user)).index_name(BY_USER);
        let memberships = self.read_all(query, Member::from).await?;
        stream::iter(memberships)
            .map(|member| async move {
                let room = match RoomId::new(&member.chat_room_id) {
                    Ok(room) => self.room_item(app, &room).await?,
                    Err(_) => None,
                };
                Ok(member.is_present_in(room.as_ref()).then_some(member))
            })
            .buffered(MOST_LOOKUPS)
            .try_filter_map(|member| async { Ok(member) })
            .try_collect()
            .await
    }

    /// Lists the active rooms of an app, by room id. The index lags behind the table, by fractions
    /// of a second as a rule.
    pub async fn active_rooms(&self, app: &AppKey) -> Result<Vec<Room>, ReadError> {
        let shards = stream::iter(0..ROOM_SHARDS).map(|shard| {
            let query = self.query("roomsKey", rooms_key(app, shard)).index_name(ACTIVE_ROOMS);
            self.read_all(query, Room::from)
        });
        let mut rooms: Vec<Room> = shards.buffer_unordered(ROOM_SHARDS.into()).try_concat().await?;
        rooms.sort_by(|one, other| one.chat_room_id.cmp(&other.chat_room_id));
        Ok(rooms)
    }

    /// Reads a room's own item, strongly consistent; `None` if there is none.
    pub async fn room_item(&self, app: &AppKey, room: &RoomId) -> Result<Option<Room>, ReadError> {
        let key = Key::room(app, room).attributes();
        let response = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| self.unreadable(&error))?;
        Ok(response.item().map(Room::from))
    }

    async fn read_all<T>(
        &self,
        query: QueryFluentBuilder,
        read: fn(&Attributes) -> T,
    ) -> Result<Vec<T>, ReadError> {
        let mut items = query.into_paginator().items().send();
        let mut all = Vec::new();
        while let Some(item) = items.next().await {
            all.push(read(&item.map_err(|error| self.unreadable(&error))?));
        }
        Ok(all)
    }

    fn query(&self, attribute: &str, value: String) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .key_condition_expression(format!("{attribute} = :key"))
            .expression_attribute_values(":key", AttributeValue::S(value))
    }

    fn unreadable(&self, error: &dyn Error) -> ReadError {
        ReadError { table: self.name.clone(), why: in_words(error) }
    }
}
