//! The protocol for a whole plan: every change at once, each on its own.
//!
//! Three rounds, of which an ordinary callback needs only the first:
//!
//! 1. all members and rooms are written, and beside them the room of every join is looked at;
//! 2. rooms that a join proves alive, and whose item does not say so, are written as active;
//! 3. memberships that began before their room's end are ended.
//!
//! A round that is cut short by the deadline leaves its changes unwritten; they are given back,
//! never forgotten.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, timeout_at};

use super::{
    Table,
    key::Key,
    register::{Unconfirmed, Verdict},
};
use crate::{
    deferred::Sweep,
    event::{Kind, Version},
    ids::{AppKey, RoomId, UserId},
    plan::{Facts, Plan, RoomPlan},
    room::Sight,
};

/// How many requests of one callback are under way at once.
pub const CONCURRENCY: usize = 64;

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

/// What one request of a round is about.
#[derive(Clone, Copy)]
struct Step<'a> {
    room: &'a RoomId,
    plan: &'a RoomPlan,
    action: Action<'a>,
}

#[derive(Clone, Copy)]
enum Action<'a> {
    WriteMember(&'a UserId, Facts),
    WriteRoom(Facts),
    LookAtRoom,
    EndMember(&'a UserId, Version, Version),
}

impl Table {
    /// Writes all changes of a plan, until `deadline`.
    pub async fn apply(&self, app: &AppKey, plan: &Plan, deadline: Instant) -> Outcome {
        let mut progress = Progress::default();
        let changes = plan
            .rooms
            .iter()
            .flat_map(|(room, plan)| changes_of(room, plan))
            .collect();
        self.round(app, changes, deadline, &mut progress).await;
        let revivals = progress.sights.values().filter_map(revival).collect();
        self.round(app, revivals, deadline, &mut progress).await;
        let endings = progress.sights.values().flat_map(endings).collect();
        self.round(app, endings, deadline, &mut progress).await;
        progress.outcome()
    }

    /// Takes all steps at once and notes how each ended. None outlives the deadline.
    async fn round<'a>(
        &self,
        app: &AppKey,
        steps: Vec<Step<'a>>,
        deadline: Instant,
        progress: &mut Progress<'a>,
    ) {
        let mut waiting = steps.into_iter();
        let mut running = FuturesUnordered::new();
        loop {
            let free = CONCURRENCY - running.len();
            running.extend(
                waiting
                    .by_ref()
                    .take(free)
                    .map(|step| self.take_until(deadline, app, step)),
            );
            let Some((step, result)) = running.next().await else {
                break;
            };
            progress.note(step, result);
        }
    }

    /// Takes a step; once it is late, a request is not even begun.
    async fn take_until<'a>(
        &self,
        deadline: Instant,
        app: &AppKey,
        step: Step<'a>,
    ) -> (Step<'a>, Result<Done, Unconfirmed>) {
        if Instant::now() >= deadline {
            return (step, Err(Unconfirmed::Late));
        }
        let taken = timeout_at(deadline, self.take(app, step)).await;
        (step, taken.unwrap_or(Err(Unconfirmed::Late)))
    }

    async fn take(
        &self,
        app: &AppKey,
        Step { room, action, .. }: Step<'_>,
    ) -> Result<Done, Unconfirmed> {
        let key = |user| Key { app, room, user };
        match action {
            Action::WriteMember(user, facts) => self
                .write(&key(Some(user)), &facts)
                .await
                .map(|(verdict, _)| Done::Member(verdict)),
            Action::WriteRoom(facts) => self
                .write(&key(None), &facts)
                .await
                .map(|(verdict, sight)| Done::Room(verdict, sight)),
            Action::LookAtRoom => self.see(&key(None)).await.map(Done::Seen),
            Action::EndMember(user, join, destroy) => self
                .end(&key(Some(user)), join, destroy)
                .await
                .map(|()| Done::Ended),
        }
    }
}

/// How a step ended that the table confirmed.
enum Done {
    Member(Verdict),
    Room(Verdict, Sight),
    Seen(Sight),
    Ended,
}

/// The changes of a room, and the look at it that a join calls for. A room that is written anyway
/// is seen by that.
fn changes_of<'a>(room: &'a RoomId, plan: &'a RoomPlan) -> impl Iterator<Item = Step<'a>> {
    let members = plan
        .members
        .iter()
        .map(|(user, facts)| Action::WriteMember(user, *facts));
    let look = plan.newest_join().map(|_| Action::LookAtRoom);
    let room_action = plan.room.map(Action::WriteRoom).or(look);
    members
        .chain(room_action)
        .map(move |action| Step { room, plan, action })
}

fn revival<'a>(&(room, plan, sight): &Seen<'a>) -> Option<Step<'a>> {
    let action = Action::WriteRoom(Facts::alive(sight.revived_by(plan)?));
    Some(Step { room, plan, action })
}

fn endings<'a>(&(room, plan, sight): &Seen<'a>) -> impl Iterator<Item = Step<'a>> {
    let ended = sight.destroyed.into_iter().flat_map(move |destroy| {
        sight
            .ended(plan)
            .map(move |(user, join)| Action::EndMember(user, join, destroy))
    });
    ended.map(move |action| Step { room, plan, action })
}

/// The sweep that a destroy calls for, repeated or not: whoever sent it first may have ended before
/// the sweep was queued. One that is older than the stored destroy needs none, for the newer one's
/// sweep ends whatever this one's would.
fn sweep(&(room, plan, sight): &Seen<'_>) -> Option<Sweep> {
    let destroy = plan.room?.of_kind(Kind::Destroy)?;
    let is_newest = sight.destroyed == Some(destroy);
    is_newest.then(|| Sweep {
        room: room.clone(),
        destroy,
        after: None,
    })
}

/// A room as it was last seen.
type Seen<'a> = (&'a RoomId, &'a RoomPlan, Sight);

/// What is known so far.
#[derive(Default)]
struct Progress<'a> {
    verdicts: Vec<(&'a RoomId, Option<&'a UserId>, Verdict)>,
    sights: BTreeMap<&'a RoomId, Seen<'a>>,
    unwritten: Plan,
    failure: Option<String>,
}

impl<'a> Progress<'a> {
    fn note(&mut self, Step { room, plan, action }: Step<'a>, result: Result<Done, Unconfirmed>) {
        let user = match action {
            Action::WriteMember(user, _) | Action::EndMember(user, ..) => Some(user),
            Action::WriteRoom(_) | Action::LookAtRoom => None,
        };
        match result {
            Ok(Done::Member(verdict)) => self.verdicts.push((room, user, verdict)),
            Ok(Done::Room(verdict, sight)) => {
                // A revival is no change of the callback's: it only follows from one.
                self.verdicts
                    .extend(plan.room.map(|_| (room, user, verdict)));
                self.sights.insert(room, (room, plan, sight));
            }
            Ok(Done::Seen(sight)) => {
                self.sights.insert(room, (room, plan, sight));
            }
            Ok(Done::Ended) => {}
            Err(why) => {
                self.failure.get_or_insert_with(|| why.to_string());
                let unwritten = self.unwritten.rooms.entry(room.clone()).or_default();
                let member = user.and_then(|user| plan.members.get_key_value(user));
                if let Some((user, facts)) = member {
                    unwritten.members.insert(user.clone(), *facts);
                } else {
                    unwritten.room = plan.room;
                    // Without a look at the room, nobody knows what its joins call for.
                    let joins = plan
                        .members
                        .iter()
                        .filter(|(_, facts)| facts.of_kind(Kind::Join).is_some());
                    unwritten
                        .members
                        .extend(joins.map(|(user, facts)| (user.clone(), *facts)));
                }
            }
        }
    }

    fn outcome(self) -> Outcome {
        let unwritten = &self.unwritten.rooms;
        let is_written = |room: &RoomId, user: Option<&UserId>| {
            unwritten.get(room).is_none_or(|plan| {
                user.map_or(plan.room.is_none(), |user| !plan.members.contains_key(user))
            })
        };
        let count = |counted: Verdict| {
            let written = self
                .verdicts
                .iter()
                .filter(|(room, user, _)| is_written(room, *user));
            written.filter(|(.., verdict)| *verdict == counted).count()
        };
        let (applied, stale) = (count(Verdict::Applied), count(Verdict::Stale));
        let sweeps = self.sights.values().filter_map(sweep).collect();
        Outcome {
            applied,
            stale,
            unwritten: self.unwritten,
            failure: self.failure,
            sweeps,
        }
    }
}
