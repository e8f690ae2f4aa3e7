//! The steps of a handler: the effect of each request on the table, and the conclusions that the
//! handler draws from the answer.

use chatroom_status_sync::domain::{
    event::{Kind, Version},
    plan::Facts,
    room_state::RoomState,
};

use crate::{
    delivery::{Round, Step, Write},
    history::number_of,
    protocol::{Protocol, State},
    room_cache::CachedRoom,
    rules::Rule,
    table::{self, Found, Subject},
};

impl State {
    /// Notes the room as a request found it, at the moment when it reached the table.
    fn note_room_state(&mut self, at: usize, room_state: RoomState) {
        self.deliveries[at].room_state = Some(Found(room_state));
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
                    self.write_member(state, at, user, &facts);
                }
            }
            Step::WriteRoom => {
                if let Some(facts) = callback.plan.room {
                    self.write_room(state, at, &facts);
                }
            }
            Step::ReadRoom => {
                state.deliveries[at].room = Write::Done;
                state.note_room_state(at, table::room_state(state.room.as_ref()));
                self.note_answer(state, at);
            }
            Step::RecallRoom => {
                let cached = state.cached.clone();
                let delivery = &mut state.deliveries[at];
                delivery.room = Write::Done;
                if let Some(CachedRoom { room_state, blocks }) = cached {
                    delivery.room_state = Some(room_state);
                    delivery.blocks = blocks;
                }
            }
            Step::Revive => {
                let found = state.deliveries[at].room_state;
                if let Some(join) = found.and_then(|found| found.0.revived_by(&callback.plan)) {
                    let room_state = self.revive(state, join);
                    state.deliveries[at].is_revived = true;
                    state.note_room_state(at, room_state);
                    self.note_answer(state, at);
                }
            }
            Step::End(user) => {
                if let Some(facts) = facts_of(user) {
                    let destroy =
                        state.deliveries[at].room_state.and_then(|found| found.0.destroyed);
                    self.end(state, user, facts.newest(), destroy);
                    state.deliveries[at].is_ended[user] = true;
                }
            }
            Step::QueueSweep => {
                let history = self.history(state);
                state.deliveries[at].round = match state.deliveries[at].round {
                    Round::QueueFirst(destroy) => {
                        state.queue_sweep(history, at, destroy);
                        Round::Writing
                    }
                    Round::Queueing(destroy) => {
                        state.queue_sweep(history, at, destroy);
                        Round::Over
                    }
                    _ => Round::Over,
                };
            }
        }
        self.begin_next_round(state, at);
    }

    /// `Table::write_room`. Its first request also finds the room.
    fn write_room(&self, state: &mut State, at: usize, facts: &Facts) {
        let lacking = match &state.deliveries[at].room {
            Write::Raise(lacking) => table::raise(&mut state.room, lacking, facts),
            Write::Due | Write::Done => {
                let written = self.write(&mut state.room, Subject::Room, facts);
                state.note_room_state(at, written.room_state);
                if !written.applied && !self.keeps(Rule::StaleDestroysAreSwept) {
                    state.deliveries[at].room_state =
                        Some(Found(RoomState { destroyed: None, ..written.room_state }));
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
            self.note_answer(state, at);
        }
    }

    /// `Table::write_room` with `Facts::alive`, by a handler or a sweep.
    pub fn revive(&self, state: &mut State, join: Version) -> RoomState {
        if !self.keeps(Rule::RevivalsAreConditional)
            && let Some(room) = &mut state.room
        {
            room.lives = true;
        }
        self.write(&mut state.room, Subject::Room, &Facts::alive(join)).room_state
    }

    /// `Table::end_membership`, by a handler or a sweep.
    pub fn end(&self, state: &mut State, user: usize, join: Version, destroy: Option<Version>) {
        if let (Some(item), Some(destroy)) = (&mut state.members[user], destroy) {
            let is_due = item.lives && item.version == join;
            if is_due || !self.keeps(Rule::EndingsAreConditional) {
                item.end(destroy);
            }
        }
    }

    /// Goes on to the queueing once nothing is left to do, as `functions::storage` does.
    fn begin_next_round(&self, state: &mut State, at: usize) {
        let callback = &self.history(state).callbacks[at];
        let delivery = &state.deliveries[at];
        if delivery.round == Round::Writing && delivery.steps(callback, None).is_empty() {
            self.after_writing(state, at);
        }
        if state.deliveries[at].round == Round::Over {
            let delivery = &mut state.deliveries[at];
            delivery.blocks = 0;
            let room_state = delivery.room_state.take();
            if !self.keeps(Rule::CachedRoomsAreDatedByTheirRequest) {
                self.note(state, room_state, 0);
            }
        }
    }

    /// Asks for the sweep that is due, if one is.
    fn after_writing(&self, state: &mut State, at: usize) {
        let history = self.history(state);
        let found = state.deliveries[at].room_state.filter(|_| self.queues_after_the_write());
        let due = found.and_then(|found| self.sweep_due(history, &history.callbacks[at], found.0));
        state.deliveries[at].round = due.map_or(Round::Over, Round::Queueing);
    }

    fn queues_after_the_write(&self) -> bool {
        self.keeps(Rule::SweepsAreQueuedAfterTheWrite)
    }

    fn write_member(&self, state: &mut State, at: usize, user: usize, facts: &Facts) {
        let item = &mut state.members[user];
        let write = &mut state.deliveries[at].members[user];
        let lacking = match write {
            Write::Raise(lacking) => table::raise(item, lacking, facts),
            _ => self.write(item, Subject::Member, facts).lacking,
        };
        *write = Write::after(lacking);
        let newest = &mut state.landed.newest[user];
        *newest = (*newest).max(Some(facts.newest()));
    }
}

impl Write {
    fn after(lacking: Vec<Version>) -> Self {
        if lacking.is_empty() { Self::Done } else { Self::Raise(lacking) }
    }
}
