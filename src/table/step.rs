//! The steps that a plan can call for, and what each of them confirms.

use super::write::Verdict;
use crate::domain::{
    event::Version,
    ids::{RoomId, UserId},
    plan::Facts,
    room_state::RoomState,
};

/// One request about a room of the plan.
#[derive(Clone, Copy)]
pub(super) struct Step<'plan> {
    pub room: &'plan RoomId,
    pub action: Action<'plan>,
}

/// The content of a step.
#[derive(Clone, Copy)]
pub(super) enum Action<'plan> {
    WriteMember {
        user: &'plan UserId,
        facts: &'plan Facts,
    },
    WriteRoom {
        facts: &'plan Facts,
    },
    ReadRoomState,
    /// Writes the room as active, because a join proves it alive.
    Revive {
        join: Version,
    },
    /// Ends a membership that began before the room's end.
    EndMembership {
        user: &'plan UserId,
        join: Version,
        destroy: Version,
    },
}

/// A step that the table has confirmed, and what it told.
#[derive(Clone, Copy)]
pub(super) enum Done<'plan> {
    MemberWritten { user: &'plan UserId, verdict: Verdict },
    RoomWritten { verdict: Verdict, state: RoomState },
    RoomStateRead(RoomState),
    Revived { state: RoomState },
    MembershipEnded { user: &'plan UserId },
}
