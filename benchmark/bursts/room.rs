//! The room of a burst, in the table itself, past its partitions.

use std::time::SystemTime;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, Select, WriteRequest};
use chatroom_status_sync::{
    domain::{
        event::{Event, Kind, Version},
        ids::{AppKey, RoomId, UserId},
        plan::Plan,
        time::Timestamp,
    },
    local::im_server::APP_KEY,
    table::{Attributes, Table, key::Key},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use crate::Result;

/// The id of the room.
pub const ROOM: &str = "stadium";
/// The items of a batch, and the batches that are written at once.
const BATCH: u32 = 25;
const BATCHES: usize = 4;

/// The room of a burst.
pub struct BurstRoom {
    table: Table,
    app: AppKey,
    room: RoomId,
}

/// Gives the id of a user.
pub fn user(number: u32) -> String {
    format!("user-{number:07}")
}

impl BurstRoom {
    /// Writes the room as active, without members.
    pub async fn create(table: Table) -> Result<Self> {
        let it = Self { table, app: AppKey::new(APP_KEY)?, room: RoomId::new(ROOM)? };
        it.write(Kind::Create, None).await?;
        Ok(it)
    }

    /// Lets users join. The first is written as functions write it, and the others are its copies:
    /// so many conditional writes would take an hour.
    pub async fn fill(&self, members: u32) -> Result {
        let first = UserId::new(user(0))?;
        self.write(Kind::Join, Some(first.clone())).await?;
        let key = Key::member(&self.app, &self.room, &first);
        let read = self.table.client().get_item().table_name(self.table.name());
        let item = read.set_key(Some(key.attributes())).send().await?.item;
        let item = item.ok_or("the first member is not there")?;
        let starts = (1..members).step_by(BATCH as usize);
        let batches = starts.map(|start| self.put(&item, start, members.min(start + BATCH)));
        stream::iter(batches).buffer_unordered(BATCHES).try_collect().await
    }

    /// Counts the members who are in the room, by the rule of readers.
    pub async fn present(&self) -> Result<usize> {
        let collection = self.table.reader().collection(&self.app, &self.room).await?;
        Ok(collection.present().count())
    }

    /// Counts the members whose items say `joined`.
    pub async fn joined(&self) -> Result<usize> {
        let query = self.table.client().query().table_name(self.table.name());
        let room = Key::room(&self.app, &self.room).partition();
        let mut pages = query
            .key_condition_expression("pk = :room")
            .filter_expression("membership = :joined")
            .expression_attribute_values(":room", AttributeValue::S(room))
            .expression_attribute_values(":joined", AttributeValue::S("joined".to_owned()))
            .select(Select::Count)
            .into_paginator()
            .send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            count += usize::try_from(page?.count)?;
        }
        Ok(count)
    }

    async fn write(&self, kind: Kind, user: Option<UserId>) -> Result {
        let version = Version::new(Timestamp::from(SystemTime::now()), kind, 0);
        let users = user.into_iter().collect();
        let event = Event { room: self.room.clone(), users, version };
        let deadline = Instant::now() + std::time::Duration::from_secs(10);
        let outcome = self.table.apply(&self.app, Plan::of([event]), deadline).await;
        if outcome.unwritten.is_empty() { Ok(()) } else { Err("the table is not written".into()) }
    }

    async fn put(&self, first: &Attributes, start: u32, end: u32) -> Result {
        let requests =
            (start..end).map(|number| self.copy(first, number)).collect::<Result<_>>()?;
        let write = self.table.client().batch_write_item();
        let written = write.request_items(self.table.name(), requests).send().await?;
        let left = written.unprocessed_items.unwrap_or_default();
        if left.is_empty() { Ok(()) } else { Err("the engine left some members out".into()) }
    }

    fn copy(&self, first: &Attributes, number: u32) -> Result<WriteRequest> {
        let user = UserId::new(user(number))?;
        let key = Key::member(&self.app, &self.room, &user);
        let mut item = first.clone();
        item.extend(key.attributes());
        item.insert("userId".to_owned(), AttributeValue::S(user.to_string()));
        item.insert("userKey".to_owned(), AttributeValue::S(key.index()));
        let put = PutRequest::builder().set_item(Some(item)).build()?;
        Ok(WriteRequest::builder().put_request(put).build())
    }
}
