//! `chatroom user`: the rooms that a user is in.

use chatroom_status_sync::domain::ids::UserId;
use clap::Args;

use crate::{access::Access, print, result::Result};

#[derive(Args)]
pub struct Options {
    /// The user's id
    #[arg(value_parser = |text: &str| UserId::new(text))]
    user: UserId,
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        let Self { user, access } = self;
        let memberships = access.table().await?.reader().rooms_of(&access.app_key, &user).await?;
        if access.json {
            return print::json(&memberships);
        }
        let mut table = print::table(["room", "joined", "reason"]);
        for member in &memberships {
            table.add_row([&member.chat_room_id, &print::time(member.joined_at), &member.reason]);
        }
        print::line(table)?;
        print::line(format_args!("{user} is in {} rooms", memberships.len()))
    }
}
