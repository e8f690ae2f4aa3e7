//! The state of a room's own item, and what it means for the members who join the room.
//!
//! A join writes its member without reading anything first, and reads the room's item at the same
//! time. The room's state then calls for one of two things, if any: the room must be revived, or
//! the membership must be ended, because the join is older than the room's end and came in after
//! it.

use super::{
    event::{Kind, Version},
    plan::{Facts, RoomPlan},
};

/// The state of a room's item at one moment. The default is that of a room without an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoomState {
    /// True if the room is stored as active.
    pub active: bool,
    /// The newest destroy stored, even if the room came back to life after it.
    pub destroyed: Option<Version>,
}

impl RoomState {
    /// Gives the state once `facts` are written over this one.
    pub fn after(self, facts: &Facts) -> Self {
        Self {
            active: facts.newest().kind() != Kind::Destroy,
            destroyed: self.destroyed.max(facts.of_kind(Kind::Destroy)),
        }
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
    /// assert_eq!(RoomState { active: false, destroyed }.revived_by(&plan), None, "it ended later");
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
