//! From events to changes: at most one per member and one per room, whatever the events' number and
//! order.
//!
//! What events say about an item is folded into [`Facts`]: the newest version of each kind. Folding
//! takes the greater of two, so it forgets order, repetition and batching; that is why any of them
//! ends in the same table.

use std::collections::BTreeMap;

use crate::domain::{
    event::{Event, Kind, Version},
    ids::{RoomId, UserId},
};

/// What is known about one member or one room: the newest version of each kind of event, and the
/// newest of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    newest: Version,
    by_kind: [Option<Version>; 4],
}

impl Facts {
    /// What a single event says.
    pub const fn of(version: Version) -> Self {
        let mut by_kind = [None; 4];
        by_kind[version.kind() as usize] = Some(version);
        Self { newest: version, by_kind }
    }

    /// Takes in another event. Older ones of the same kind change nothing.
    pub fn learn(&mut self, version: Version) {
        let known = &mut self.by_kind[version.kind() as usize];
        *known = (*known).max(Some(version));
        self.newest = self.newest.max(version);
    }

    /// A join, as what it proves about its room: that it lives. The room's item records no join.
    pub const fn alive(join: Version) -> Self {
        Self { newest: join, by_kind: [None; 4] }
    }

    /// The same, where more is known about the room.
    pub fn prove_alive(&mut self, join: Version) {
        self.newest = self.newest.max(join);
    }

    /// The event that decides what the item is.
    pub const fn newest(&self) -> Version {
        self.newest
    }

    /// The newest event of a kind.
    pub const fn of_kind(&self, kind: Kind) -> Option<Version> {
        self.by_kind[kind as usize]
    }

    /// What the item is to record: the newest event of each kind, create first.
    pub fn versions(&self) -> impl Iterator<Item = Version> {
        self.by_kind.into_iter().flatten()
    }
}

fn learn_into(known: &mut Option<Facts>, version: Version) {
    match known {
        Some(facts) => facts.learn(version),
        None => *known = Some(Facts::of(version)),
    }
}

/// All that a callback says about one room and its members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomPlan {
    /// What was reported about the room itself: creates and destroys. The newest join of the same
    /// callback counts with them, because it proves the room alive just as a create does; a
    /// join alone is no change of the room.
    pub room: Option<Facts>,
    /// What was reported about each member: joins and leaves.
    pub members: BTreeMap<UserId, Facts>,
}

/// The changes of a callback, by room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Rooms with at least one change.
    pub rooms: BTreeMap<RoomId, RoomPlan>,
}

impl Plan {
    /// Folds events. Users of a create or destroy say nothing about members, and a join or leave
    /// without users nothing at all.
    pub fn of(events: impl IntoIterator<Item = Event>) -> Self {
        let mut rooms: BTreeMap<RoomId, RoomPlan> = BTreeMap::new();
        for Event { room, users, version } in events {
            match version.kind() {
                Kind::Create | Kind::Destroy => {
                    learn_into(&mut rooms.entry(room).or_default().room, version);
                }
                Kind::Join | Kind::Leave if users.is_empty() => {}
                Kind::Join | Kind::Leave => {
                    let members = &mut rooms.entry(room).or_default().members;
                    for user in users {
                        members
                            .entry(user)
                            .and_modify(|facts| facts.learn(version))
                            .or_insert(Facts::of(version));
                    }
                }
            }
        }
        for plan in rooms.values_mut() {
            if let (Some(join), Some(room)) = (plan.newest_join(), &mut plan.room) {
                room.prove_alive(join);
            }
        }
        Self { rooms }
    }

    /// Events that fold into this plan again. Whatever made it, there are as few as possible: one
    /// for all users of a room with the same version.
    pub fn into_events(self) -> impl Iterator<Item = Event> {
        self.rooms.into_iter().flat_map(|(room, plan)| {
            let mut users: BTreeMap<Version, Vec<UserId>> = BTreeMap::new();
            for (user, facts) in plan.members {
                for version in facts.versions() {
                    users.entry(version).or_default().push(user.clone());
                }
            }
            // The room's own events have no users.
            for version in plan.room.iter().flat_map(Facts::versions) {
                users.entry(version).or_default();
            }
            users.into_iter().map(move |(version, users)| Event {
                room: room.clone(),
                users,
                version,
            })
        })
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.rooms.values().map(|plan| plan.members.len() + usize::from(plan.room.is_some())).sum()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }
}

impl RoomPlan {
    /// The newest join of any member: the last sign of life of the room.
    pub fn newest_join(&self) -> Option<Version> {
        self.members.values().filter_map(|facts| facts.of_kind(Kind::Join)).max()
    }
}
