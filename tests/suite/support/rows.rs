//! The rows of a table, with their values as text.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chatroom_status_sync::{
    local::im_server::{APP_KEY, WireEvent},
    table::{Table, read::Reader},
};

use super::{START, app};

/// An item, with its values as text.
pub type Row = BTreeMap<String, String>;
/// The items of a table by `pk` and `sk`.
pub type Rows = BTreeMap<(String, String), Row>;

/// All items of a table.
pub async fn rows(table: &Table) -> Rows {
    let scan = table.client().scan().table_name(table.name()).consistent_read(true);
    let mut items = scan.into_paginator().items().send();
    let mut rows = Rows::new();
    while let Some(item) = items.next().await {
        let row: Row = item.unwrap().into_iter().map(|(name, value)| (name, text(value))).collect();
        rows.insert((row["pk"].clone(), row["sk"].clone()), row);
    }
    rows
}

/// The ids of the sample app's active rooms, as the reader lists them.
pub async fn active_rooms(reader: &Reader) -> Vec<String> {
    let (mut rooms, mut ids) = (reader.active_rooms(&app(), None), Vec::new());
    while let Some(room) = rooms.next().await.unwrap() {
        ids.push(room.chat_room_id);
    }
    ids
}

fn text(value: AttributeValue) -> String {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text,
        other => panic!("no attribute of the table is a {other:?}"),
    }
}

/// The item of a room of the sample app.
pub fn room_row<'a>(rows: &'a Rows, room: &str) -> &'a Row {
    &rows[&(format!("ROOM#{APP_KEY}#{room}"), "ROOM".to_owned())]
}

/// The item of a member of a room of the sample app.
pub fn member_row<'a>(rows: &'a Rows, room: &str, user: &str) -> &'a Row {
    &rows[&(format!("ROOM#{APP_KEY}#{room}"), format!("USER#{user}"))]
}

/// A time in milliseconds after [`START`], as rows hold it.
pub fn time(millis: u64) -> String {
    (START + millis).to_string()
}

/// The `expiresAt` that follows from such a time: thirty days later, in seconds.
pub fn expiry(millis: u64) -> String {
    ((START + millis) / 1000 + 30 * 86_400).to_string()
}

/// The `version` of an event whose status is one digit.
pub fn version(event: &WireEvent) -> String {
    format!("{}{}{}", event.time.millis(), event.r#type, event.status)
}
