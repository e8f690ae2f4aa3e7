//! Reads the table: who is in a room, where a user is, which rooms are active.
//!
//! A [`Reader`] answers by the rule of [`presence`](super::presence), before and after a room's end
//! has reached its members' own items: a member that it gives as `joined` is in the room. It reads
//! page by page, so that rooms of any size need the memory of one page.
//!
//! * [`members`]: the members of a room, and one of them.
//! * [`count`]: the number of a room's members.
//! * [`rooms`]: the active rooms of an app.
//! * [`fullest`]: the active rooms with the most members.
//! * [`user`]: the rooms that a user is in.
//! * [`everything`]: all rooms and members of an app, for exports and statistics.
//! * [`consumed`]: the price of all that.
//! * [`error`]: the reason why a table could not be read.
//! * `request`: the requests that all of them are made of; `tempo`: how fast they follow each other.
//!
//! ```no_run
//! use chatroom_status_sync::{
//!     aws::Aws,
//!     domain::ids::{AppKey, RoomId},
//!     env::Environment,
//!     table::read::{Reader, members::MemberFilter},
//! };
//!
//! # async fn who_is_here() -> Result<(), Box<dyn std::error::Error>> {
//! let aws = Aws::from_env(&Environment::of_process())?;
//! let reader = Reader::new(aws.dynamodb_for_readers(), "chatrooms");
//! let (app, lobby) = (AppKey::new("someappKey")?, RoomId::new("lobby")?);
//!
//! let mut members = reader.members(&app, &lobby, MemberFilter::default()).await?;
//! while let Some(page) = members.next_page().await? {
//!     for member in page.members {
//!         println!("{} since {:?}", member.user_id, member.joined_at);
//!     }
//! }
//! println!("read {}", reader.consumed());
//! # Ok(())
//! # }
//! ```

pub mod consumed;
pub mod count;
pub mod error;
pub mod everything;
pub mod fullest;
pub mod members;
mod request;
pub mod rooms;
mod tempo;
pub mod user;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;

use super::{
    Table,
    key::Key,
    presence::{Collection, Member, Room},
};
use crate::domain::ids::{AppKey, RoomId};
use consumed::{Consumed, Meter};
use error::ReadError;

/// A reader of the table: cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader {
    client: Client,
    table: String,
    consistent: bool,
    meter: Arc<Meter>,
}

impl Reader {
    /// Takes the table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), consistent: false, meter: Arc::default() }
    }

    /// Also counts, scans and looks single members up strongly consistent, at twice the price.
    /// Without this, they may miss what was written within the last second or so.
    pub fn consistent(self) -> Self {
        Self { consistent: true, ..self }
    }

    /// Gives the table's name.
    pub fn table_name(&self) -> &str {
        &self.table
    }

    /// Gives what this reader and its clones have consumed so far.
    pub fn consumed(&self) -> Consumed {
        self.meter.read()
    }

    /// Starts to meter anew: what others consume is not counted here.
    pub fn metered(&self) -> Self {
        Self { meter: Arc::default(), ..self.clone() }
    }

    /// Reads a room, strongly consistent; `None` if nothing is known of it. A room that is known
    /// by its members alone is active.
    pub async fn room(&self, app: &AppKey, room: &RoomId) -> Result<Option<Room>, ReadError> {
        if let Some(item) = self.room_item(app, room).await? {
            return Ok(Some(item));
        }
        let query = self.query_members(&Key::room(app, room)).consistent_read(true).limit(1);
        let members = self.page(query).await?;
        Ok((members.count() > 0).then(|| Room::of_members(app, room)))
    }

    /// Reads a room's own item, strongly consistent; `None` if there is none.
    async fn room_item(&self, app: &AppKey, room: &RoomId) -> Result<Option<Room>, ReadError> {
        let item = self.item(&Key::room(app, room), true).await?;
        Ok(item.as_ref().map(Room::from))
    }

    /// Reads a room and all its members into memory, as their items are, strongly consistent page
    /// by page.
    pub async fn collection(&self, app: &AppKey, room: &RoomId) -> Result<Collection, ReadError> {
        let mut collection =
            Collection { room: self.room_item(app, room).await?, members: Vec::new() };
        let (key, mut start) = (Key::room(app, room), None);
        loop {
            let query = self.query_members(&key).consistent_read(true);
            let page = self.page(query.set_exclusive_start_key(start)).await?;
            collection.members.extend(page.items().iter().map(Member::from));
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(collection);
            }
        }
    }
}

impl Table {
    /// Makes a reader of this table.
    pub fn reader(&self) -> Reader {
        Reader::new(self.client.clone(), &self.name)
    }
}
