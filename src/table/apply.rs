//! The protocol for a whole plan: every change at once, each on its own.
//!
//! Three rounds, of which an ordinary callback needs only the first:
//!
//! 1. all members and rooms are written, and beside them the room of every join is looked at;
//! 2. rooms that a join proves alive, and whose item does not say so, are written as active;
//! 3. memberships that began before their room's end are ended.
//!
//! Rooms take turns, so that one whose partition is slow or throttled keeps nobody else waiting.
//! What is cut short by the deadline is given back, never forgotten.

use std::{collections::VecDeque, iter};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, timeout_at};

use super::{
    Table,
    key::Key,
    progress::{Done, Outcome, Progress},
    write::Unconfirmed,
};
use crate::domain::{
    event::Version,
    ids::{AppKey, RoomId, UserId},
    plan::{Facts, Plan, RoomPlan},
};

/// How many requests of one callback are under way at once.
pub const CONCURRENCY: usize = 64;

/// One request of a round: the number of its room in the plan, and what to do.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub at: usize,
    pub room: &'a RoomId,
    pub action: Action<'a>,
}

/// What to do. Members come with their number in the room's plan.
#[derive(Clone, Copy)]
pub(super) enum Action<'a> {
    WriteMember(usize, &'a UserId, Facts),
    WriteRoom(Facts),
    LookAtRoom,
    /// The member's join proves the room alive.
    Revive(usize, Version),
    /// The member's join, and the destroy that ended what began with it.
    EndMember(usize, &'a UserId, Version, Version),
}

impl Table {
    /// Writes all changes of a plan, until `deadline`.
    pub async fn apply(&self, app: &AppKey, plan: Plan, deadline: Instant) -> Outcome {
        let mut progress = Progress::of(&plan);
        // Once it is late, a request is not even begun.
        let is_late = Instant::now() >= deadline
            || timeout_at(deadline, self.rounds(app, &plan, &mut progress)).await.is_err();
        if is_late {
            progress.fail("the table did not answer in time");
        }
        progress.outcome(plan)
    }

    async fn rounds(&self, app: &AppKey, plan: &Plan, progress: &mut Progress) {
        let rooms = plan.rooms.iter().enumerate();
        let changes = rooms.map(|(at, (room, plan))| changes_of(at, room, plan));
        self.round(app, in_turn(changes), progress).await;
        let revivals = progress.revivals(plan);
        self.round(app, revivals.into_iter(), progress).await;
        let endings = progress.endings(plan);
        self.round(app, endings.into_iter(), progress).await;
    }

    /// Takes all steps, many at once, and notes how each ended.
    async fn round<'a>(
        &self,
        app: &AppKey,
        steps: impl Iterator<Item = Step<'a>>,
        progress: &mut Progress,
    ) {
        let mut steps = steps.peekable();
        // Most rounds have nothing to do, and the room for what runs is large.
        if steps.peek().is_none() {
            return;
        }
        let mut running = FuturesUnordered::new();
        loop {
            let free = CONCURRENCY - running.len();
            running.extend(steps.by_ref().take(free).map(|step| self.take(app, step)));
            let Some((step, result)) = running.next().await else {
                break;
            };
            progress.note(step, result);
        }
    }

    async fn take<'a>(
        &self,
        app: &AppKey,
        step: Step<'a>,
    ) -> (Step<'a>, Result<Done, Unconfirmed>) {
        let room = step.room;
        let key = |user| Key { app, room, user };
        let result = match step.action {
            Action::WriteMember(_, user, facts) => {
                self.write(&key(Some(user)), &facts).await.map(|(verdict, _)| Done::Member(verdict))
            }
            Action::WriteRoom(facts) => self
                .write(&key(None), &facts)
                .await
                .map(|(verdict, sight)| Done::Room(verdict, sight)),
            Action::LookAtRoom => self.see(&key(None)).await.map(Done::Seen),
            Action::Revive(_, join) => self
                .write(&key(None), &Facts::alive(join))
                .await
                .map(|(_, sight)| Done::Seen(sight)),
            Action::EndMember(_, user, join, destroy) => {
                self.end(&key(Some(user)), join, destroy).await.map(|()| Done::Ended)
            }
        };
        (step, result)
    }
}

/// The changes of a room, after the look at it that a join calls for: a callback that is cut short
/// should not lack that. A room that is written anyway is seen by it.
fn changes_of<'a>(
    at: usize,
    room: &'a RoomId,
    plan: &'a RoomPlan,
) -> impl Iterator<Item = Step<'a>> {
    let look = plan.newest_join().map(|_| Action::LookAtRoom);
    let room_action = plan.room.map(Action::WriteRoom).or(look);
    let members = plan.members.iter().enumerate();
    let members = members.map(|(number, (user, facts))| Action::WriteMember(number, user, *facts));
    room_action.into_iter().chain(members).map(move |action| Step { at, room, action })
}

/// One of each in turn, until all are through.
fn in_turn<I: Iterator>(all: impl Iterator<Item = I>) -> impl Iterator<Item = I::Item> {
    let mut waiting: VecDeque<I> = all.collect();
    iter::from_fn(move || {
        loop {
            let mut first = waiting.pop_front()?;
            if let Some(item) = first.next() {
                waiting.push_back(first);
                return Some(item);
            }
        }
    })
}
