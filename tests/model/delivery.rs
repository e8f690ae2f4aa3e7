//! The handling of one callback: `Table::apply`, and `functions::storage` around it.

use chatroom_status_sync::domain::event::{Kind, Version};

use crate::{
    history::{Callback, History, number_of},
    protocol::Protocol,
    room_cache::CachedRoom,
    rules::Rule,
    table::Found,
};

/// The progress of a callback's handler.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// The write of each user's item.
    pub members: Vec<Write>,
    /// The write of the room's item, or the read of it.
    pub room: Write,
    /// The room as it was last found.
    pub room_state: Option<Found>,
    /// The sweeps that were queued since, one bit each. They do not start before this handler is
    /// over.
    pub blocks: u8,
    pub round: Round,
}

/// One call of `Table::write_member` or `Table::write_room`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Write {
    /// `update::write` is next.
    Due,
    /// `update::raise` is next.
    Raise(Vec<Version>),
    Done,
}

/// The rounds of `Table::apply`, and the queueing that `functions::storage` does after them. Within
/// a round the steps are taken in any order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Round {
    /// The sweep is queued before anything is written, if the rule that forbids it is left out.
    QueueFirst,
    /// All items are written, and the room is read.
    Writing,
    /// The room is written as active.
    Reviving(Version),
    /// Joins from before the room's end are ended.
    Ending(Vec<(usize, Version)>),
    /// The sweep is queued.
    Queueing,
    Over,
}

/// A step of a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    WriteMember(usize),
    WriteRoom,
    /// Reads the room from the table.
    ReadRoom,
    /// Takes the room from the function's cache.
    RecallRoom,
    Revive,
    End(usize),
    QueueSweep,
}

impl Delivery {
    /// The handling of a callback before its first step.
    pub fn new(protocol: &Protocol, history: &History, callback: &Callback) -> Self {
        let plan = &callback.plan;
        let mut members = vec![Write::Done; history.users];
        for user in plan.members.keys() {
            members[number_of(user)] = Write::Due;
        }
        let reads_room = protocol.keeps(Rule::JoinsReadTheirRoom) && plan.newest_join().is_some();
        let queues_first = !protocol.keeps(Rule::SweepsAreQueuedAfterTheWrite);
        Self {
            members,
            room: if plan.room.is_some() || reads_room { Write::Due } else { Write::Done },
            room_state: None,
            blocks: 0,
            round: if queues_first && callback.asks_for_sweep() {
                Round::QueueFirst
            } else {
                Round::Writing
            },
        }
    }

    /// The steps that the handler may take next.
    pub fn steps(&self, callback: &Callback, cached: Option<&CachedRoom>) -> Vec<Step> {
        match &self.round {
            Round::QueueFirst | Round::Queueing => vec![Step::QueueSweep],
            Round::Writing => {
                let due = |user: &usize| self.members[*user] != Write::Done;
                let members = (0..self.members.len()).filter(due);
                let mut steps: Vec<_> = members.map(Step::WriteMember).collect();
                match (&self.room, callback.plan.room) {
                    (Write::Done, _) => {}
                    (_, Some(_)) => steps.push(Step::WriteRoom),
                    (_, None) => {
                        steps.push(Step::ReadRoom);
                        steps.extend(cached.map(|_| Step::RecallRoom));
                    }
                }
                steps
            }
            Round::Reviving(_) => vec![Step::Revive],
            Round::Ending(members) => members.iter().map(|&(user, _)| Step::End(user)).collect(),
            Round::Over => Vec::new(),
        }
    }

    /// True if a round has nothing left to do.
    pub fn is_through(&self) -> bool {
        match &self.round {
            Round::Writing => {
                self.room == Write::Done && self.members.iter().all(|write| *write == Write::Done)
            }
            Round::Ending(members) => members.is_empty(),
            _ => false,
        }
    }
}

impl Callback {
    /// True if the callback asks for a sweep. Abandoned callbacks do not come so far: if they did,
    /// there would be two sweeps, as in [`History::with_repeated_sweeps`].
    pub fn asks_for_sweep(&self) -> bool {
        self.is_required && self.destroys().is_some()
    }

    pub fn destroys(&self) -> Option<Version> {
        self.plan.room?.of_kind(Kind::Destroy)
    }
}
