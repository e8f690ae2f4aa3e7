//! The protocol for a whole plan: every change at once, each on its own.
//!
//! Three rounds, of which an ordinary callback needs only the first:
//!
//! 1. All members and rooms are written, and beside them the state of every joined room is read.
//! 2. Rooms that a join proves alive, and whose item does not say so, are written as active.
//! 3. Memberships that began before their room's end are ended.
//!
//! Rooms take turns, so that one whose partition is slow keeps nobody else waiting. A callback that
//! finds a partition full, or without an answer, asks it for nothing more. Changes that are not
//! confirmed are given back, never forgotten.

use std::{collections::VecDeque, iter, time::SystemTime};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, timeout_at};

use super::{
    CONCURRENCY, Table,
    key::Key,
    outcome::Outcome,
    patience::Effort,
    progress::Progress,
    step::{Action, Done, Step},
    unconfirmed::Unconfirmed,
};
use crate::domain::{
    ids::{AppKey, RoomId},
    plan::{Facts, Plan, RoomPlan},
};

impl Table {
    /// Writes all changes of a plan, until `deadline`.
    pub async fn apply(&self, app: &AppKey, plan: Plan, deadline: Instant) -> Outcome {
        let mut progress = Progress::of(&plan);
        // Once it is late, a request is not even begun.
        let is_late = Instant::now() >= deadline
            || timeout_at(deadline, self.take_rounds(app, &plan, &mut progress)).await.is_err();
        if is_late {
            progress.fail(Unconfirmed::Late);
        }
        let verdicts = progress.into_verdicts(SystemTime::now().into());
        Outcome::of(plan, verdicts)
    }

    async fn take_rounds<'plan>(
        &self,
        app: &AppKey,
        plan: &'plan Plan,
        progress: &mut Progress<'plan>,
    ) {
        let steps = plan.rooms.iter().map(|(room, plan)| steps_of(room, plan));
        self.take_all(app, in_turn(steps), progress).await;
        let revivals = progress.revivals();
        self.take_all(app, revivals.into_iter(), progress).await;
        let endings = progress.endings();
        self.take_all(app, endings.into_iter(), progress).await;
    }

    /// Takes all steps of a round, many at once, and notes how each ended.
    async fn take_all<'plan>(
        &self,
        app: &AppKey,
        steps: impl Iterator<Item = Step<'plan>>,
        progress: &mut Progress<'plan>,
    ) {
        let mut steps = steps.peekable();
        // Most rounds have no steps, and the memory for running requests is large.
        if steps.peek().is_none() {
            return;
        }
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < CONCURRENCY
                && let Some(step) = steps.next()
            {
                let is_in_vain = self.effort == Effort::Brief && progress.is_given_up(step.room);
                if !is_in_vain {
                    running.push(self.take(app, step));
                }
            }
            let Some((room, result)) = running.next().await else {
                break;
            };
            progress.note(room, result);
        }
    }

    async fn take<'plan>(
        &self,
        app: &AppKey,
        Step { room, action }: Step<'plan>,
    ) -> (&'plan RoomId, Result<Done<'plan>, Unconfirmed>) {
        let key = Key::room(app, room);
        let result = match action {
            Action::WriteMember { user, facts } => self
                .write_member(&key.of_member(user), facts)
                .await
                .map(|verdict| Done::MemberWritten { user, verdict }),
            Action::WriteRoom { facts } => self
                .write_room(&key, facts)
                .await
                .map(|(verdict, state)| Done::RoomWritten { verdict, state }),
            Action::ReadRoomState => self.room_state(&key).await.map(Done::RoomStateRead),
            Action::Revive { user, join } => self
                .write_room(&key, &Facts::alive(join))
                .await
                .map(|(_, state)| Done::Revived { user, state }),
            Action::EndMembership { user, join, destroy } => self
                .end_membership(&key.of_member(user), join, destroy)
                .await
                .map(|()| Done::MembershipEnded { user }),
        };
        (room, result)
    }
}

/// Lists the first steps of a room. The read that a join calls for comes first, so that a callback
/// that is cut short has it. Where the room is written, the write gives the state.
fn steps_of<'plan>(
    room: &'plan RoomId,
    plan: &'plan RoomPlan,
) -> impl Iterator<Item = Step<'plan>> {
    let read = || plan.newest_join().map(|_| Action::ReadRoomState);
    let of_room = plan.room.as_ref().map(|facts| Action::WriteRoom { facts }).or_else(read);
    let of_members = plan.members.iter().map(|(user, facts)| Action::WriteMember { user, facts });
    of_room.into_iter().chain(of_members).map(move |action| Step { room, action })
}

/// Gives one item of each iterator in turn, until all are at their end. A few are begun at a time,
/// so that the first come to their end before the last begin.
fn in_turn<I: Iterator>(mut all: impl Iterator<Item = I>) -> impl Iterator<Item = I::Item> {
    let mut begun = VecDeque::new();
    iter::from_fn(move || {
        loop {
            begun.extend(all.by_ref().take(CONCURRENCY - begun.len()));
            let mut first: I = begun.pop_front()?;
            if let Some(item) = first.next() {
                begun.push_back(first);
                return Some(item);
            }
        }
    })
}
