//! `chatroom member`: one user in one room.

use chatroom_status_sync::{
    domain::ids::{RoomId, UserId},
    table::presence::Member,
};
use clap::Args;
use serde::Serialize;

use crate::{
    access::Access,
    print::{self, Cell, Output},
    result::{NothingKnown, Result},
};

const EXAMPLES: &str = "Examples:
  chatroom member lobby anna --endpoint-url http://127.0.0.1:8000
  chatroom member lobby anna -o json | jq .present";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The room's id
    #[arg(value_parser = |text: &str| RoomId::new(text))]
    room: RoomId,
    /// The user's id
    #[arg(value_parser = |text: &str| UserId::new(text))]
    user: UserId,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

/// A member, as JSON shows them.
#[derive(Serialize)]
struct Shown<'a> {
    member: &'a Member,
    present: bool,
    /// The time since when they are in the room, or gone.
    since: Option<u64>,
}

impl Options {
    pub async fn run(self) -> Result {
        self.access
            .read(async |reader, app| {
                let Self { room, user, .. } = &self;
                let format = self.output.format();
                let Some(member) = reader.member(app, room, user).await? else {
                    print::nothing(format)?;
                    return Err(NothingKnown::because(format_args!(
                        "nothing is known of user {user} in room {room} of app {app}"
                    )));
                };
                let (present, since) = (member.membership == "joined", member.since());
                print::record(
                    format,
                    &Shown { member: &member, present, since },
                    &["user", "room", "membership", "reason", "joined", "left"],
                    &[
                        Cell::from(&member.user_id),
                        Cell::from(&member.chat_room_id),
                        Cell::from(&member.membership),
                        Cell::from(&member.reason),
                        Cell::Time(member.joined_at),
                        Cell::Time(member.gone_at),
                    ],
                )
            })
            .await
    }
}
