//! Tells people of a repair: what it would do, and what it did.

use std::fmt::Write;

use chatroom_status_sync::{
    domain::{
        event::{Kind, Version},
        ids::RoomId,
        time::Timestamp,
    },
    table::presence::{Collection, Room},
};

use super::{
    callbacks::Sent,
    removed::{Removed, newest_destroy},
};
use crate::print::{counted, fitted, printable, table, time};

/// Users who are listed.
const LISTED: usize = 20;

/// Tells whom a repair would bring back, and what to know of it.
pub fn before(id: &RoomId, found: &Collection, removed: &[Removed], now: Timestamp) -> String {
    let room = found.room.as_ref();
    if removed.is_empty() {
        return format!(
            "nobody has to come back to room {}{}",
            printable(id.as_str()),
            lifeless(id, room)
        );
    }
    let mut rows = table(["user", "removed by", "at", "joins again at"]);
    for member in removed.iter().take(LISTED) {
        rows.add_row([
            printable(&member.user_id),
            event(member.by),
            at(member.by.time()),
            at(member.join_at),
        ]);
    }
    let mut text = fitted(rows).to_string();
    // Writing to a string cannot fail.
    if let Some(more) = removed.len().checked_sub(LISTED).filter(|&more| more > 0) {
        let _ = write!(text, "\nand {more} more; --json lists all");
    }
    let last = removed.iter().map(|member| member.join_at).max();
    if let Some(last) = last.filter(|&last| last > now) {
        let _ = write!(
            text,
            "\nThe wrong event lies ahead of now, so the repair does too: until {}, whatever is \
             reported of these users is older and changes nothing.",
            at(last)
        );
    }
    let destroy = room.and_then(newest_destroy);
    if let Some(destroy) = destroy.filter(|&end| removed.iter().any(|member| member.by < end)) {
        let _ = write!(
            text,
            "\nThe room was destroyed after that, at {}, and whoever joins before it is gone with \
             it. If that was wrong, too, repair the room next, without --user.",
            at(destroy.time())
        );
    }
    text
}

/// Tells what came of a repair.
pub fn after(id: &RoomId, removed: usize, back: usize, sent: &Sent) -> String {
    let mut text = format!("{back} of {} in room {id} again", counted(removed, "member"));
    if sent.deferred > 0 {
        let _ = write!(text, "; {} in the deferred queue", counted_wait(sent.deferred));
    }
    text
}

/// Tells how a room becomes active that nobody was in.
fn lifeless(id: &RoomId, room: Option<&Room>) -> String {
    match room.filter(|room| room.lifecycle == "destroyed").and_then(newest_destroy) {
        None => String::new(),
        Some(destroy) => format!(
            "; if it was destroyed by mistake while nobody was in it, a create makes it active: \
             chatroom event create --room {id} --time {}",
            destroy.time().millis() + 1
        ),
    }
}

fn counted_wait(changes: u64) -> String {
    if changes == 1 { "1 change waits".to_owned() } else { format!("{changes} changes wait") }
}

fn event(version: Version) -> String {
    let kind = if version.kind() == Kind::Destroy { "destroy" } else { "leave" };
    format!("{kind}, {}", version.reason())
}

fn at(moment: Timestamp) -> String {
    time(Some(moment.millis()))
}
