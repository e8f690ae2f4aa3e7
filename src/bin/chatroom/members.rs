//! The commands that read the table: as a table for people, as JSON for programs.

use chatroom_status_sync::{
    domain::ids::{RoomId, UserId},
    table::read,
};
use clap::Args;
use comfy_table::Table;
use serde_json::json;

use crate::{
    Result,
    access::Access,
    print::{self, table, time},
};

#[derive(Args)]
pub struct Members {
    /// The room's id
    #[arg(value_parser = |text: &str| RoomId::new(text))]
    room: RoomId,
    /// Also show who was there and is gone, until it expires
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    access: Access,
}

#[derive(Args)]
pub struct Room {
    /// The room's id
    #[arg(value_parser = |text: &str| RoomId::new(text))]
    room: RoomId,
    #[command(flatten)]
    access: Access,
}

#[derive(Args)]
pub struct User {
    /// The user's id
    #[arg(value_parser = |text: &str| UserId::new(text))]
    user: UserId,
    #[command(flatten)]
    access: Access,
}

#[derive(Args)]
pub struct Rooms {
    #[command(flatten)]
    access: Access,
}

impl Members {
    pub async fn run(self) -> Result {
        let collection = self.access.table().await?.room(&self.access.app_key, &self.room).await?;
        let present: Vec<_> = if self.all {
            collection.members.iter().collect()
        } else {
            collection.present().collect()
        };
        if self.access.json {
            return print::json(&present);
        }
        print::line(members_table(&present, collection.room.as_ref()))?;
        print::line(format!("{} in room {}", collection.present().count(), self.room))
    }
}

impl Room {
    pub async fn run(self) -> Result {
        let collection = self.access.table().await?.room(&self.access.app_key, &self.room).await?;
        let members = collection.present().count();
        if self.access.json {
            return print::json(&json!({"room": collection.room, "members": members}));
        }
        match &collection.room {
            Some(room) => print::line(rooms_table([(room, Some(members))])),
            None => print::line(format!(
                "nothing is known of room {} itself; {members} members are in it",
                self.room
            )),
        }
    }
}

impl User {
    pub async fn run(self) -> Result {
        let memberships =
            self.access.table().await?.rooms_of(&self.access.app_key, &self.user).await?;
        if self.access.json {
            return print::json(&memberships);
        }
        let mut table = table(["room", "joined", "reason"]);
        for member in &memberships {
            table.add_row([
                member.chat_room_id.clone(),
                time(member.joined_at),
                member.reason.clone(),
            ]);
        }
        print::line(table)?;
        print::line(format!("{} is in {} rooms", self.user, memberships.len()))
    }
}

impl Rooms {
    pub async fn run(self) -> Result {
        let rooms = self.access.table().await?.active_rooms(&self.access.app_key).await?;
        if self.access.json {
            return print::json(&rooms);
        }
        print::line(rooms_table(rooms.iter().map(|room| (room, None))))?;
        print::line(format!("{} active rooms", rooms.len()))
    }
}

/// Members as a table; who is in the room is decided with the room's own item.
pub fn members_table(members: &[&read::Member], room: Option<&read::Room>) -> Table {
    let mut table = table(["user", "in the room", "membership", "reason", "joined", "left"]);
    for member in members {
        let present = if member.is_present_in(room) { "yes" } else { "no" };
        let [joined, left] = [member.joined_at, member.left_at].map(time);
        table.add_row([
            &member.user_id,
            present,
            &member.membership,
            &member.reason,
            &joined,
            &left,
        ]);
    }
    table
}

/// Rooms as a table, with the number of members where it was counted.
pub fn rooms_table<'a>(rooms: impl IntoIterator<Item = (&'a read::Room, Option<usize>)>) -> Table {
    let mut table = table(["room", "lifecycle", "created", "destroyed", "reason", "members"]);
    for (room, members) in rooms {
        table.add_row([
            room.chat_room_id.clone(),
            room.lifecycle.clone(),
            time(room.created_at),
            time(room.destroyed_at),
            room.destroy_reason.clone().unwrap_or_default(),
            members.map(|count| count.to_string()).unwrap_or_default(),
        ]);
    }
    table
}
