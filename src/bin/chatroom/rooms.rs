//! `chatroom rooms`: the active rooms of an app.

use clap::Args;

use crate::{
    access::Access,
    print,
    result::Result,
    tables::{RoomRow, rooms_table},
};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        let rooms = self.access.table().await?.active_rooms(&self.access.app_key).await?;
        if self.access.json {
            return print::json(&rooms);
        }
        print::line(rooms_table(rooms.iter().map(|room| RoomRow { room, members: None })))?;
        print::line(format_args!("{} active rooms", rooms.len()))
    }
}
