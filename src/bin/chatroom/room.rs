//! `chatroom room`: the life of a room.

use chatroom_status_sync::{domain::ids::RoomId, table::presence::Room};
use clap::Args;
use serde::Serialize;

use crate::{
    access::Access,
    print::{self, Cell, Output},
    result::{NothingKnown, Result},
};

const EXAMPLES: &str = "Examples:
  chatroom room lobby --endpoint-url http://127.0.0.1:8000
  chatroom room lobby --count -o json";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The room's id
    #[arg(value_parser = |text: &str| RoomId::new(text))]
    room: RoomId,
    /// Count who is in it, too: the price rises with the number
    #[arg(long)]
    count: bool,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

/// A room, as JSON shows it.
#[derive(Serialize)]
struct Shown {
    room: Room,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<u64>,
}

impl Options {
    pub async fn run(self) -> Result {
        self.access
            .read(async |reader, app| {
                let found = if self.count {
                    let counted = reader.count(app, &self.room).await?;
                    counted.map(|counted| (counted.room, Some(counted.members)))
                } else {
                    reader.room(app, &self.room).await?.map(|room| (room, None))
                };
                let format = self.output.format();
                let Some((room, members)) = found else {
                    print::nothing(format)?;
                    return Err(NothingKnown::because(format_args!(
                        "nothing is known of room {} in app {app}",
                        self.room
                    )));
                };
                let shown = Shown { room, members };
                print::record(
                    format,
                    &shown,
                    &["room", "lifecycle", "created", "destroyed", "reason", "members"],
                    &[
                        Cell::from(&shown.room.chat_room_id),
                        Cell::from(&shown.room.lifecycle),
                        Cell::Time(shown.room.created_at),
                        Cell::Time(shown.room.destroyed_at),
                        Cell::from(shown.room.destroy_reason.as_deref().unwrap_or_default()),
                        members.map_or(Cell::Text(""), Cell::Number),
                    ],
                )
            })
            .await
    }
}
