//! `chatroom rooms`: the active rooms of an app.

use std::pin::pin;

use chatroom_status_sync::{
    domain::ids::AppKey,
    table::{
        presence::Room,
        read::{Reader, count::CountedRoom},
    },
};
use clap::{Args, value_parser};
use futures_util::TryStreamExt;

use crate::{
    access::Access,
    print::{Cell, Output, Rows, counted},
    result::{NothingKnown, Result},
};

const EXAMPLES: &str = "Examples:
  chatroom rooms --endpoint-url http://127.0.0.1:8000
  chatroom rooms --top 10
  chatroom rooms --count -o csv > rooms.csv";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Count who is in each, too: the price rises with the number
    #[arg(long)]
    count: bool,
    /// Show only the fullest, the largest first
    #[arg(long, value_name = "NUMBER", value_parser = value_parser!(u32).range(1..))]
    top: Option<u32>,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        self.access
            .read(async |reader, app| {
                let is_counted = self.count || self.top.is_some();
                let header: &[_] =
                    if is_counted { &["room", "members", "created"] } else { &["room", "created"] };
                let mut rows = Rows::new(self.output.format(), header);
                self.fill(&mut rows, reader, app).await?;
                if rows.count() == 0 {
                    rows.nothing()?;
                    return Err(NothingKnown::because(format_args!(
                        "app {app} has no active rooms"
                    )));
                }
                let count = usize::try_from(rows.finish()?)?;
                let kind = if self.top.is_some() { "fullest room" } else { "active room" };
                self.access.note(format_args!("{} of app {app}", counted(count, kind)));
                Ok(())
            })
            .await
    }

    async fn fill(&self, rows: &mut Rows, reader: &Reader, app: &AppKey) -> Result {
        if let Some(top) = self.top {
            for counted in reader.fullest(app, usize::try_from(top)?).await? {
                add_counted(rows, &counted)?;
            }
        } else if self.count {
            let mut counted_rooms = pin!(reader.counted_rooms(app));
            while let Some(counted) = counted_rooms.try_next().await? {
                add_counted(rows, &counted)?;
            }
        } else {
            let mut rooms = reader.active_rooms(app, None);
            while let Some(room) = rooms.next().await? {
                rows.add(&room, &[id(&room), Cell::Time(room.created_at)])?;
            }
        }
        Ok(())
    }
}

fn add_counted(rows: &mut Rows, counted: &CountedRoom) -> Result {
    let CountedRoom { room, members } = counted;
    rows.add(counted, &[id(room), Cell::Number(*members), Cell::Time(room.created_at)])
}

fn id(room: &Room) -> Cell<'_> {
    Cell::from(&room.chat_room_id)
}
