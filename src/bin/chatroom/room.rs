//! `chatroom room`: the life of a room, and the number of its members.

use chatroom_status_sync::domain::ids::RoomId;
use clap::Args;
use serde_json::json;

use crate::{
    access::Access,
    print,
    result::Result,
    tables::{RoomRow, rooms_table},
};

#[derive(Args)]
pub struct Options {
    /// The room's id
    #[arg(value_parser = |text: &str| RoomId::new(text))]
    room: RoomId,
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        let collection = self
            .access
            .table()
            .await?
            .reader()
            .collection(&self.access.app_key, &self.room)
            .await?;
        let members = collection.present().count();
        if self.access.json {
            return print::json(&json!({"room": collection.room, "members": members}));
        }
        match &collection.room {
            Some(room) => print::line(rooms_table([RoomRow { room, members: Some(members) }])),
            None => print::line(format_args!(
                "nothing is known of room {} itself; {members} members are in it",
                self.room
            )),
        }
    }
}
