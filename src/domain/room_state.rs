//! What a room's own item says to the members who join: whether it must be revived, and whose join
//! came too late.
//!
//! A join writes its member without looking, and looks at the room at the same time. These are the
//! conclusions.

use crate::domain::{
    event::{Kind, Version},
    plan::{Facts, RoomPlan},
};

/// A room's item as it was seen at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoomState {
    /// Whether the room is stored as active. A room without an item is not.
    pub active: bool,
    /// The newest destroy stored, whether or not the room came back to life after it.
    pub destroyed: Option<Version>,
}

impl RoomState {
    /// What is known once `facts` are written over this.
    pub fn after(self, facts: &Facts) -> Self {
        Self {
            active: facts.newest().kind() != Kind::Destroy,
            destroyed: self.destroyed.max(facts.of_kind(Kind::Destroy)),
        }
    }

    /// The join that proves the room alive where the item does not say so: its create was lost or
    /// is late, or the room lives again after a destroy. `None` if the room is active, or if
    /// every join came before its end.
    pub fn revived_by(self, plan: &RoomPlan) -> Option<Version> {
        let join = plan.newest_join()?;
        (!self.active && Some(join) > self.destroyed).then_some(join)
    }

    /// Whether a member's newest event is a join from before the room's end: the membership ended
    /// with the room, and came too late for whoever ended the others.
    pub fn is_ended(self, member: &Facts) -> bool {
        let newest = member.newest();
        newest.kind() == Kind::Join && Some(newest) < self.destroyed
    }
}
