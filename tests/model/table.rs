//! The table's items, written as the library's expressions write them.

use std::{
    cmp::Ordering,
    hash::{Hash, Hasher},
};

use chatroom_status_sync::domain::{
    event::{Kind, Version},
    plan::Facts,
    room_state::RoomState,
    time::Timestamp,
};

use crate::{protocol::Protocol, rules::Rule};

/// An item, of a member or of the room. Index keys are left out: they come and go with `lives`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Item {
    /// `version`.
    pub version: Version,
    /// `membership` is `joined`, or `lifecycle` is `active`.
    pub lives: bool,
    /// `reason` of a member.
    pub reason: Option<&'static str>,
    /// `createdAt`.
    pub created: Option<Timestamp>,
    /// `joinedAt`.
    pub joined: Option<Timestamp>,
    /// `leftAt`.
    pub left: Option<Timestamp>,
    /// `destroyVersion`, and with it `destroyedAt` and `destroyReason`.
    pub destroyed: Option<Version>,
    /// `expiresAt`, as the time from which it counts. A member's says that the member has left; a
    /// room's, that it is destroyed and swept.
    pub expires: Option<Timestamp>,
}

/// A [`RoomState`] that can be hashed, as part of a state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found(pub RoomState);

impl Hash for Found {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.active, self.0.destroyed, self.0.unswept).hash(state);
    }
}

/// The reason of a membership that ended with its room.
pub const ROOM_DESTROYED: &str = "room_destroyed";

/// The subject of an item that is written. Members have a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Member,
    Room,
}

/// The result of the first request of `Table::write_member` or `Table::write_room`.
pub struct Written {
    /// True if the item was older (`Verdict::Applied`).
    pub applied: bool,
    /// The room as the request left it.
    pub room_state: RoomState,
    /// Versions that are left for `update::raise`.
    pub lacking: Vec<Version>,
}

/// The first request of `Table::write_member` and `Table::write_room`: `update::write`, and the
/// conclusions from the item that it gives back.
pub fn write(slot: &mut Option<Item>, subject: Subject, facts: &Facts) -> Written {
    let applied = slot.as_ref().is_none_or(|item| item.version < facts.newest());
    let old = slot.clone();
    let (room_state, lacking) = if applied {
        *slot = Some(whole(old.as_ref(), subject, facts));
        let news = facts.versions().filter(|&known| known != facts.newest());
        let is_older = |&known: &Version| {
            let stored = old.as_ref().and_then(|old| old.compare(known));
            stored.is_some_and(Ordering::is_lt)
        };
        (room_state(old.as_ref()).after(facts), news.filter(is_older).collect())
    } else {
        (room_state(old.as_ref()), lacking_in(old.as_ref(), facts))
    };
    // If the item lacks the newest destroy, a further request will write it, as in the library.
    let destroyed = room_state.destroyed.max(facts.of_kind(Kind::Destroy));
    Written { applied, room_state: RoomState { destroyed, ..room_state }, lacking }
}

impl Protocol {
    /// Writes as [`write`] does, apart from the rule that is left out.
    pub fn write(&self, slot: &mut Option<Item>, subject: Subject, facts: &Facts) -> Written {
        let expired = slot.as_ref().and_then(|item| item.expires);
        let written = write(slot, subject, facts);
        if let Some(room) = slot.as_mut().filter(|_| written.applied && subject == Subject::Room) {
            let (stops, expires_at_once) = if room.lives {
                (self.keeps(Rule::RevivalsStopTheExpiry), false)
            } else {
                (
                    self.keeps(Rule::DestroysStopTheExpiry),
                    !self.keeps(Rule::OnlySweepsLetRoomsExpire),
                )
            };
            let kept = if stops { None } else { expired };
            room.expires = if expires_at_once { room.destroyed.map(Version::time) } else { kept };
        }
        written
    }

    /// `update::swept`: lets a room expire that is destroyed by the sweep's own destroy.
    pub fn let_expire(&self, room: &mut Option<Item>, destroy: Version) {
        if let Some(room) = room
            && (!room.lives || !self.keeps(Rule::OnlyDestroyedRoomsExpire))
            && (room.destroyed == Some(destroy) || !self.keeps(Rule::SweepsFinishTheirOwnDestroy))
        {
            room.expires = room.destroyed.map(Version::time);
        }
    }
}

/// Each further request of `Table::write_member` and `Table::write_room`: `update::raise`. Gives
/// the versions that are still lacking.
pub fn raise(slot: &mut Option<Item>, lacking: &[Version], facts: &Facts) -> Vec<Version> {
    let lacks = |known: &Version| {
        let stored = slot.as_ref().and_then(|item| item.compare(*known));
        stored.is_none_or(Ordering::is_lt)
    };
    if !lacking.iter().all(lacks) {
        return lacking_in(slot.as_ref(), facts);
    }
    for &known in lacking {
        if let Some(item) = slot {
            item.record(known, true);
        }
    }
    Vec::new()
}

/// `Table::read_room_state`: the part of a room's item that joins and sweeps go by.
pub fn room_state(room: Option<&Item>) -> RoomState {
    room.map_or_else(RoomState::default, |room| RoomState {
        active: room.lives,
        destroyed: room.destroyed,
        unswept: !room.lives && room.expires.is_none(),
    })
}

fn whole(old: Option<&Item>, subject: Subject, facts: &Facts) -> Item {
    let newest = facts.newest();
    let lives = matches!(newest.kind(), Kind::Create | Kind::Join);
    let mut item = Item {
        version: newest,
        lives,
        reason: (subject == Subject::Member).then(|| newest.reason()),
        created: old.and_then(|old| old.created),
        joined: old.and_then(|old| old.joined),
        left: old.and_then(|old| old.left),
        destroyed: old.and_then(|old| old.destroyed),
        expires: (newest.kind() == Kind::Leave).then(|| newest.time()),
    };
    for known in facts.versions() {
        item.record(known, known == newest);
    }
    item
}

fn lacking_in(item: Option<&Item>, facts: &Facts) -> Vec<Version> {
    let lacks = |&known: &Version| {
        let stored = item.and_then(|item| item.compare(known));
        stored.is_none_or(Ordering::is_lt)
    };
    facts.versions().filter(lacks).collect()
}

impl Item {
    /// Takes the effect of `update::end`; the caller checks its condition.
    pub fn end(&mut self, destroy: Version) {
        self.lives = false;
        self.reason = Some(ROOM_DESTROYED);
        self.expires = Some(destroy.time());
    }

    /// `item::compare`.
    fn compare(&self, version: Version) -> Option<Ordering> {
        let time = |stored: Option<Timestamp>| stored.map(|time| time.cmp(&version.time()));
        match version.kind() {
            Kind::Create => time(self.created),
            Kind::Join => time(self.joined),
            Kind::Leave => time(self.left),
            Kind::Destroy => self.destroyed.map(|known| known.cmp(&version)),
        }
    }

    /// `Expression::record`: with or without `if_not_exists`.
    fn record(&mut self, version: Version, overwrite: bool) {
        let set = |stored: &mut Option<Timestamp>| {
            if overwrite || stored.is_none() {
                *stored = Some(version.time());
            }
        };
        match version.kind() {
            Kind::Create => set(&mut self.created),
            Kind::Join => set(&mut self.joined),
            Kind::Leave => set(&mut self.left),
            Kind::Destroy if overwrite || self.destroyed.is_none() => {
                self.destroyed = Some(version);
            }
            Kind::Destroy => {}
        }
    }
}
