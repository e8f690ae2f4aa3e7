//! The forms of an export, and the rows of a page in them.

use std::path::Path;

use chatroom_status_sync::table::{
    presence::{Member, Room},
    read::everything::Entry,
};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::{
    print::{escape_json, printable},
    result::Result,
};

/// A form of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum Form {
    /// Comma-separated, with a header
    Csv,
    /// JSON Lines: a row a line
    Jsonl,
}

/// The columns of CSV: those of both kinds of rows, in the names of the table's attributes.
const COLUMNS: [&str; 13] = [
    "kind",
    "appKey",
    "chatRoomId",
    "userId",
    "membership",
    "reason",
    "joinedAt",
    "leftAt",
    "goneAt",
    "lifecycle",
    "createdAt",
    "destroyedAt",
    "destroyReason",
];

impl Form {
    /// Finds the form that the end of a file's name says.
    pub fn of(path: &Path) -> Option<Self> {
        let end = path.extension()?.to_str()?;
        Self::from_str(end, true).ok()
    }

    /// Words the rows of a page. The first rows have the header before them, if the form has one; a
    /// page without rows has none, because another page may follow that has the first.
    pub fn page(self, entries: &[Entry], is_first: bool) -> Result<String> {
        match self {
            Self::Csv if entries.is_empty() => Ok(String::new()),
            Self::Csv => csv(entries, is_first),
            Self::Jsonl => {
                let line = |entry| Ok(escape_json(&serde_json::to_string(entry)?) + "\n");
                entries.iter().map(line).collect()
            }
        }
    }
}

fn csv(entries: &[Entry], is_first: bool) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if is_first {
        writer.write_record(COLUMNS)?;
    }
    for entry in entries {
        match entry {
            Entry::Room(room) => writer.write_record(of_room(room))?,
            Entry::Member(member) => writer.write_record(of_member(member))?,
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn of_room(room: &Room) -> [String; COLUMNS.len()] {
    let Room { app_key, chat_room_id, lifecycle, created_at, destroyed_at, destroy_reason, .. } =
        room;
    let mut cells = <[String; COLUMNS.len()]>::default();
    [cells[0], cells[1], cells[2]] =
        ["room".to_owned(), printable(app_key), printable(chat_room_id)];
    [cells[9], cells[10], cells[11]] =
        [lifecycle.clone(), number(*created_at), number(*destroyed_at)];
    cells[12] = destroy_reason.clone().unwrap_or_default();
    cells
}

fn of_member(member: &Member) -> [String; COLUMNS.len()] {
    let Member {
        app_key,
        chat_room_id,
        user_id,
        membership,
        reason,
        joined_at,
        left_at,
        gone_at,
        ..
    } = member;
    let mut cells = <[String; COLUMNS.len()]>::default();
    [cells[0], cells[1], cells[2], cells[3]] =
        ["member".to_owned(), printable(app_key), printable(chat_room_id), printable(user_id)];
    [cells[4], cells[5]] = [membership.clone(), reason.clone()];
    [cells[6], cells[7], cells[8]] = [number(*joined_at), number(*left_at), number(*gone_at)];
    cells
}

fn number(number: Option<u64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}
