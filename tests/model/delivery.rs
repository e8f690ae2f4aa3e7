//! The handling of one callback: `Table::apply`, and `Store::store` around it.

use chatroom_status_sync::domain::event::{Kind, Version};

use crate::{
    history::{Callback, History, number_of},
    memory::Memory,
    protocol::Protocol,
    rules::Rule,
    table::Seen,
};

/// How far the handling of a callback is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// The write of each user's item.
    pub members: Vec<Write>,
    /// The write of the room's item, or the look at it.
    pub room: Write,
    /// The room as it was last seen.
    pub sight: Option<Seen>,
    /// The sweeps that were queued since, one bit each: they do not start before this is over.
    pub blocks: u8,
    pub round: Round,
}

/// One call of `Table::write`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Write {
    /// `update::whole` is next.
    Due,
    /// `update::raise` is next.
    Raise(Vec<Version>),
    Done,
}

/// The rounds of `Table::apply`, and what `Store::store` does after them. Within a round the steps
/// are taken in any order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Round {
    /// Where the rule that forbids it is left out: the sweep is queued before anything is written.
    QueueFirst,
    /// All items are written, and the room is looked at.
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
    /// A look at the table.
    Look,
    /// A look into the function's memory.
    Recall,
    Revive,
    End(usize),
    QueueSweep,
}

impl Delivery {
    /// A callback that nobody has looked at.
    pub fn new(protocol: &Protocol, history: &History, callback: &Callback) -> Self {
        let plan = &callback.plan;
        let mut members = vec![Write::Done; history.users];
        for user in plan.members.keys() {
            members[number_of(user)] = Write::Due;
        }
        let looks = protocol.keeps(Rule::JoinsLook) && plan.newest_join().is_some();
        let queues_first = !protocol.keeps(Rule::SweepsAreQueuedAfterTheWrite);
        Self {
            members,
            room: if plan.room.is_some() || looks { Write::Due } else { Write::Done },
            sight: None,
            blocks: 0,
            round: if queues_first && callback.asks_for_sweep() {
                Round::QueueFirst
            } else {
                Round::Writing
            },
        }
    }

    /// What the handler may do next.
    pub fn steps(&self, callback: &Callback, memory: Option<&Memory>) -> Vec<Step> {
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
                        steps.push(Step::Look);
                        steps.extend(memory.map(|_| Step::Recall));
                    }
                }
                steps
            }
            Round::Reviving(_) => vec![Step::Revive],
            Round::Ending(members) => members.iter().map(|&(user, _)| Step::End(user)).collect(),
            Round::Over => Vec::new(),
        }
    }

    /// Whether a round has nothing left to do.
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
    /// Whether a sweep is queued for it: an abandoned one never comes so far. If it did, there
    /// would be two sweeps, which is what [`History::with_repeated_sweeps`] is for.
    pub fn asks_for_sweep(&self) -> bool {
        self.is_required && self.destroys().is_some()
    }

    pub fn destroys(&self) -> Option<Version> {
        self.plan.room?.of_kind(Kind::Destroy)
    }
}
