//! The state of a room's own item, and what it means for the members who join the room.
//!
//! A join writes its member without reading anything first, and reads the room's item at the same
//! time. Two conclusions follow: the room must be revived, or the join came after the room's end.

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

    /// Finds the join that proves the room alive where the item does not say so: its create was lost
    /// or is late, or the room lives again after a destroy. `None` if the room is active, or if every
    /// join came before its end.
    pub fn revived_by(self, plan: &RoomPlan) -> Option<Version> {
        let join = plan.newest_join()?;
        (!self.active && Some(join) > self.destroyed).then_some(join)
    }

    /// Finds the destroy that ended a membership: the member's newest event is a join from before the
    /// room's end, so it came too late for the sweep that ended the others.
    pub fn end_of(self, member: &Facts) -> Option<Version> {
        let newest = member.newest();
        self.destroyed.filter(|&destroy| newest.kind() == Kind::Join && newest < destroy)
    }
}
