//! The sweep of a room: `Table::sweep`, which the worker runs.

use chatroom_status_sync::domain::{
    event::{Kind, Version},
    room_state::RoomState,
};

use crate::{
    protocol::{Protocol, State},
    rules::Rule,
    table::{self, Found, Item},
};

/// The progress of a sweep. Each page has one member: that is the worst case, and enough.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sweep {
    /// No handler has asked for it.
    Unknown,
    /// The message is in the queue, and the delay runs.
    Queued,
    /// A page was read, and the room is read next. The member's item is as it was then.
    Read {
        page: usize,
        item: Option<Item>,
    },
    /// The changes of the page are written, in any order.
    Writing {
        page: usize,
        changes: Vec<Change>,
    },
    /// The next page is to be read, by this worker or by another one that continues the sweep.
    Next(usize),
    Over,
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
}

impl Sweep {
    /// The steps that the sweep may take next.
    pub fn moves(&self) -> Vec<Move> {
        match self {
            Self::Unknown | Self::Over => Vec::new(),
            Self::Queued | Self::Next(_) => vec![Move::ReadPage],
            Self::Read { .. } => vec![Move::ReadRoom],
            Self::Writing { changes, .. } => changes.iter().copied().map(Move::Write).collect(),
        }
    }

    fn after_page(page: usize, users: usize) -> Self {
        if page + 1 < users { Self::Next(page + 1) } else { Self::Over }
    }
}

impl State {
    /// Puts the sweep into the queue, as `functions::storage` does.
    pub fn queue_sweep(&mut self, at: usize) {
        self.sweeps[at] = Sweep::Queued;
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
}

impl Protocol {
    /// Takes a step of a sweep.
    pub fn sweep(&self, state: &mut State, sweep: &Sweep, step: Move) -> Sweep {
        let users = self.history(state).users;
        let changes = |page, changes: Vec<Change>| {
            if changes.is_empty() {
                Sweep::after_page(page, users)
            } else {
                Sweep::Writing { page, changes }
            }
        };
        match (step, sweep) {
            (Move::ReadPage, Sweep::Next(page)) => {
                Sweep::Read { page: *page, item: state.members[*page].clone() }
            }
            (Move::ReadPage, _) if users > 0 => {
                Sweep::Read { page: 0, item: state.members[0].clone() }
            }
            (Move::ReadRoom, Sweep::Read { page, item }) => {
                let room_state = table::room_state(state.room.as_ref());
                self.note(state, Some(Found(room_state)), 0);
                changes(*page, self.judge(*page, item.as_ref(), room_state))
            }
            (Move::Write(change), Sweep::Writing { page, changes: due }) => {
                match change {
                    Change::End { user, join, destroy } => {
                        self.end(state, user, join, Some(destroy));
                    }
                    Change::Heal { join } => {
                        self.revive(state, join);
                    }
                }
                let left = due.iter().copied().filter(|&other| other != change);
                changes(*page, left.collect())
            }
            _ => Sweep::Over,
        }
    }

    /// The changes that a page calls for, given the room as it was found after the page.
    fn judge(&self, user: usize, item: Option<&Item>, room: RoomState) -> Vec<Change> {
        let (Some(item), Some(destroy)) = (item, room.destroyed) else {
            return Vec::new();
        };
        let ends = item.lives && item.version < destroy;
        // A status is not kept with the time.
        let join = item.joined.map(|time| Version::new(time, Kind::Join, 0));
        let heals =
            join.filter(|&join| self.keeps(Rule::SweepsHeal) && !room.active && join > destroy);
        let end = ends.then_some(Change::End { user, join: item.version, destroy });
        end.into_iter().chain(heals.map(|join| Change::Heal { join })).collect()
    }
}
