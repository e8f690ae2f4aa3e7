//! The steps of a handler: what each request does to the table, and what follows from its answer.

use chatroom_status_sync::domain::{
    event::{Kind, Version},
    plan::Facts,
    room_state::RoomState,
};

use crate::{
    delivery::{Round, Step, Write},
    history::number_of,
    memory::Memory,
    protocol::{Protocol, State},
    rules::Rule,
    table::{self, Seen, Subject},
};

impl State {
    /// What a request said about the room, at the moment when it reached the table.
    fn see(&mut self, at: usize, sight: RoomState) {
        self.deliveries[at].sight = Some(Seen(sight));
        self.deliveries[at].blocks = 0;
    }
}

impl Protocol {
    /// Takes a step of a handler.
    pub fn step(&self, state: &mut State, at: usize, step: Step) {
        let callback = &self.history(state).callbacks[at];
        let facts_of = |user| {
            let mut members = callback.plan.members.iter();
            members.find_map(|(id, facts)| (number_of(id) == user).then_some(*facts))
        };
        match step {
            Step::WriteMember(user) => {
                if let Some(facts) = facts_of(user) {
                    write_member(state, at, user, &facts);
                }
            }
            Step::WriteRoom => {
                if let Some(facts) = callback.plan.room {
                    self.write_room(state, at, &facts);
                }
            }
            Step::Look => {
                state.deliveries[at].room = Write::Done;
                state.see(at, table::sight(state.room.as_ref()));
                self.remember(state, at);
            }
            Step::Recall => {
                let memory = state.memory.clone();
                let delivery = &mut state.deliveries[at];
                delivery.room = Write::Done;
                if let Some(Memory { sight, blocks }) = memory {
                    delivery.sight = Some(sight);
                    delivery.blocks = blocks;
                }
            }
            Step::Revive => {
                if let Round::Reviving(join) = state.deliveries[at].round {
                    let sight = self.revive(state, join);
                    state.see(at, sight);
                    self.remember(state, at);
                    self.after_revival(state, at);
                }
            }
            Step::End(user) => {
                if let Round::Ending(members) = &mut state.deliveries[at].round
                    && let Some(index) = members.iter().position(|&(member, _)| member == user)
                {
                    let (_, join) = members.remove(index);
                    let destroy = state.deliveries[at].sight.and_then(|seen| seen.0.destroyed);
                    self.end(state, user, join, destroy);
                }
            }
            Step::QueueSweep => {
                state.queue_sweep(at);
                state.deliveries[at].round = match state.deliveries[at].round {
                    Round::QueueFirst => Round::Writing,
                    _ => Round::Over,
                };
            }
        }
        self.go_on(state, at);
    }

    /// `Table::write` of the room. Its first request is a look, too.
    fn write_room(&self, state: &mut State, at: usize, facts: &Facts) {
        let lacking = match &state.deliveries[at].room {
            Write::Raise(lacking) => table::raise(&mut state.room, lacking, facts),
            Write::Due | Write::Done => {
                let written = table::write(&mut state.room, Subject::Room, facts);
                state.see(at, written.sight);
                if !written.applied && !self.keeps(Rule::StaleDestroysAreSwept) {
                    state.deliveries[at].sight =
                        Some(Seen(RoomState { destroyed: None, ..written.sight }));
                }
                written.lacking
            }
        };
        for version in facts.versions() {
            if version.kind() == Kind::Destroy && !lacking.contains(&version) {
                state.landed.destroyed = state.landed.destroyed.max(Some(version));
            }
        }
        state.deliveries[at].room = Write::after(lacking);
        if state.deliveries[at].room == Write::Done {
            self.remember(state, at);
        }
    }

    /// `Table::write` of `Facts::alive`, by a handler or a sweep.
    pub fn revive(&self, state: &mut State, join: Version) -> RoomState {
        if !self.keeps(Rule::RevivalsAreConditional)
            && let Some(room) = &mut state.room
        {
            room.lives = true;
        }
        table::write(&mut state.room, Subject::Room, &Facts::alive(join)).sight
    }

    /// `Table::end`, by a handler or a sweep.
    pub fn end(&self, state: &mut State, user: usize, join: Version, destroy: Option<Version>) {
        if let (Some(item), Some(destroy)) = (&mut state.members[user], destroy) {
            let is_due = item.lives && item.version == join;
            if is_due || !self.keeps(Rule::EndingsAreConditional) {
                item.end(destroy);
            }
        }
    }

    /// Begins the next round where one is through: the calls between the rounds of `Table::apply`.
    fn go_on(&self, state: &mut State, at: usize) {
        if state.deliveries[at].is_through() {
            match state.deliveries[at].round {
                Round::Writing => {
                    let callback = &self.history(state).callbacks[at];
                    let sight = state.deliveries[at].sight;
                    match sight.and_then(|seen| seen.0.revived_by(&callback.plan)) {
                        Some(join) => state.deliveries[at].round = Round::Reviving(join),
                        None => self.after_revival(state, at),
                    }
                }
                _ => self.after_endings(state, at),
            }
        }
        if state.deliveries[at].round == Round::Over {
            let delivery = &mut state.deliveries[at];
            delivery.blocks = 0;
            let sight = delivery.sight.take();
            if !self.keeps(Rule::MemoriesAreDatedByTheirRequest) {
                self.note(state, sight, 0);
            }
        }
    }

    /// `RoomState::end_of`: whose join was too late.
    fn after_revival(&self, state: &mut State, at: usize) {
        let callback = &self.history(state).callbacks[at];
        let Seen(sight) = state.deliveries[at].sight.unwrap_or_default();
        let members = callback.plan.members.iter();
        let ended = members.filter(|(_, facts)| sight.end_of(facts).is_some());
        let ended: Vec<_> = ended.map(|(id, facts)| (number_of(id), facts.newest())).collect();
        if ended.is_empty() {
            self.after_endings(state, at);
        } else {
            state.deliveries[at].round = Round::Ending(ended);
        }
    }

    /// `sweep` in `table::progress`: the newest destroy asks for a sweep, even if it was known before.
    fn after_endings(&self, state: &mut State, at: usize) {
        let callback = &self.history(state).callbacks[at];
        let stored = state.deliveries[at].sight.and_then(|seen| seen.0.destroyed);
        let is_newest = callback.asks_for_sweep() && stored == callback.destroys();
        let queued_first = !self.keeps(Rule::SweepsAreQueuedAfterTheWrite);
        state.deliveries[at].round =
            if is_newest && !queued_first { Round::Queueing } else { Round::Over };
    }
}

fn write_member(state: &mut State, at: usize, user: usize, facts: &Facts) {
    let item = &mut state.members[user];
    let write = &mut state.deliveries[at].members[user];
    let lacking = match write {
        Write::Raise(lacking) => table::raise(item, lacking, facts),
        _ => table::write(item, Subject::Member, facts).lacking,
    };
    *write = Write::after(lacking);
    let newest = &mut state.landed.newest[user];
    *newest = (*newest).max(Some(facts.newest()));
}

impl Write {
    fn after(lacking: Vec<Version>) -> Self {
        if lacking.is_empty() { Self::Done } else { Self::Raise(lacking) }
    }
}
