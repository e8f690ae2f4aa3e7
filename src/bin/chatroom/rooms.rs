//! `chatroom rooms`: the active rooms of an app.

use crate::{
    access::Access,
    print,
    result::Result,
    tables::{RoomRow, rooms_table},
};

pub async fn run(access: Access) -> Result {
    let mut active = access.table().await?.reader().active_rooms(&access.app_key, None);
    let mut rooms = Vec::new();
    while let Some(room) = active.next().await? {
        rooms.push(room);
    }
    if access.json {
        return print::json(&rooms);
    }
    print::line(rooms_table(rooms.iter().map(|room| RoomRow { room, members: None })))?;
    print::line(format_args!("{} active rooms", rooms.len()))
}
