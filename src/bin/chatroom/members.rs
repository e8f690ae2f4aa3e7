//! `chatroom members`: the members of a room.

use chatroom_status_sync::domain::ids::RoomId;
use clap::Args;

use crate::{access::Access, print, result::Result, tables::members_table};

#[derive(Args)]
pub struct Options {
    /// The room's id
    #[arg(value_parser = |text: &str| RoomId::new(text))]
    room: RoomId,
    /// Show also members who are gone, until they expire
    #[arg(long)]
    all: bool,
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
        let present: Vec<_> = collection.present().collect();
        let count = present.len();
        let shown = if self.all { collection.members.iter().collect() } else { present };
        if self.access.json {
            return print::json(&shown);
        }
        print::line(members_table(shown, &collection))?;
        print::line(format_args!("{count} in room {}", self.room))
    }
}
