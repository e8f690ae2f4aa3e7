//! The number of a room's members.
//!
//! No number is stored, because a number that is added to is wrong for ever after the first repeat.
//! DynamoDB counts the items instead, and sends none of them. It charges for the size of all that it
//! counts, those who left included: 20,000 members with ids of ten characters are about 450 read
//! units, twice as many if strongly consistent.

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use serde::Serialize;

use super::{Reader, error::ReadError, tempo::Tempo};
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
    ///
    /// ```no_run
    /// # use chatroom_status_sync::{domain::ids::{AppKey, RoomId, UserId}, table::read::{Reader, error::ReadError}};
    /// # async fn example(reader: Reader, app: AppKey, room: RoomId, user: UserId) -> Result<(), ReadError> {
    /// if let Some(counted) = reader.count(&app, &room).await? {
    ///     println!("{} in the room, for {}", counted.members, reader.consumed());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn count(
        &self,
        app: &AppKey,
        room: &RoomId,
    ) -> Result<Option<CountedRoom>, ReadError> {
        let item = self.item(&Key::room(app, room), self.consistent).await?;
        let found = match item.as_ref().map(Room::from) {
            None => self.room(app, room).await?,
            found => found,
        };
        match found {
            Some(room) => self.count_in(app, room).await.map(Some),
            None => Ok(None),
        }
    }

    /// Counts those who are in a room that was read before. DynamoDB applies the rule of
    /// [`presence`](crate::table::presence).
    pub async fn count_in(&self, app: &AppKey, room: Room) -> Result<CountedRoom, ReadError> {
        let Ok(id) = RoomId::new(&room.chat_room_id) else {
            return Ok(CountedRoom { room, members: 0 });
        };
        let (key, destroyed) = (Key::room(app, &id), room.destroy_version.unwrap_or_default());
        let (mut members, mut start, mut tempo) = (0, None, Tempo::begin());
        loop {
            let query = self
                .query_members(&key)
                .select(Select::Count)
                .consistent_read(self.consistent)
                .filter_expression("membership = :joined AND version > :destroyed")
                .expression_attribute_values(":joined", AttributeValue::S("joined".to_owned()))
                .expression_attribute_values(":destroyed", AttributeValue::N(destroyed.to_string()))
                .set_exclusive_start_key(start);
            let page = self.page_in_turn(&mut tempo, query).await?;
            members += u64::try_from(page.count()).unwrap_or_default();
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(CountedRoom { room, members });
            }
        }
    }
}
