//! Presence: decides who is in a room, by the items that readers see.
//!
//! One rule is true at every moment: the members of a room are those that are `joined` with a
//! version above the room's `destroyVersion`. Until the room's end has reached its members' own
//! items, `membership` alone says less.

use serde::Serialize;

use super::{
    Attributes,
    item::{number, text},
};
use crate::domain::ids::{AppKey, RoomId};

/// The reason of members whom a room's end removed.
pub const ROOM_DESTROYED: &str = "room_destroyed";

/// A room's own item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// The app.
    pub app_key: String,
    /// The room's id.
    pub chat_room_id: String,
    /// `active` or `destroyed`.
    pub lifecycle: String,
    /// The newest create seen, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<u64>,
    /// The newest destroy seen, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destroyed_at: Option<u64>,
    /// The reason of that destroy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destroy_reason: Option<String>,
    /// That destroy's version. It is not shown: whoever is shown a member need not compare.
    #[serde(skip)]
    pub destroy_version: Option<u64>,
    /// The Unix second at which the item expires: only while the room is destroyed, and all its
    /// members' items say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
}

/// A member's item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The app.
    pub app_key: String,
    /// The room's id.
    pub chat_room_id: String,
    /// The user's id.
    pub user_id: String,
    /// `joined` or `left`, as the item says.
    pub membership: String,
    /// The reason of that, such as `requested` or `room_destroyed`.
    pub reason: String,
    /// The newest join, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<u64>,
    /// The newest reported leave, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_at: Option<u64>,
    /// The time at which a member by the rule was gone, in Unix milliseconds: the newest reported
    /// leave, or the end of the room where that removed the member. No item has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<u64>,
    /// The newest reported event's version.
    pub version: u64,
    /// The Unix second at which the item expires: only after leaving.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
}

/// A room and all members of it that the table knows, as their items are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collection {
    /// The room's item; `None` if the table has none.
    pub room: Option<Room>,
    /// Present and former members, by user id.
    pub members: Vec<Member>,
}

impl Collection {
    /// Lists the members who are in the room.
    pub fn present(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.is_present_in(self.room.as_ref()))
    }
}

impl Member {
    pub(super) fn from(item: &Attributes) -> Self {
        Self {
            app_key: owned(item, "appKey"),
            chat_room_id: owned(item, "chatRoomId"),
            user_id: owned(item, "userId"),
            membership: owned(item, "membership"),
            reason: owned(item, "reason"),
            joined_at: number(item, "joinedAt"),
            left_at: number(item, "leftAt"),
            gone_at: None,
            version: number(item, "version").unwrap_or_default(),
            expires_at: number(item, "expiresAt"),
        }
    }

    /// Says by the rule of this module whether the member is in the room; `room` is the room's
    /// item.
    pub fn is_present_in(&self, room: Option<&Room>) -> bool {
        let destroyed = room.and_then(|room| room.destroy_version);
        self.membership == "joined" && Some(self.version) > destroyed
    }

    /// Applies the rule of this module: whoever the room's end removed has left for the reason
    /// [`ROOM_DESTROYED`], even while the item still says `joined`.
    pub fn by_the_rule(mut self, room: Option<&Room>) -> Self {
        if self.membership == "joined" && !self.is_present_in(room) {
            "left".clone_into(&mut self.membership);
            ROOM_DESTROYED.clone_into(&mut self.reason);
        }
        self.gone_at = match (&*self.membership, &*self.reason) {
            ("joined", _) => None,
            (_, ROOM_DESTROYED) => room.and_then(|room| room.destroyed_at),
            _ => self.left_at,
        };
        self
    }

    /// Gives the time since when a member by the rule is in the room, or gone, in Unix
    /// milliseconds.
    pub fn since(&self) -> Option<u64> {
        if self.membership == "joined" { self.joined_at } else { self.gone_at }
    }
}

impl Room {
    /// Makes what is known of a room that has members and no item yet: a join is written before the
    /// room's item is.
    pub fn of_members(app: &AppKey, room: &RoomId) -> Self {
        Self {
            app_key: app.to_string(),
            chat_room_id: room.to_string(),
            lifecycle: "active".to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn from(item: &Attributes) -> Self {
        Self {
            app_key: owned(item, "appKey"),
            chat_room_id: owned(item, "chatRoomId"),
            lifecycle: owned(item, "lifecycle"),
            created_at: number(item, "createdAt"),
            destroyed_at: number(item, "destroyedAt"),
            destroy_reason: text(item, "destroyReason").map(str::to_owned),
            destroy_version: number(item, "destroyVersion"),
            expires_at: number(item, "expiresAt"),
        }
    }
}

fn owned(item: &Attributes, name: &str) -> String {
    text(item, name).unwrap_or_default().to_owned()
}
