//! `chatroom user`: the rooms that a user is in.

use chatroom_status_sync::{domain::ids::UserId, table::presence::Member};
use clap::Args;

use crate::{
    access::Access,
    print::{Cell, Output, Rows, counted},
    result::{NothingKnown, Result},
};

const EXAMPLES: &str = "Examples:
  chatroom user anna --endpoint-url http://127.0.0.1:8000
  chatroom user anna -o json | jq -r '.[].chatRoomId'";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The user's id
    #[arg(value_parser = |text: &str| UserId::new(text))]
    user: UserId,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        self.access
            .read(async |reader, app| {
                let user = &self.user;
                let mut rows = Rows::new(self.output.format(), &["room", "reason", "joined"]);
                for member in reader.rooms_of(app, user).await? {
                    let Member { chat_room_id, reason, joined_at, .. } = &member;
                    rows.add(
                        &member,
                        &[chat_room_id.into(), reason.into(), Cell::Time(*joined_at)],
                    )?;
                }
                if rows.count() == 0 {
                    rows.nothing()?;
                    return Err(NothingKnown::because(format_args!(
                        "user {user} is in no room of app {app}"
                    )));
                }
                let count = usize::try_from(rows.finish()?)?;
                self.access.note(format_args!("{user} is in {}", counted(count, "room")));
                Ok(())
            })
            .await
    }
}
