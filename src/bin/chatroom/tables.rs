//! Members and rooms as tables for people.

use chatroom_status_sync::table::presence::{Collection, Member, Room};
use comfy_table::Table;

use crate::print::{table, time};

/// A room, and the number of its members where they were counted.
pub struct RoomRow<'a> {
    pub room: &'a Room,
    pub members: Option<usize>,
}

/// Makes a table of members. Who is in the room is decided with the room's own item.
pub fn members_table<'a>(
    members: impl IntoIterator<Item = &'a Member>,
    collection: &Collection,
) -> Table {
    let mut table = table(["user", "in the room", "membership", "reason", "joined", "left"]);
    for member in members {
        let is_present = member.is_present_in(collection.room.as_ref());
        table.add_row([
            &*member.user_id,
            if is_present { "yes" } else { "no" },
            &member.membership,
            &member.reason,
            &time(member.joined_at),
            &time(member.left_at),
        ]);
    }
    table
}

/// Makes a table of rooms.
pub fn rooms_table<'a>(rows: impl IntoIterator<Item = RoomRow<'a>>) -> Table {
    let mut table = table(["room", "lifecycle", "created", "destroyed", "reason", "members"]);
    for RoomRow { room, members } in rows {
        table.add_row([
            &*room.chat_room_id,
            &room.lifecycle,
            &time(room.created_at),
            &time(room.destroyed_at),
            room.destroy_reason.as_deref().unwrap_or_default(),
            &members.map_or_else(String::new, |count| count.to_string()),
        ]);
    }
    table
}
