//! `chatroom stats`: rooms by size, reasons for leaving, longest stays.
//!
//! * [`tally`]: what is added up while the table is read.

mod tally;

use clap::{Args, value_parser};
use serde_json::json;

use crate::{
    access::Access,
    print::{self, Cell, Format, Output, Rows, fitted, table},
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
    let mut add = |figure: &str, of: &str, room: &str, value: u64| {
        let record = json!({"figure": figure, "of": of, "room": room, "value": value});
        rows.add(&record, &[figure.into(), of.into(), room.into(), Cell::Number(value)])
    };
    add("rooms", "active", "", tally.active_rooms)?;
    add("rooms", "ended", "", tally.ended_rooms)?;
    add("members", "present", "", tally.present)?;
    add("members", "gone", "", tally.gone)?;
    for size in &tally.rooms_by_size {
        add("rooms of size", &size.members, "", size.rooms)?;
    }
    for room in &tally.fullest {
        add("fullest rooms", "", &room.chat_room_id, room.members)?;
    }
    for (reason, members) in &tally.reasons {
        add("gone because", reason, "", *members)?;
    }
    for stay in &tally.longest_stays {
        add("longest stays", &stay.user_id, &stay.chat_room_id, stay.joined_at)?;
    }
    rows.finish().map(drop)
}

/// Shows the sums for people.
fn show(tally: &Tally) -> Result {
    print::line(format_args!(
        "rooms    {} active, {} ended\nmembers  {} present, {} gone\n",
        tally.active_rooms, tally.ended_rooms, tally.present, tally.gone
    ))?;
    let mut sizes = table(["members", "active rooms"]);
    for size in &tally.rooms_by_size {
        sizes.add_row([size.members.clone(), size.rooms.to_string()]);
    }
    print::line(fitted(sizes))?;
    let mut fullest = table(["fullest rooms", "members"]);
    for room in &tally.fullest {
        fullest.add_row([print::printable(&room.chat_room_id), room.members.to_string()]);
    }
    print::line(fitted(fullest))?;
    let mut reasons = table(["gone because", "members"]);
    for (reason, members) in &tally.reasons {
        reasons.add_row([reason.clone(), members.to_string()]);
    }
    print::line(fitted(reasons))?;
    let mut stays = table(["longest stays", "room", "since"]);
    for stay in &tally.longest_stays {
        let since = Cell::Time(Some(stay.joined_at));
        stays.add_row([
            print::printable(&stay.user_id),
            print::printable(&stay.chat_room_id),
            since.table_text(),
        ]);
    }
    print::line(fitted(stays))
}
