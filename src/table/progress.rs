//! The progress of a plan: which changes the table has confirmed, and what follows from them.

use std::collections::BTreeMap;

use super::{
    outcome::{RoomVerdicts, Verdicts},
    step::{Action, Done, Step},
    unconfirmed::Unconfirmed,
    write::Verdict,
};
use crate::domain::{
    event::{Kind, Version},
    ids::{RoomId, UserId},
    plan::{Facts, Plan, RoomPlan},
    room_state::RoomState,
    sweep::Sweep,
    time::Timestamp,
};

/// Everything that is known of a plan so far.
pub(super) struct Progress<'plan> {
    rooms: BTreeMap<&'plan RoomId, RoomProgress<'plan>>,
    failure: Option<Unconfirmed>,
}

struct RoomProgress<'plan> {
    plan: &'plan RoomPlan,
    members: BTreeMap<&'plan UserId, MemberProgress<'plan>>,
    /// The verdict on the room's own change, once it is confirmed.
    verdict: Option<Verdict>,
    /// The room's state, as it was found last.
    state: Option<RoomState>,
    /// True once the room's revival was begun.
    is_reviving: bool,
    /// True once its partition is full, or does not answer.
    is_given_up: bool,
}

struct MemberProgress<'plan> {
    facts: &'plan Facts,
    /// The verdict on the member's change, once it is confirmed.
    verdict: Option<Verdict>,
    /// The end of the membership, where it began before the room's end.
    ending: Option<Ending>,
}

/// The progress of a membership's end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Begun,
    Done,
}

impl<'plan> Progress<'plan> {
    /// Begins a plan.
    pub fn of(plan: &'plan Plan) -> Self {
        let begin = |(room, plan)| (room, RoomProgress::of(plan));
        Self { rooms: plan.rooms.iter().map(begin).collect(), failure: None }
    }

    /// Notes why something is not confirmed. The first reason is kept.
    pub fn fail(&mut self, why: Unconfirmed) {
        self.failure.get_or_insert(why);
    }

    /// Notes how a step about a room ended. Gives the steps that follow from it.
    pub fn note(
        &mut self,
        room: &'plan RoomId,
        result: Result<Done<'plan>, Unconfirmed>,
    ) -> Vec<Step<'plan>> {
        let Some(progress) = self.rooms.get_mut(room) else { return Vec::new() };
        match result {
            Ok(done) => {
                let actions = progress.note(done).into_iter();
                actions.map(|action| Step { room, action }).collect()
            }
            Err(why) => {
                progress.is_given_up |= why.is_of_partition();
                self.fail(why);
                Vec::new()
            }
        }
    }

    /// Says whether a room's partition is full, or does not answer.
    pub fn is_given_up(&self, room: &RoomId) -> bool {
        self.rooms.get(room).is_some_and(|room| room.is_given_up)
    }

    /// Gives the verdicts on all changes, and the sweeps that are due at `now`. Of those that are
    /// overdue, only the rooms that `may_ask`.
    pub fn into_verdicts(self, now: Timestamp, may_ask: impl Fn(&RoomId) -> bool) -> Verdicts {
        let verdicts = |(room, progress): (&RoomId, RoomProgress<'_>)| RoomVerdicts {
            sweep: progress.sweep(room, now, &may_ask),
            ..progress.verdicts()
        };
        let rooms = self.rooms.into_iter().map(verdicts);
        Verdicts { rooms: rooms.collect(), failure: self.failure }
    }
}

impl<'plan> RoomProgress<'plan> {
    fn of(plan: &'plan RoomPlan) -> Self {
        let begin = |(user, facts)| (user, MemberProgress { facts, verdict: None, ending: None });
        let members = plan.members.iter().map(begin).collect();
        Self { plan, members, verdict: None, state: None, is_reviving: false, is_given_up: false }
    }

    fn note(&mut self, done: Done<'plan>) -> Vec<Action<'plan>> {
        match done {
            Done::MemberWritten { user, verdict } => {
                let state = self.state;
                let Some(member) = self.members.get_mut(user) else { return Vec::new() };
                member.verdict = Some(verdict);
                state.and_then(|state| member.end(user, state)).into_iter().collect()
            }
            Done::RoomWritten { verdict, state } => {
                self.verdict = Some(verdict);
                self.learn(state)
            }
            Done::RoomStateRead(state) | Done::Revived { state } => self.learn(state),
            Done::MembershipEnded { user } => {
                if let Some(member) = self.members.get_mut(user) {
                    member.ending = Some(Ending::Done);
                }
                Vec::new()
            }
        }
    }

    /// Notes the room's state. Gives what it calls for: the room's revival, and the end of those
    /// memberships that are written. A member who is not written yet is judged then.
    fn learn(&mut self, state: RoomState) -> Vec<Action<'plan>> {
        self.state = Some(state);
        let revival = self.revival().filter(|_| !self.is_reviving);
        self.is_reviving |= revival.is_some();
        let written = self.members.iter_mut().filter(|(_, member)| member.verdict.is_some());
        let endings = written.filter_map(|(&user, member)| member.end(user, state));
        revival.map(|join| Action::Revive { join }).into_iter().chain(endings).collect()
    }

    /// Finds the join that revives the room, as long as the room is not known to be active.
    fn revival(&self) -> Option<Version> {
        self.state?.revived_by(self.plan)
    }

    fn verdicts(&self) -> RoomVerdicts {
        let revival = self.revival();
        let verdict = |member: &MemberProgress<'plan>| {
            member.verdict.filter(|_| self.is_over(member, revival))
        };
        RoomVerdicts {
            room: self.verdict,
            members: self.members.values().map(verdict).collect(),
            sweep: None,
        }
    }

    /// Says whether nothing of a member's change is left to do. A join is never over while the room's
    /// state is unknown, because the state decides what the join calls for.
    fn is_over(&self, member: &MemberProgress<'plan>, revival: Option<Version>) -> bool {
        let Some(join) = member.facts.of_kind(Kind::Join) else { return true };
        self.state.is_some() && revival != Some(join) && member.ending != Some(Ending::Begun)
    }

    /// Makes the sweep that the room's end calls for.
    fn sweep(
        &self,
        room: &RoomId,
        now: Timestamp,
        may_ask: impl Fn(&RoomId) -> bool,
    ) -> Option<Sweep> {
        let state = self.state?;
        let overdue = || state.overdue_sweep(now).filter(|_| may_ask(room));
        let destroy = state.own_sweep(self.plan).or_else(overdue)?;
        Some(Sweep { room: room.clone(), destroy, after: None })
    }
}

impl<'plan> MemberProgress<'plan> {
    /// Begins the end of a membership that is older than the room's end.
    fn end(&mut self, user: &'plan UserId, state: RoomState) -> Option<Action<'plan>> {
        let destroy = state.end_of(self.facts).filter(|_| self.ending.is_none())?;
        self.ending = Some(Ending::Begun);
        Some(Action::EndMembership { user, join: self.facts.newest(), destroy })
    }
}
