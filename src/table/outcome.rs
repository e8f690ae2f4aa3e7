//! The outcome of a plan: counts the changes that the table confirmed, and keeps the others.

use super::{unconfirmed::Unconfirmed, write::Verdict};
use crate::domain::{
    plan::{Plan, RoomPlan},
    sweep::Sweep,
};

/// The outcome of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The number of changes that the table now shows.
    pub applied: usize,
    /// The number of changes that the table knew, or knew something newer than.
    pub stale: usize,
    /// The changes that the table did not confirm. Some may have taken effect, and all can be
    /// repeated.
    pub unwritten: Plan,
    /// The reason why the first of those was not confirmed.
    pub failure: Option<Unconfirmed>,
    /// The sweeps that the destroyed rooms of the plan need, later.
    pub sweeps: Vec<Sweep>,
}

/// The verdicts on all changes of a plan, room by room in the plan's order.
pub(super) struct Verdicts {
    pub rooms: Vec<RoomVerdicts>,
    pub failure: Option<Unconfirmed>,
}

/// The verdicts on the changes of a room. A change has none while something of it is left to do.
pub(super) struct RoomVerdicts {
    pub room: Option<Verdict>,
    /// The members' verdicts, in the plan's order.
    pub members: Vec<Option<Verdict>>,
    pub sweep: Option<Sweep>,
}

impl Outcome {
    /// Takes the confirmed changes out of the plan, and counts them. Nothing of the plan is copied,
    /// because a callback may name hundreds of thousands of users.
    pub(super) fn of(mut plan: Plan, verdicts: Verdicts) -> Self {
        let mut outcome = Self { failure: verdicts.failure, ..Self::default() };
        for (room, verdicts) in plan.rooms.values_mut().zip(verdicts.rooms) {
            outcome.sweeps.extend(verdicts.sweep);
            let mut of_members = verdicts.members.into_iter();
            room.members.retain(|_, _| !outcome.count(of_members.next().flatten()));
            if outcome.count(verdicts.room) {
                room.room = None;
            }
        }
        plan.rooms.retain(|_, room| *room != RoomPlan::default());
        Self { unwritten: plan, ..outcome }
    }

    /// Counts a verdict; gives false if there is none.
    fn count(&mut self, verdict: Option<Verdict>) -> bool {
        match verdict {
            Some(Verdict::Applied) => self.applied += 1,
            Some(Verdict::Stale) => self.stale += 1,
            None => {}
        }
        verdict.is_some()
    }
}
