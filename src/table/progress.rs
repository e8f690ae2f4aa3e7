//! The progress of a plan: which changes the table has confirmed, and what follows from them.

use std::collections::BTreeMap;

use super::{
    outcome::{RoomVerdicts, Verdicts},
    step::{Action, Done, Step},
    unconfirmed::Unconfirmed,
    write::Verdict,
};
use crate::domain::{
    event::Kind,
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
    /// True once its partition is full, or does not answer.
    is_given_up: bool,
}

struct MemberProgress<'plan> {
    facts: &'plan Facts,
    /// The verdict on the member's change, once it is confirmed.
    verdict: Option<Verdict>,
    /// True while something that follows from the change is not confirmed.
    is_owing: bool,
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

    /// Notes how a step about a room ended.
    pub fn note(&mut self, room: &RoomId, result: Result<Done<'plan>, Unconfirmed>) {
        let Some(room) = self.rooms.get_mut(room) else { return };
        match result {
            Ok(done) => room.note(done),
            Err(why) => {
                room.is_given_up |= why.is_of_partition();
                self.fail(why);
            }
        }
    }

    /// Says whether a room's partition is full, or does not answer.
    pub fn is_given_up(&self, room: &RoomId) -> bool {
        self.rooms.get(room).is_some_and(|room| room.is_given_up)
    }

    /// Lists the rooms that a join proves alive although their items do not say so.
    pub fn revivals(&mut self) -> Vec<Step<'plan>> {
        let revival = |(&room, progress): (&&'plan RoomId, &mut RoomProgress<'plan>)| {
            let action = progress.revival()?;
            Some(Step { room, action })
        };
        self.rooms.iter_mut().filter_map(revival).collect()
    }

    /// Lists the memberships to end: they began before their room's end. A member whose write is
    /// not confirmed is left out: the function that repeats the write reads the room's state again.
    pub fn endings(&mut self) -> Vec<Step<'plan>> {
        let endings = |(&room, progress): (&&'plan RoomId, &mut RoomProgress<'plan>)| {
            progress.endings().into_iter().map(move |action| Step { room, action })
        };
        self.rooms.iter_mut().flat_map(endings).collect()
    }

    /// Gives the verdicts on all changes, and the sweeps that are due at `now`.
    pub fn into_verdicts(self, now: Timestamp) -> Verdicts {
        let rooms = self.rooms.into_iter().map(|(room, progress)| progress.verdicts(room, now));
        Verdicts { rooms: rooms.collect(), failure: self.failure }
    }
}

impl<'plan> RoomProgress<'plan> {
    fn of(plan: &'plan RoomPlan) -> Self {
        let begin =
            |(user, facts)| (user, MemberProgress { facts, verdict: None, is_owing: false });
        let members = plan.members.iter().map(begin).collect();
        Self { plan, members, verdict: None, state: None, is_given_up: false }
    }

    fn note(&mut self, done: Done<'plan>) {
        match done {
            Done::MemberWritten { user, verdict } => {
                self.member(user, |member| member.verdict = Some(verdict));
            }
            Done::RoomWritten { verdict, state } => {
                self.verdict = Some(verdict);
                self.state = Some(state);
            }
            Done::RoomStateRead(state) => self.state = Some(state),
            Done::Revived { user, state } => {
                self.state = Some(state);
                self.member(user, |member| member.is_owing = false);
            }
            Done::MembershipEnded { user } => self.member(user, |member| member.is_owing = false),
        }
    }

    fn member(&mut self, user: &UserId, change: impl FnOnce(&mut MemberProgress<'plan>)) {
        if let Some(member) = self.members.get_mut(user) {
            change(member);
        }
    }

    /// Finds the join that revives the room. Its member's change owes the revival from now on.
    fn revival(&mut self) -> Option<Action<'plan>> {
        let join = self.state?.revived_by(self.plan)?;
        let is_newest =
            |member: &MemberProgress<'_>| member.facts.of_kind(Kind::Join) == Some(join);
        let (&user, member) = self.members.iter_mut().find(|(_, member)| is_newest(member))?;
        member.is_owing = true;
        Some(Action::Revive { user, join })
    }

    /// Lists the memberships to end. Their members' changes owe that from now on.
    fn endings(&mut self) -> Vec<Action<'plan>> {
        let Some(state) = self.state else { return Vec::new() };
        let written = self.members.iter_mut().filter(|(_, member)| member.verdict.is_some());
        let ending = |(&user, member): (&&'plan UserId, &mut MemberProgress<'plan>)| {
            let destroy = state.end_of(member.facts)?;
            member.is_owing = true;
            Some(Action::EndMembership { user, join: member.facts.newest(), destroy })
        };
        written.filter_map(ending).collect()
    }

    fn verdicts(&self, room: &RoomId, now: Timestamp) -> RoomVerdicts {
        let members = self.members.values();
        RoomVerdicts {
            room: self.verdict,
            members: members
                .map(|member| member.verdict.filter(|_| self.is_over(member)))
                .collect(),
            sweep: self.sweep(room, now),
        }
    }

    /// Says whether nothing of a member's change is left to do. A join is never over while the
    /// room's state is unknown, because the state decides what the join calls for.
    fn is_over(&self, member: &MemberProgress<'_>) -> bool {
        let is_blind = self.state.is_none() && member.facts.of_kind(Kind::Join).is_some();
        !is_blind && !member.is_owing
    }

    /// Makes the sweep that the room's end calls for.
    fn sweep(&self, room: &RoomId, now: Timestamp) -> Option<Sweep> {
        let destroy = self.state?.sweep_due(self.plan, now)?;
        Some(Sweep { room: room.clone(), destroy, after: None })
    }
}
