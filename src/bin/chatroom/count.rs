//! `chatroom count`: the number of those who are in a room.

use chatroom_status_sync::domain::ids::RoomId;
use clap::Args;

use crate::{
    access::Access,
    print::{self, Output},
    result::{NothingKnown, Result},
};

const EXAMPLES: &str = "Examples:
  chatroom count lobby --endpoint-url http://127.0.0.1:8000
  chatroom count lobby --table my-table --app-key my-app --region eu-central-1";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The room's id
    #[arg(value_parser = |text: &str| RoomId::new(text))]
    room: RoomId,
    /// Miss nothing that was written within the last second, at twice the price
    #[arg(long)]
    consistent: bool,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        self.access
            .read(async |reader, app| {
                let reader = reader.clone();
                let reader = if self.consistent { reader.consistent() } else { reader };
                let Some(counted) = reader.count(app, &self.room).await? else {
                    print::nothing(self.output.format())?;
                    return Err(NothingKnown::because(format_args!(
                        "nothing is known of room {} in app {app}",
                        self.room
                    )));
                };
                print::line(counted.members)
            })
            .await
    }
}
