//! The sweep of a room: `Table::sweep`, which the worker runs.

use chatroom_status_sync::domain::{
    event::{Kind, Version},
    room_state::RoomState,
};

use crate::{
    history::{Fate, History},
    protocol::{Protocol, State},
    rules::Rule,
    table::{self, Found, Item},
};

/// A sweep from its queueing to its end. Each page has one member: that is the worst case, and
/// enough. A hop that ends early, or whose requests fail, reads its page again, as a second run of
/// the sweep does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sweep {
    /// The destroy that it was asked for.
    pub destroy: Version,
    pub stage: Stage,
}

/// The progress of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The message is in the queue, and the delay runs.
    Queued,
    /// A page was read, and the room is read next. The member's item is as it was then.
    Read { page: usize, item: Option<Item> },
    /// The changes of the page are written, in any order. If it is the last page, and the room was
    /// found destroyed by the sweep's own destroy, the sweep finishes after them.
    Writing { page: usize, changes: Vec<Change>, finishes: bool },
    /// The next page is to be read, by this worker or by another one that continues the sweep.
    Next(usize),
    /// All members are done, and the room may expire if it still is what it was.
    Finishing,
}

/// A change that a sweep writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Ends the membership that began with a join.
    End { user: usize, join: Version, destroy: Version },
    /// Writes the room as active, which a join proves.
    Heal { join: Version },
}

/// A step of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    ReadPage,
    ReadRoom,
    Write(Change),
    Finish,
}

impl Sweep {
    /// The steps that the sweep may take next.
    pub fn moves(&self) -> Vec<Move> {
        match &self.stage {
            Stage::Queued | Stage::Next(_) => vec![Move::ReadPage],
            Stage::Read { .. } => vec![Move::ReadRoom],
            Stage::Writing { changes, .. } => changes.iter().copied().map(Move::Write).collect(),
            Stage::Finishing => vec![Move::Finish],
        }
    }
}

impl State {
    /// Puts the sweep that a callback asks for into the queue, as `functions::storage` does.
    pub fn queue_sweep(&mut self, history: &History, at: usize, destroy: Version) {
        let queued = Some(Sweep { destroy, stage: Stage::Queued });
        let callback = &history.callbacks[at];
        let is_repeated = history.repeats_sweeps && callback.destroys() == Some(destroy);
        if is_repeated || callback.its_sweep == Fate::Dead {
            self.stray_sweeps[at].clone_from(&queued);
        }
        if callback.its_sweep == Fate::Done {
            self.sweeps[at] = queued;
        }
        for delivery in &mut self.deliveries {
            if delivery.room_state.is_some() {
                delivery.blocks |= 1 << at;
            }
        }
        if let Some(cached) = &mut self.cached {
            cached.blocks |= 1 << at;
        }
    }
}

impl Protocol {
    /// `SWEEP_DELAY_SECONDS`: true once no handler and no cached room is left from before the sweep
    /// was queued. It does not wait for abandoned callbacks: those that tell the same again finish
    /// their work.
    pub fn is_due(&self, state: &State, at: usize) -> bool {
        let blocked = |blocks: u8| blocks & (1 << at) != 0;
        let callbacks = &self.history(state).callbacks;
        let mut deliveries = state.deliveries.iter().zip(callbacks);
        let cached = state.cached.as_ref();
        !cached.is_some_and(|cached| blocked(cached.blocks))
            && !deliveries
                .any(|(delivery, callback)| callback.is_required && blocked(delivery.blocks))
    }

    /// Takes a step of a sweep. Gives the sweep as it is then, unless it is over.
    pub fn sweep(&self, state: &mut State, sweep: &Sweep, step: Move) -> Option<Sweep> {
        let destroy = sweep.destroy;
        let next = match (step, &sweep.stage) {
            (Move::ReadPage, Stage::Queued) => Self::read_page(state, 0),
            (Move::ReadPage, Stage::Next(page)) => Self::read_page(state, *page),
            (Move::ReadRoom, Stage::Read { page, item }) => {
                let room_state = table::room_state(state.room.as_ref());
                self.note(state, Some(Found(room_state)), 0);
                if !self.keeps(Rule::SweepsFinishLast) {
                    self.let_expire(&mut state.room, destroy);
                }
                let changes = self.judge(*page, item.as_ref(), room_state, destroy);
                let heals = changes.iter().any(|change| matches!(change, Change::Heal { .. }));
                let finishes = !heals && self.may_finish(room_state, destroy);
                self.after_changes(state, *page, changes, finishes)?
            }
            (Move::Write(change), Stage::Writing { page, changes, finishes }) => {
                match change {
                    Change::End { user, join, destroy } => {
                        self.end(state, user, join, Some(destroy));
                    }
                    Change::Heal { join } => {
                        self.revive(state, join);
                    }
                }
                let left = changes.iter().copied().filter(|&other| other != change);
                self.after_changes(state, *page, left.collect(), *finishes)?
            }
            (Move::Finish, Stage::Finishing) => {
                self.let_expire(&mut state.room, destroy);
                return None;
            }
            _ => return None,
        };
        Some(Sweep { destroy, stage: next })
    }

    fn read_page(state: &State, page: usize) -> Stage {
        Stage::Read { page, item: state.members.get(page).cloned().flatten() }
    }

    fn after_changes(
        &self,
        state: &State,
        page: usize,
        changes: Vec<Change>,
        finishes: bool,
    ) -> Option<Stage> {
        if !changes.is_empty() {
            Some(Stage::Writing { page, changes, finishes })
        } else if page + 1 < self.history(state).users {
            Some(Stage::Next(page + 1))
        } else {
            finishes.then_some(Stage::Finishing)
        }
    }

    /// True if the room may expire once all members are done, as far as the sweep has seen.
    fn may_finish(&self, room: RoomState, own: Version) -> bool {
        (!room.active || !self.keeps(Rule::OnlyDestroyedRoomsExpire))
            && (room.destroyed == Some(own) || !self.keeps(Rule::SweepsFinishTheirOwnDestroy))
    }

    /// The changes that a page calls for, given the room as it was found after the page.
    fn judge(
        &self,
        user: usize,
        item: Option<&Item>,
        room: RoomState,
        own: Version,
    ) -> Vec<Change> {
        let Some(item) = item else {
            return Vec::new();
        };
        let destroy = room.destroyed.map_or(own, |newest| newest.max(own));
        let ends = item.lives && item.version < destroy;
        // A status is not kept with the time.
        let join = item.joined.map(|time| Version::new(time, Kind::Join, 0));
        let heals =
            join.filter(|&join| self.keeps(Rule::SweepsHeal) && !room.active && join > destroy);
        let end = ends.then_some(Change::End { user, join: item.version, destroy });
        end.into_iter().chain(heals.map(|join| Change::Heal { join })).collect()
    }
}
