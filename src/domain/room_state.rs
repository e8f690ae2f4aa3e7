//! The state of a room's own item, and what it means for the members who join the room.
//!
//! A join writes its member without reading anything first, and reads the room's item at the same
//! time. The room's state then calls for one of two things, if any: the room must be revived, or
//! the membership must be ended, because the join is older than the room's end and came in after
//! it.
//!
//! Only the sweep of a room's end lets the room's item expire, so a destroyed room whose item does
//! not expire is one whose members do not know of its end yet.

use std::time::Duration;

use super::{
    event::{Kind, Version},
    plan::{Facts, RoomPlan},
    time::Timestamp,
};

/// The age of a room's end at which it should have been swept. If it is not, its sweep may be lost.
pub const OVERDUE: Duration = Duration::from_mins(10);

/// The state of a room's item at one moment. The default is that of a room without an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoomState {
    /// True if the room is stored as active.
    pub active: bool,
    /// The newest destroy stored, even if the room came back to life after it.
    pub destroyed: Option<Version>,
    /// True if the room was found destroyed, and no sweep had brought that to its members. Once the
    /// room is active again, its item no longer tells.
    pub unswept: bool,
}

impl RoomState {
    /// Gives the state once `facts` are written over this one.
    pub fn after(self, facts: &Facts) -> Self {
        let active = facts.newest().kind() != Kind::Destroy;
        Self {
            active,
            destroyed: self.destroyed.max(facts.of_kind(Kind::Destroy)),
            unswept: !active || self.unswept,
        }
    }

    /// Says whether the room is destroyed, and all its members know it.
    pub const fn is_swept(self) -> bool {
        !self.active && self.destroyed.is_some() && !self.unswept
    }

    /// Finds the end of the room that is to be swept, seen by a callback that tells `plan` at `now`.
    ///
    /// A callback that tells the room's newest end asks for its sweep even if the end is known: the
    /// function that took it first may have ended before the sweep was queued. Everybody else asks
    /// once the sweep is [`OVERDUE`]. A callback that revived the room asks at once, because nobody
    /// after it can see that the room was not swept. An older end needs none: the sweep of the newer
    /// one ends every membership that its own would.
    ///
    /// ```
    /// use chatroom_status_sync::domain::{
    ///     event::{Kind, Version},
    ///     plan::RoomPlan,
    ///     room_state::RoomState,
    ///     time::Timestamp,
    /// };
    ///
    /// let at = |millis| Timestamp::from_millis(millis).unwrap();
    /// let end = Some(Version::new(at(1_574_476_800_000), Kind::Destroy, 0));
    /// let lost = RoomState { active: false, destroyed: end, unswept: true };
    /// let another = RoomPlan::default();
    /// assert_eq!(lost.sweep_due(&another, at(1_574_476_860_000)), None, "a minute later");
    /// assert_eq!(lost.sweep_due(&another, at(1_574_477_460_000)), end, "eleven minutes later");
    /// let swept = RoomState { unswept: false, ..lost };
    /// assert_eq!(swept.sweep_due(&another, at(1_574_477_460_000)), None);
    /// ```
    pub fn sweep_due(self, plan: &RoomPlan, now: Timestamp) -> Option<Version> {
        self.own_sweep(plan).or_else(|| self.overdue_sweep(now))
    }

    /// Finds the end of the room that only a callback which tells `plan` can ask to be swept: it
    /// told the end, or it revived the room.
    pub fn own_sweep(self, plan: &RoomPlan) -> Option<Version> {
        let is_told = plan.room.and_then(|facts| facts.of_kind(Kind::Destroy)) == self.destroyed;
        let is_revived = self.unswept && self.active;
        self.destroyed.filter(|_| is_told && !self.is_swept() || is_revived)
    }

    /// Finds the end of the room whose sweep is [`OVERDUE`] at `now`. Everybody can see that, so
    /// not everybody has to ask.
    pub fn overdue_sweep(self, now: Timestamp) -> Option<Version> {
        self.destroyed.filter(|end| self.unswept && now.since(end.time()) > OVERDUE)
    }

    /// Finds the join that proves the room alive where the item does not say so: its create was
    /// lost or is late, or the room lives again after a destroy. `None` if the room is active,
    /// or if every join came before its end.
    ///
    /// ```
    /// use chatroom_status_sync::domain::{
    ///     event::{Kind, Version},
    ///     ids::UserId,
    ///     plan::{Facts, RoomPlan},
    ///     room_state::RoomState,
    ///     time::Timestamp,
    /// };
    ///
    /// let at = |millis, kind| Version::new(Timestamp::from_millis(millis).unwrap(), kind, 0);
    /// let join = at(1_574_476_797_772, Kind::Join);
    /// let mut plan = RoomPlan::default();
    /// plan.members.insert(UserId::new("anna").unwrap(), Facts::of(join));
    ///
    /// assert_eq!(RoomState::default().revived_by(&plan), Some(join), "its create was lost");
    /// let destroyed = Some(at(1_574_476_800_000, Kind::Destroy));
    /// assert_eq!(RoomState { destroyed, ..RoomState::default() }.revived_by(&plan), None);
    /// ```
    pub fn revived_by(self, plan: &RoomPlan) -> Option<Version> {
        let join = plan.newest_join()?;
        (!self.active && Some(join) > self.destroyed).then_some(join)
    }

    /// Finds the destroy that ended a membership: the member's newest event is a join from before
    /// the room's end, so it came too late for the sweep that ended the others.
    pub fn end_of(self, member: &Facts) -> Option<Version> {
        let newest = member.newest();
        self.destroyed.filter(|&destroy| newest.kind() == Kind::Join && newest < destroy)
    }
}
