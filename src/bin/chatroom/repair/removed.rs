//! Finds the users whom a wrong event removed from a room.

use std::time::Duration;

use chatroom_status_sync::{
    domain::{
        event::{Kind, Version, is_plausible},
        ids::{RoomId, UserId},
        time::Timestamp,
    },
    table::presence::{Collection, Member, ROOM_DESTROYED, Room},
};
use serde::{Serialize, Serializer};

use crate::{
    print,
    result::{NothingKnown, Result},
};

/// The retention of the table is counted in days.
const DAY: u64 = 24 * 60 * 60;

/// A user who is to join again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// The version of the wrong event.
    #[serde(rename = "wrongVersion", serialize_with = "number")]
    pub by: Version,
    /// The time of the join that undoes it.
    pub join_at: Timestamp,
    pub user_id: String,
}

impl Removed {
    fn new(user_id: &str, by: Version) -> Self {
        let join_at = by.time().after(Duration::from_millis(1));
        Self { by, join_at, user_id: user_id.to_owned() }
    }
}

/// Finds everybody whom the newest destroy of a room removed.
pub fn by_destroy(id: &RoomId, collection: &Collection) -> Result<Vec<Removed>> {
    let Some(room) = &collection.room else {
        return Err(NothingKnown::because(format_args!("nothing is known of room {id}")));
    };
    let Some(destroy) = newest_destroy(room) else {
        return Err(format!(
            "room {id} was never destroyed; if a leave or a ban was wrong, say whose: --user"
        )
        .into());
    };
    let expiry = expiry_of_swept(room, &collection.members, destroy);
    let is_removed = |member: &&Member| match &*member.membership {
        "joined" => !member.is_present_in(Some(room)),
        _ => member.reason == ROOM_DESTROYED && expiry.is_some() && member.expires_at == expiry,
    };
    let removed = collection.members.iter().filter(is_removed);
    Ok(removed.map(|member| Removed::new(&member.user_id, destroy)).collect())
}

/// Finds the expiry of those members whom the sweep of a destroy removed: as many days after it as
/// the table keeps what is over. The room's item has it, too, unless the room is not swept to the end,
/// or is active again.
fn expiry_of_swept(room: &Room, members: &[Member], destroy: Version) -> Option<u64> {
    let swept = members.iter().filter(|member| member.reason == ROOM_DESTROYED);
    let is_in_days = |expiry: &u64| {
        let kept = expiry.checked_sub(destroy.time().seconds());
        kept.is_some_and(|kept| kept.is_multiple_of(DAY))
    };
    // Members whom an older destroy removed expire earlier.
    room.expires_at
        .or_else(|| swept.filter_map(|member| member.expires_at).filter(is_in_days).max())
}

/// Finds the newest leave of a user; `None` if the user is in the room.
pub fn by_leave(id: &RoomId, collection: &Collection, user: &UserId) -> Result<Option<Removed>> {
    let room = collection.room.as_ref();
    let Some(member) = collection.members.iter().find(|one| one.user_id == user.as_str()) else {
        return Err(NothingKnown::because(format_args!(
            "nothing is known of user {user} in room {id}"
        )));
    };
    if member.is_present_in(room) {
        return Ok(None);
    }
    let leave = Version::from_number(member.version).filter(|leave| leave.kind() == Kind::Leave);
    let Some(leave) = leave else {
        return Err(format!(
            "user {user} did not leave room {id}, but was in it when it was destroyed; if that was \
             wrong, repair the room without --user"
        )
        .into());
    };
    let Some(joined) = member.joined_at.and_then(Timestamp::from_millis) else {
        return Err(
            format!("no join of user {user} in room {id} is known that a leave ended").into()
        );
    };
    match room.and_then(newest_destroy) {
        Some(destroy) if destroy < leave && joined <= destroy.time() => Err(format!(
            "user {user} was not in room {id} when that leave came: the room had been destroyed at \
             {} before, and they had not joined again",
            print::time(Some(destroy.time().millis()))
        )
        .into()),
        _ => Ok(Some(Removed::new(user.as_str(), leave))),
    }
}

/// Reads the version of the newest destroy of a room.
pub fn newest_destroy(room: &Room) -> Option<Version> {
    room.destroy_version.and_then(Version::from_number)
}

/// Refuses joins of a time that no receiver would believe now.
pub fn check_times(removed: &[Removed], now: Timestamp) -> Result {
    match removed.iter().map(|member| member.join_at).find(|&join| !is_plausible(join, now)) {
        None => Ok(()),
        Some(join) => Err(format!(
            "the repair would be of {}, which is more than five minutes ahead of this machine's \
             clock, or before 2001: no receiver would believe it now. Nothing was sent",
            print::time(Some(join.millis()))
        )
        .into()),
    }
}

fn number<S: Serializer>(version: &Version, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_u64(version.number())
}
