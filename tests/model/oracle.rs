//! The end state as a function of the set of events, whatever their order.
//!
//! A member's newest event decides. If it is a join older than the room's newest destroy, the
//! member has left, because the room was destroyed. The room is destroyed if its newest destroy is
//! newer than every create and every join; otherwise it is active.
//!
//! If several destroys could have ended a membership, any of them may have, and the member expires
//! by that one.

use chatroom_status_sync::domain::event::{Kind, Version};

use crate::{
    history::{Callback, Told},
    table::{Item, ROOM_DESTROYED},
};

/// The table once everything is done. [`EndState::agrees_with`] leaves out the version of the
/// room's item, which readers do not use.
#[derive(Debug, Clone)]
pub struct EndState {
    room: Option<Item>,
    members: Vec<Option<Item>>,
    destroys: Vec<Version>,
}

impl EndState {
    /// The end state of these callbacks' events.
    pub fn of(callbacks: &[Callback], users: usize) -> Self {
        let told: Vec<Told> =
            callbacks.iter().flat_map(|callback| callback.told.iter().copied()).collect();
        let destroyed = newest(&told, |told| told.version.kind() == Kind::Destroy);
        Self {
            room: room(&told, destroyed),
            members: (0..users).map(|user| member(&told, user, destroyed)).collect(),
            destroys: told
                .iter()
                .map(|told| told.version)
                .filter(|version| version.kind() == Kind::Destroy)
                .collect(),
        }
    }

    /// True if a table is right in everything that readers use.
    pub fn agrees_with(&self, room: Option<&Item>, members: &[Option<Item>]) -> bool {
        let version = self.room.as_ref().map(|room| room.version);
        let room = room.cloned().zip(version);
        let room = room.map(|(room, version)| Item { version, ..room });
        let mut pairs = self.members.iter().zip(members);
        self.room == room && pairs.all(|(end, item)| self.is_same(end.as_ref(), item.as_ref()))
    }

    fn is_same(&self, end: Option<&Item>, item: Option<&Item>) -> bool {
        let (Some(end), Some(item)) = (end, item) else {
            return end == item;
        };
        let may_expire =
            |destroy: &Version| *destroy > item.version && item.expires == Some(destroy.time());
        if end.reason == Some(ROOM_DESTROYED) && self.destroys.iter().any(may_expire) {
            let expires = end.expires;
            *end == Item { expires, ..item.clone() }
        } else {
            end == item
        }
    }
}

/// True if a member is in the room, by its newest event and the room's newest destroy.
pub fn is_present(newest: Option<Version>, destroyed: Option<Version>) -> bool {
    newest.is_some_and(|newest| newest.kind() == Kind::Join) && newest > destroyed
}

fn newest(told: &[Told], counts: impl Fn(&Told) -> bool) -> Option<Version> {
    let counted = told.iter().filter(|told| counts(told));
    counted.map(|told| told.version).max()
}

fn room(told: &[Told], destroyed: Option<Version>) -> Option<Item> {
    let created = newest(told, |told| told.version.kind() == Kind::Create);
    let joined = newest(told, |told| told.version.kind() == Kind::Join);
    let life = created.max(joined);
    let lives = life > destroyed;
    Some(Item {
        version: life.max(destroyed)?,
        lives,
        reason: None,
        created: created.map(Version::time),
        joined: None,
        left: None,
        destroyed,
        expires: destroyed.filter(|_| !lives).map(Version::time),
    })
}

fn member(told: &[Told], user: usize, destroyed: Option<Version>) -> Option<Item> {
    let newest_of =
        |kind| newest(told, |told| told.user == Some(user) && told.version.kind() == kind);
    let (joined, left) = (newest_of(Kind::Join), newest_of(Kind::Leave));
    let version = joined.max(left)?;
    let lives = is_present(Some(version), destroyed);
    let ended = version.kind() == Kind::Join && !lives;
    let end = if ended { destroyed } else { Some(version) };
    Some(Item {
        version,
        lives,
        reason: Some(if ended { ROOM_DESTROYED } else { version.reason() }),
        created: None,
        joined: joined.map(Version::time),
        left: left.map(Version::time),
        destroyed: None,
        expires: end.filter(|_| !lives).map(Version::time),
    })
}
