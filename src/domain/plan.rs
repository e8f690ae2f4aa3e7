//! Plans: fold events into at most one change per member and one per room, whatever the events'
//! number and order.
//!
//! All events about an item are folded into [`Facts`]: the newest version of each kind. Folding
//! takes the greater of two versions, so neither order nor repetition nor the way in which events
//! are batched changes what the table says in the end.

use std::collections::BTreeMap;

use super::{
    event::{Event, Kind, Version},
    ids::{RoomId, UserId},
};

/// The facts about one member or one room: the newest version of each kind of event, and the newest
/// of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    newest: Version,
    by_kind: [Option<Version>; 4],
}

impl Facts {
    /// Makes the facts of a single event.
    pub const fn of(version: Version) -> Self {
        let mut by_kind = [None; 4];
        by_kind[version.kind() as usize] = Some(version);
        Self { newest: version, by_kind }
    }

    /// Adds an event. It changes nothing if a newer one of its kind is known.
    fn learn(&mut self, version: Version) {
        let known = &mut self.by_kind[version.kind() as usize];
        *known = (*known).max(Some(version));
        self.newest = self.newest.max(version);
    }

    /// Makes the facts of a room that only a member's join tells about: the room is alive. The
    /// room's item records no join, so these facts have no version of any kind.
    pub const fn alive(join: Version) -> Self {
        Self { newest: join, by_kind: [None; 4] }
    }

    /// Raises the newest version to a join, which proves that the room is alive.
    fn prove_alive(&mut self, join: Version) {
        self.newest = self.newest.max(join);
    }

    /// Gives the event that decides what the item is.
    pub const fn newest(&self) -> Version {
        self.newest
    }

    /// Gives the newest event of a kind.
    pub const fn of_kind(&self, kind: Kind) -> Option<Version> {
        self.by_kind[kind as usize]
    }

    /// Lists what the item is to record: the newest event of each kind, create first.
    pub fn versions(&self) -> impl Iterator<Item = Version> {
        self.by_kind.into_iter().flatten()
    }
}

/// Everything that a callback says about one room and its members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomPlan {
    /// Facts about the room itself: creates and destroys. The newest join of the same callback
    /// counts with them, because it proves the room alive just as a create does. A join alone is
    /// no change of the room.
    pub room: Option<Facts>,
    /// Facts about each member: joins and leaves.
    pub members: BTreeMap<UserId, Facts>,
}

/// The changes of a callback, by room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The rooms with at least one change.
    pub rooms: BTreeMap<RoomId, RoomPlan>,
}

impl Plan {
    /// Folds events. The users of a create or destroy say nothing about members, and a join or
    /// leave without users says nothing at all.
    ///
    /// ```
    /// use chatroom_status_sync::domain::{
    ///     event::{Event, Kind, Version},
    ///     ids::{RoomId, UserId},
    ///     plan::Plan,
    ///     time::Timestamp,
    /// };
    ///
    /// let event = |kind, millis| Event {
    ///     room: RoomId::new("lobby").unwrap(),
    ///     users: vec![UserId::new("anna").unwrap()],
    ///     version: Version::new(Timestamp::from_millis(millis).unwrap(), kind, 0),
    /// };
    /// let join = event(Kind::Join, 1_574_476_797_772);
    /// let leave = event(Kind::Leave, 1_574_476_800_000);
    /// let plan = Plan::of([leave.clone(), join.clone(), join.clone()]);
    /// assert_eq!(plan, Plan::of([join, leave]), "order and repetition make no difference");
    /// assert_eq!(plan.len(), 1, "one change: that of the member");
    /// ```
    pub fn of(events: impl IntoIterator<Item = Event>) -> Self {
        let mut rooms: BTreeMap<RoomId, RoomPlan> = BTreeMap::new();
        for Event { room, users, version } in events {
            match version.kind() {
                Kind::Create | Kind::Destroy => {
                    let facts = &mut rooms.entry(room).or_default().room;
                    facts.get_or_insert(Facts::of(version)).learn(version);
                }
                Kind::Join | Kind::Leave if users.is_empty() => {}
                Kind::Join | Kind::Leave => {
                    let members = &mut rooms.entry(room).or_default().members;
                    for user in users {
                        members.entry(user).or_insert(Facts::of(version)).learn(version);
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

    /// Gives events that fold into this plan again: as few as possible, by listing all users of a
    /// room with the same version in one event.
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

    /// Counts the changes: one for each member and for each room about which there are facts.
    pub fn len(&self) -> usize {
        self.rooms.values().map(|plan| plan.members.len() + usize::from(plan.room.is_some())).sum()
    }

    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }
}

impl RoomPlan {
    /// Gives the newest join of any member: the last sign of life of the room.
    pub fn newest_join(&self) -> Option<Version> {
        self.members.values().filter_map(|facts| facts.of_kind(Kind::Join)).max()
    }
}
