//! All rooms and members of an app, or one room with all its members, page by page.
//!
//! A scan gives the items of one room together, the room's own item first, and the rooms in no order
//! that says anything. It costs half a read unit for each 4 KB of the whole table.

use aws_sdk_dynamodb::types::{AttributeValue, TableDescription};
use serde::{Deserialize, Serialize};

use super::{Reader, error::ReadError, request::PAGE};
use crate::{
    domain::ids::{AppKey, RoomId},
    table::{
        Attributes,
        item::text,
        key::Key,
        presence::{Member, Room},
    },
};

/// All rooms and members of an app, or of one room. Reading goes on page by page.
#[derive(Debug)]
pub struct Everything {
    reader: Reader,
    app: AppKey,
    /// The only room that is read, if not all are.
    only: Option<RoomId>,
    /// The room whose members come next, and its item, if it has one.
    room: Option<(String, Option<Room>)>,
    next: Option<Place>,
    is_over: bool,
}

/// A place in the table: that of an item after which a scan goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pk: String,
    sk: String,
}

/// A room, or a member by the rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Entry {
    /// A room's own item. Its members follow.
    Room(Room),
    /// A member of the room that came last.
    Member(Member),
}

/// The items of a page, and the key of the last of them, if others follow.
type Items = (Vec<Attributes>, Option<Attributes>);

/// Some rooms and members.
#[derive(Debug)]
pub struct EverythingPage {
    /// The entries of the page that are of the app; there may be none.
    pub entries: Vec<Entry>,
    /// The place after which the next page begins; `None` if this is the last page.
    pub next: Option<Place>,
}

impl Reader {
    /// Scans the table for the rooms and members of an app, from a place on or all of it.
    ///
    /// ```no_run
    /// # use chatroom_status_sync::table::read::everything::Entry;
    /// # use chatroom_status_sync::{domain::ids::{AppKey, RoomId, UserId}, table::read::{Reader, error::ReadError}};
    /// # async fn example(reader: Reader, app: AppKey, room: RoomId, user: UserId) -> Result<(), ReadError> {
    /// let mut pages = reader.everything(&app, None);
    /// while let Some(page) = pages.next_page().await? {
    ///     for entry in page.entries {
    ///         match entry {
    ///             Entry::Room(room) => println!("{} is {}", room.chat_room_id, room.lifecycle),
    ///             Entry::Member(member) => println!("{} {}", member.user_id, member.membership),
    ///         }
    ///     }
    ///     // Whoever is interrupted goes on from here.
    ///     let _place = page.next;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn everything(&self, app: &AppKey, after: Option<Place>) -> Everything {
        self.everything_in(app, None, after)
    }

    /// Reads a room and all its members, from a place on or all of it.
    pub fn everything_of(&self, app: &AppKey, room: &RoomId, after: Option<Place>) -> Everything {
        self.everything_in(app, Some(room.clone()), after)
    }

    fn everything_in(&self, app: &AppKey, only: Option<RoomId>, next: Option<Place>) -> Everything {
        let (reader, app) = (self.clone(), app.clone());
        Everything { reader, app, only, room: None, next, is_over: false }
    }

    /// Estimates the number of items of the table; DynamoDB counts them every six hours or so.
    pub async fn items_estimate(&self) -> Result<u64, ReadError> {
        let described = self.client.describe_table().table_name(&self.table).send().await;
        let described = described.map_err(|error| ReadError::of(&self.table, &error))?;
        let items = described.table().and_then(TableDescription::item_count);
        Ok(items.and_then(|items| u64::try_from(items).ok()).unwrap_or_default())
    }
}

impl Everything {
    /// Reads the next page; `None` after the last one.
    pub async fn next_page(&mut self) -> Result<Option<EverythingPage>, ReadError> {
        if self.is_over {
            return Ok(None);
        }
        let start = self.next.as_ref().map(Place::attributes);
        let (items, last) = match &self.only {
            Some(room) => self.query(room, start).await?,
            None => self.scan(start).await?,
        };
        let mut entries = Vec::with_capacity(items.len());
        for item in &items {
            entries.push(self.entry(item).await?);
        }
        self.next = last.as_ref().and_then(Place::of);
        self.is_over = self.next.is_none();
        Ok(Some(EverythingPage { entries, next: self.next.clone() }))
    }

    async fn query(&self, room: &RoomId, start: Option<Attributes>) -> Result<Items, ReadError> {
        let query = self
            .reader
            .client
            .query()
            .table_name(&self.reader.table)
            .consistent_read(self.reader.consistent)
            .limit(PAGE)
            .key_condition_expression("pk = :room")
            .expression_attribute_values(
                ":room",
                AttributeValue::S(Key::room(&self.app, room).partition()),
            )
            .set_exclusive_start_key(start);
        let output = self.reader.page(query).await?;
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    async fn scan(&self, start: Option<Attributes>) -> Result<Items, ReadError> {
        let scan = self
            .reader
            .client
            .scan()
            .table_name(&self.reader.table)
            .consistent_read(self.reader.consistent)
            .limit(PAGE)
            .filter_expression("begins_with(pk, :app)")
            .expression_attribute_values(":app", AttributeValue::S(format!("ROOM#{}#", self.app)))
            .set_exclusive_start_key(start);
        let output = self.reader.scan_page(scan).await?;
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    async fn entry(&mut self, item: &Attributes) -> Result<Entry, ReadError> {
        let id = text(item, "chatRoomId").unwrap_or_default();
        if text(item, "kind") == Some("room") {
            let room = Room::from(item);
            self.room = Some((id.to_owned(), Some(room.clone())));
            return Ok(Entry::Room(room));
        }
        if self.room.as_ref().is_none_or(|(known, _)| known != id) {
            // The scan begins in the middle of a room, or the room has no item.
            let room = match RoomId::new(id) {
                Ok(id) => self.reader.room_item(&self.app, &id).await?,
                Err(_) => None,
            };
            self.room = Some((id.to_owned(), room));
        }
        let room = self.room.as_ref().and_then(|(_, room)| room.as_ref());
        Ok(Entry::Member(Member::from(item).by_the_rule(room)))
    }
}

impl Place {
    fn of(key: &Attributes) -> Option<Self> {
        Some(Self { pk: text(key, "pk")?.to_owned(), sk: text(key, "sk")?.to_owned() })
    }

    fn attributes(&self) -> Attributes {
        [("pk", &self.pk), ("sk", &self.sk)]
            .map(|(name, text)| (name.to_owned(), AttributeValue::S(text.clone())))
            .into()
    }
}
