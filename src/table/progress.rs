//! What is known of a plan's changes so far: which of them the table confirmed, what follows from
//! them, and what is left to do when time is over.

use std::collections::BTreeSet;

use super::{
    apply::{Action, Step},
    write::{Unconfirmed, Verdict},
};
use crate::{
    domain::sweep::Sweep,
    domain::{
        event::Kind,
        ids::RoomId,
        plan::{Facts, Plan, RoomPlan},
        room_state::RoomState,
    },
};

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Changes that the table now shows.
    pub applied: usize,
    /// Changes that the table knew, or knew something newer than.
    pub stale: usize,
    /// Changes that the table did not confirm. Some may have taken effect; all can be repeated.
    pub unwritten: Plan,
    /// Why the first of them was not confirmed, for the operator.
    pub failure: Option<String>,
    /// Rooms whose end is written and must be brought to their members, later.
    pub sweeps: Vec<Sweep>,
}

/// How a step ended that the table confirmed.
pub(super) enum Done {
    Member(Verdict),
    Room(Verdict, RoomState),
    Seen(RoomState),
    Ended,
}

/// What is known so far, room by room in the plan's order.
pub(super) struct Progress {
    rooms: Vec<RoomProgress>,
    failure: Option<String>,
}

#[derive(Default)]
struct RoomProgress {
    /// In the plan's order; none if it is not confirmed.
    members: Vec<Option<Verdict>>,
    room: Option<Verdict>,
    /// The room as it was last seen.
    sight: Option<RoomState>,
    /// Members who are written, but not what follows from that.
    owing: BTreeSet<usize>,
}

impl Progress {
    pub fn of(plan: &Plan) -> Self {
        let begin = |plan: &RoomPlan| RoomProgress {
            members: vec![None; plan.members.len()],
            ..RoomProgress::default()
        };
        Self { rooms: plan.rooms.values().map(begin).collect(), failure: None }
    }

    /// Notes why something is not confirmed. The first reason is kept.
    pub fn fail(&mut self, why: impl Into<String>) {
        self.failure.get_or_insert_with(|| why.into());
    }

    pub fn note(&mut self, Step { at, action, .. }: Step<'_>, result: Result<Done, Unconfirmed>) {
        let done = match result {
            Ok(done) => done,
            Err(why) => return self.fail(why.0),
        };
        let room = &mut self.rooms[at];
        match (done, action) {
            (Done::Member(verdict), Action::WriteMember(number, ..)) => {
                room.members[number] = Some(verdict);
            }
            (Done::Ended, Action::EndMember(number, ..)) => {
                room.owing.remove(&number);
            }
            (Done::Seen(sight), Action::Revive(number, _)) => {
                room.sight = Some(sight);
                room.owing.remove(&number);
            }
            (Done::Room(verdict, sight), _) => {
                room.room = Some(verdict);
                room.sight = Some(sight);
            }
            (Done::Seen(sight), _) => room.sight = Some(sight),
            (Done::Member(_) | Done::Ended, _) => {}
        }
    }

    /// Rooms that a join proves alive, and that were not seen so.
    pub fn revivals<'a>(&mut self, plan: &'a Plan) -> Vec<Step<'a>> {
        let rooms = plan.rooms.iter().zip(&mut self.rooms).enumerate();
        let revival = |(at, ((room, plan), progress)): (_, ((_, &RoomPlan), &mut RoomProgress))| {
            let join = progress.sight?.revived_by(plan)?;
            let is_newest = |facts: &Facts| facts.of_kind(Kind::Join) == Some(join);
            let number = plan.members.values().position(is_newest)?;
            progress.owing.insert(number);
            let action = Action::Revive(number, join);
            Some(Step { at, room, action })
        };
        rooms.filter_map(revival).collect()
    }

    /// Memberships that began before their room's end. One that is not written yet is not ended
    /// either: whoever writes it will look again.
    pub fn endings<'a>(&mut self, plan: &'a Plan) -> Vec<Step<'a>> {
        let mut endings = Vec::new();
        for (at, ((room, plan), progress)) in plan.rooms.iter().zip(&mut self.rooms).enumerate() {
            let Some((sight, destroy)) =
                progress.sight.and_then(|sight| sight.destroyed.map(|destroy| (sight, destroy)))
            else {
                continue;
            };
            for (number, (user, facts)) in plan.members.iter().enumerate() {
                if progress.members[number].is_some() && sight.is_ended(facts) {
                    progress.owing.insert(number);
                    let action = Action::EndMember(number, user, facts.newest(), destroy);
                    endings.push(Step { at, room, action });
                }
            }
        }
        endings
    }

    pub fn outcome(self, plan: Plan) -> Outcome {
        let mut outcome = Outcome { failure: self.failure, ..Outcome::default() };
        for ((room, mut plan), progress) in plan.rooms.into_iter().zip(self.rooms) {
            outcome.sweeps.extend(sweep(&room, &plan, progress.sight));
            let mut number = 0..;
            plan.members.retain(|_, facts| {
                let number = number.next().unwrap_or_default();
                let verdict = progress.verdict(number, facts);
                outcome.count(verdict);
                verdict.is_none()
            });
            outcome.count(progress.room);
            plan.room = plan.room.filter(|_| progress.room.is_none());
            if plan.room.is_some() || !plan.members.is_empty() {
                outcome.unwritten.rooms.insert(room, plan);
            }
        }
        outcome
    }
}

impl RoomProgress {
    /// What became of a member's change, if nothing of it is left to do. Without a look at the room
    /// nobody knows what a join calls for.
    fn verdict(&self, number: usize, facts: &Facts) -> Option<Verdict> {
        let is_blind = self.sight.is_none() && facts.of_kind(Kind::Join).is_some();
        let is_over = !is_blind && !self.owing.contains(&number);
        self.members[number].filter(|_| is_over)
    }
}

impl Outcome {
    fn count(&mut self, verdict: Option<Verdict>) {
        match verdict {
            Some(Verdict::Applied) => self.applied += 1,
            Some(Verdict::Stale) => self.stale += 1,
            None => {}
        }
    }
}

/// The sweep that a destroy calls for, repeated or not: whoever sent it first may have ended before
/// the sweep was queued. One that is older than the stored destroy needs none, for the newer one's
/// sweep ends whatever this one's would.
fn sweep(room: &RoomId, plan: &RoomPlan, sight: Option<RoomState>) -> Option<Sweep> {
    let destroy = plan.room?.of_kind(Kind::Destroy)?;
    let is_newest = sight?.destroyed == Some(destroy);
    is_newest.then(|| Sweep { room: room.clone(), destroy, after: None })
}
