//! `chatroom rooms`: the active rooms of an app.

use crate::{
    access::Access,
    print,
    result::Result,
    tables::{RoomRow, rooms_table},
};

pub async fn run(access: Access) -> Result {
    let rooms = access.table().await?.active_rooms(&access.app_key).await?;
    if access.json {
        return print::json(&rooms);
    }
    print::line(rooms_table(rooms.iter().map(|room| RoomRow { room, members: None })))?;
    print::line(format_args!("{} active rooms", rooms.len()))
}
