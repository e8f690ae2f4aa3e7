//! The protocol for a whole plan: every change at once, each on its own.
//!
//! All members and rooms are written, and beside them the state of every joined room is read. An
//! ordinary callback needs no more. As soon as a room's state is known, two things may follow from
//! it:
//!
//! * The room is written as active, if a join proves it alive and its item does not say so.
//! * Memberships are ended that began before the room's end.
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

/// The most requests of one message of the worker that are under way at once. A batch has several
/// messages, and each of them is to come to its end.
const CONCURRENCY_OF_A_MESSAGE: usize = 8;

impl Table {
    /// Writes all changes of a plan, until `deadline`.
    pub async fn apply(&self, app: &AppKey, plan: Plan, deadline: Instant) -> Outcome {
        let mut progress = Progress::of(&plan);
        // Once it is late, a request is not even begun.
        let is_late = Instant::now() >= deadline
            || timeout_at(deadline, self.take_all(app, &plan, &mut progress)).await.is_err();
        if is_late {
            progress.fail(Unconfirmed::Late);
        }
        let may_ask = |room: &RoomId| self.cache.may_ask(Key::room(app, room).partition());
        let verdicts = progress.into_verdicts(SystemTime::now().into(), may_ask);
        Outcome::of(plan, verdicts)
    }

    /// Takes all steps of a plan and those that follow from them, several at once.
    async fn take_all<'plan>(
        &self,
        app: &AppKey,
        plan: &'plan Plan,
        progress: &mut Progress<'plan>,
    ) {
        let at_once = match self.effort {
            Effort::Brief => CONCURRENCY,
            Effort::Patient => CONCURRENCY_OF_A_MESSAGE,
        };
        let steps = plan.rooms.iter().map(|(room, plan)| steps_of(room, plan));
        let (mut steps, mut following) = (in_turn(steps, at_once / 2), VecDeque::new());
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < at_once
                && let Some(step) = following.pop_front().or_else(|| steps.next())
            {
                let is_in_vain = self.effort == Effort::Brief && progress.is_given_up(step.room);
                if !is_in_vain {
                    running.push(self.take(app, step));
                }
            }
            let Some((room, result)) = running.next().await else {
                break;
            };
            following.extend(progress.note(room, result));
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
            Action::Revive { join } => self
                .write_room(&key, &Facts::alive(join))
                .await
                .map(|(_, state)| Done::Revived { state }),
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

/// Gives one item of each iterator in turn, until all are at their end. So many are begun at a time:
/// fewer than steps are under way, or all that they begin with would go before the rest.
fn in_turn<I: Iterator>(
    mut all: impl Iterator<Item = I>,
    at_a_time: usize,
) -> impl Iterator<Item = I::Item> {
    let mut begun = VecDeque::new();
    iter::from_fn(move || {
        loop {
            begun.extend(all.by_ref().take(at_a_time.saturating_sub(begun.len())));
            let mut first: I = begun.pop_front()?;
            if let Some(item) = first.next() {
                begun.push_back(first);
                return Some(item);
            }
        }
    })
}
