//! The number of a room's members.
//!
//! No number is stored, because a number that is added to is wrong for ever after the first repeat.
//! DynamoDB counts the items instead, and sends none of them. It charges for the size of all that it
//! counts, those who left included: 20,000 members with ids of ten characters are about 450 read
//! units, twice as many if strongly consistent.

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use serde::Serialize;

use super::{Reader, error::ReadError};
use crate::{
    domain::ids::{AppKey, RoomId},
    table::{key::Key, presence::Room},
};

/// A room, and the number of those who are in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountedRoom {
    /// The room.
    #[serde(flatten)]
    pub room: Room,
    /// The number of those who are in it.
    pub members: u64,
}

impl Reader {
    /// Counts those who are in a room; `None` if nothing is known of it.
    pub async fn count(
        &self,
        app: &AppKey,
        room: &RoomId,
    ) -> Result<Option<CountedRoom>, ReadError> {
        let item = self.item(&Key::room(app, room), self.consistent).await?;
        let found = item.as_ref().map(Room::from);
        let members = self.count_members(app, room, found.as_ref()).await?;
        // A room whose item is not there yet is known by its members.
        let room = found.or_else(|| (members > 0).then(|| Room::of_members(app, room)));
        Ok(room.map(|room| CountedRoom { room, members }))
    }

    /// Counts those who are in a room whose item was read before.
    pub async fn count_in(&self, app: &AppKey, room: Room) -> Result<CountedRoom, ReadError> {
        let members = match RoomId::new(&room.chat_room_id) {
            Ok(id) => self.count_members(app, &id, Some(&room)).await?,
            Err(_) => 0,
        };
        Ok(CountedRoom { room, members })
    }

    /// Has DynamoDB count by the rule of [`presence`](crate::table::presence).
    async fn count_members(
        &self,
        app: &AppKey,
        id: &RoomId,
        room: Option<&Room>,
    ) -> Result<u64, ReadError> {
        let key = Key::room(app, id);
        let destroyed = room.and_then(|room| room.destroy_version).unwrap_or_default();
        let (mut members, mut start) = (0, None);
        loop {
            let query = self
                .query_members(&key)
                .select(Select::Count)
                .consistent_read(self.consistent)
                .filter_expression("membership = :joined AND version > :destroyed")
                .expression_attribute_values(":joined", AttributeValue::S("joined".to_owned()))
                .expression_attribute_values(":destroyed", AttributeValue::N(destroyed.to_string()))
                .set_exclusive_start_key(start);
            let page = self.page(query).await?;
            members += u64::try_from(page.count()).unwrap_or_default();
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(members);
            }
        }
    }
}
