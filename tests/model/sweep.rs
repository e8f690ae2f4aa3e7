//! The sweep of a room: `Table::sweep`, run by the worker.

use chatroom_status_sync::domain::{
    event::{Kind, Version},
    room_state::RoomState,
};

use crate::{
    protocol::{Protocol, State},
    rules::Rule,
    table::{self, Item, Seen},
};

/// How far a sweep is. Each page has one member: that is the worst case, and enough.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sweep {
    /// Nobody has asked for it.
    Unknown,
    /// The message is in the queue, and the delay runs.
    Queued,
    /// A page was read; the room is to be looked at. The member's item as it was then.
    Read(usize, Option<Item>),
    /// What is to be written for the page, in any order.
    Writing(usize, Vec<Change>),
    /// The next page is to be read. A continuation begins here, too: it differs only in who runs
    /// it.
    Next(usize),
    Over,
}

/// What a sweep writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// End a membership: who, whose join, and by which destroy.
    End(usize, Version, Version),
    /// Write the room as active: the join that proves it.
    Heal(Version),
}

/// A step of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    ReadPage,
    Look,
    Write(Change),
}

impl Sweep {
    /// What the sweep may do next.
    pub fn moves(&self) -> Vec<Move> {
        match self {
            Self::Unknown | Self::Over => Vec::new(),
            Self::Queued | Self::Next(_) => vec![Move::ReadPage],
            Self::Read(..) => vec![Move::Look],
            Self::Writing(_, changes) => changes.iter().copied().map(Move::Write).collect(),
        }
    }

    fn after_page(page: usize, users: usize) -> Self {
        if page + 1 < users { Self::Next(page + 1) } else { Self::Over }
    }
}

impl State {
    /// `Store::ask_for`, at this moment.
    pub fn queue_sweep(&mut self, at: usize) {
        self.sweeps[at] = Sweep::Queued;
        for delivery in &mut self.deliveries {
            if delivery.sight.is_some() {
                delivery.blocks |= 1 << at;
            }
        }
        if let Some(memory) = &mut self.memory {
            memory.blocks |= 1 << at;
        }
    }
}

impl Protocol {
    /// `SWEEP_DELAY_SECONDS`: whether nobody is left, and nothing remembered, from before this
    /// sweep was queued. Abandoned callbacks are not waited for: what they leave is known to
    /// those who tell the same again.
    pub fn is_due(&self, state: &State, at: usize) -> bool {
        let blocked = |blocks: u8| blocks & (1 << at) != 0;
        let callbacks = &self.history(state).callbacks;
        let mut deliveries = state.deliveries.iter().zip(callbacks);
        let memory = state.memory.as_ref();
        !memory.is_some_and(|memory| blocked(memory.blocks))
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
                Sweep::Writing(page, changes)
            }
        };
        match (step, sweep) {
            (Move::ReadPage, Sweep::Next(page)) => Sweep::Read(*page, state.members[*page].clone()),
            (Move::ReadPage, _) if users > 0 => Sweep::Read(0, state.members[0].clone()),
            (Move::Look, Sweep::Read(page, item)) => {
                let sight = table::sight(state.room.as_ref());
                self.note(state, Some(Seen(sight)), 0);
                changes(*page, self.judge(*page, item.as_ref(), sight))
            }
            (Move::Write(change), Sweep::Writing(page, due)) => {
                match change {
                    Change::End(user, join, destroy) => self.end(state, user, join, Some(destroy)),
                    Change::Heal(join) => {
                        self.revive(state, join);
                    }
                }
                let left = due.iter().copied().filter(|&other| other != change);
                changes(*page, left.collect())
            }
            _ => Sweep::Over,
        }
    }

    /// What a page calls for, given the room as it was seen after it.
    fn judge(&self, user: usize, item: Option<&Item>, room: RoomState) -> Vec<Change> {
        let (Some(item), Some(destroy)) = (item, room.destroyed) else {
            return Vec::new();
        };
        let ends = item.lives && item.version < destroy;
        // A status is not kept with the time.
        let join = item.joined.map(|time| Version::new(time, Kind::Join, 0));
        let heals =
            join.filter(|&join| self.keeps(Rule::SweepsHeal) && !room.active && join > destroy);
        let end = ends.then_some(Change::End(user, item.version, destroy));
        end.into_iter().chain(heals.map(Change::Heal)).collect()
    }
}
