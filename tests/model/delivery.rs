//! The handling of one callback: `Table::apply`, and `functions::storage` around it.

use chatroom_status_sync::domain::{
    event::{Kind, Version},
    room_state::RoomState,
    time::Timestamp,
};

use crate::{
    history::{Callback, Coming, History, number_of},
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
    /// True once the room was revived.
    pub is_revived: bool,
    /// True for each user whose membership was ended.
    pub is_ended: Vec<bool>,
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

/// `Table::apply`, and the queueing that `functions::storage` does after it. Within a round the steps
/// are taken in any order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Round {
    /// The sweep is queued before anything is written, if the rule that forbids it is left out.
    QueueFirst(Version),
    /// All items are written, and the room is read. Once the room is known, it is written as active,
    /// and joins from before its end are ended once they are written.
    Writing,
    /// The sweep of this destroy is queued.
    Queueing(Version),
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
        let is_swept_first =
            callback.is_required && !protocol.keeps(Rule::SweepsAreQueuedAfterTheWrite);
        let swept = callback.destroys().filter(|_| is_swept_first);
        Self {
            members,
            room: if plan.room.is_some() || reads_room { Write::Due } else { Write::Done },
            room_state: None,
            blocks: 0,
            is_revived: false,
            is_ended: vec![false; history.users],
            round: swept.map_or(Round::Writing, Round::QueueFirst),
        }
    }

    /// The steps that the handler may take next.
    pub fn steps(&self, callback: &Callback, cached: Option<&CachedRoom>) -> Vec<Step> {
        match &self.round {
            Round::QueueFirst(_) | Round::Queueing(_) => vec![Step::QueueSweep],
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
                steps.extend(self.following(callback));
                steps
            }
            Round::Over => Vec::new(),
        }
    }

    /// The steps that follow from the room as it was found: `learn` in `table::progress`.
    fn following(&self, callback: &Callback) -> Vec<Step> {
        let found = self.room_state.filter(|_| self.room == Write::Done);
        let Some(Found(found)) = found else { return Vec::new() };
        let revives = !self.is_revived && found.revived_by(&callback.plan).is_some();
        let members = callback.plan.members.iter();
        let is_due = |user: usize| self.members[user] == Write::Done && !self.is_ended[user];
        let ended = members
            .map(|(id, facts)| (number_of(id), facts))
            .filter(|&(user, facts)| is_due(user) && found.end_of(facts).is_some());
        let revival = revives.then_some(Step::Revive).into_iter();
        revival.chain(ended.map(|(user, _)| Step::End(user))).collect()
    }
}

impl Protocol {
    /// `sweep` in `table::progress`: the destroy whose sweep a callback asks for, given the room as
    /// it found it last. Abandoned callbacks do not come so far: if they did, there would be two
    /// sweeps, as in [`History::with_repeated_sweeps`].
    pub fn sweep_due(
        &self,
        history: &History,
        callback: &Callback,
        found: RoomState,
    ) -> Option<Version> {
        let is_blind = found.active && !self.keeps(Rule::RevivalsAskForTheSweep);
        let found = RoomState { unswept: found.unswept && !is_blind, ..found };
        let is_late = history.is_told_late || callback.comes == Coming::TenMinutesLater;
        let is_patient = !is_late || !self.keeps(Rule::UnsweptRoomsAreAskedForAgain);
        let now = if is_patient { Timestamp::from_millis(0)? } else { Timestamp::MAX };
        found.sweep_due(&callback.plan, now).filter(|_| callback.is_required)
    }
}

impl Callback {
    pub fn destroys(&self) -> Option<Version> {
        self.plan.room?.of_kind(Kind::Destroy)
    }
}
