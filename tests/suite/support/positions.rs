//! Events and rows by position, for the tests that do not word them as sentences yet.

use chatroom_status_sync::local::im_server::WireEvent;

use super::{Row, Rows, at, member_row, room_row};

pub const CREATE: u64 = 0;
pub const JOIN: u64 = 1;
pub const LEAVE: u64 = 2;
pub const DESTROY: u64 = 3;

pub fn event(room: &str, users: &[&str], kind: u64, status: u64, millis: u64) -> WireEvent {
    WireEvent::new(room, users, kind, status, at(millis))
}

/// The item of a member, or of a room itself.
pub fn row<'a>(rows: &'a Rows, room: &str, user: Option<&str>) -> &'a Row {
    user.map_or_else(|| room_row(rows, room), |user| member_row(rows, room, user))
}
