//! `chatroom stats`: rooms by size, reasons for leaving, longest stays.
//!
//! * [`tally`]: what is added up while the table is read.

mod tally;

use clap::{Args, value_parser};
use serde_json::json;

use crate::{
    access::Access,
    print::{self, Cell, Format, Output, Rows},
    result::{NothingKnown, Result},
};
use tally::Tally;

const HELP: &str = "Examples:
  chatroom stats
  chatroom stats --top 3 -o json

The whole table is read, at half a read unit for each 4 KB of it, but never more than a page of it \
    is in memory.";

#[derive(Args)]
#[command(after_help = HELP)]
pub struct Options {
    /// Show so many of the fullest rooms and of the longest stays
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = value_parser!(u32).range(1..=1000))]
    top: u32,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        self.access
            .read(async |reader, app| {
                let mut tally = Tally::new(usize::try_from(self.top)?);
                let mut pages = reader.everything(app, None);
                while let Some(page) = pages.next_page().await? {
                    page.entries.into_iter().for_each(|entry| tally.add(entry));
                }
                tally.end();
                if tally.is_empty() {
                    print::nothing(self.output.format())?;
                    return Err(NothingKnown::because(format_args!(
                        "nothing is known of app {app}"
                    )));
                }
                match self.output.format() {
                    Format::Table => show(&tally),
                    Format::Json => print::json(&tally),
                    format => list(&tally, format),
                }
            })
            .await
    }
}

/// Lists the sums as records of one kind.
fn list(tally: &Tally, format: Format) -> Result {
    let mut rows = Rows::new(format, &["figure", "of", "room", "value"]);
    let mut add = |figure: &str, of: &str, room: &str, value: Cell<'_>| {
        let number = value.number();
        let record = json!({"figure": figure, "of": of, "room": room, "value": number});
        rows.add(&record, &[figure.into(), of.into(), room.into(), value])
    };
    add("rooms", "active", "", tally.active_rooms.into())?;
    add("rooms", "ended", "", tally.ended_rooms.into())?;
    add("members", "present", "", tally.present.into())?;
    add("members", "gone", "", tally.gone.into())?;
    for size in &tally.rooms_by_size {
        add("rooms of size", &size.members, "", size.rooms.into())?;
    }
    for room in &tally.fullest {
        add("fullest rooms", "", &room.chat_room_id, room.members.into())?;
    }
    for (reason, members) in &tally.reasons {
        add("gone because", reason, "", (*members).into())?;
    }
    for stay in &tally.longest_stays {
        add("longest stays", &stay.user_id, &stay.chat_room_id, Cell::Time(Some(stay.joined_at)))?;
    }
    rows.finish().map(drop)
}

/// Shows the sums for people.
fn show(tally: &Tally) -> Result {
    print::line(format_args!(
        "rooms    {} active, {} ended\nmembers  {} present, {} gone\n",
        tally.active_rooms, tally.ended_rooms, tally.present, tally.gone
    ))?;
    let sizes = tally.rooms_by_size.iter();
    let sizes = sizes.map(|size| [Cell::from(&size.members), size.rooms.into()]);
    show_table(&["members", "active rooms"], sizes)?;
    let fullest = tally.fullest.iter();
    let fullest = fullest.map(|room| [Cell::from(&room.chat_room_id), room.members.into()]);
    show_table(&["fullest rooms", "members"], fullest)?;
    let reasons = tally.reasons.iter();
    let reasons = reasons.map(|(reason, members)| [Cell::from(reason), (*members).into()]);
    show_table(&["gone because", "members"], reasons)?;
    let stays = tally.longest_stays.iter().map(|stay| {
        let (user, room) = (Cell::from(&stay.user_id), Cell::from(&stay.chat_room_id));
        [user, room, Cell::Time(Some(stay.joined_at))]
    });
    show_table(&["longest stays", "room", "since"], stays)
}

/// Shows a table, if it has rows.
fn show_table<'a, const N: usize>(
    header: &'static [&'static str; N],
    table: impl Iterator<Item = [Cell<'a>; N]>,
) -> Result {
    let mut rows = Rows::new(Format::Table, header);
    for cells in table {
        rows.add(&(), &cells)?;
    }
    rows.finish().map(drop)
}
