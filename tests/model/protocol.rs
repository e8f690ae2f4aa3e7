//! The whole protocol: table, handlers, room cache and queue as one state, and everything that can
//! happen next.

use chatroom_status_sync::domain::event::Version;
use stateright::{Model, Property};

use crate::{
    delivery::{Delivery, Round, Step},
    history::{Callback, History},
    oracle::is_present,
    room_cache::CachedRoom,
    rules::Rule,
    sweep::{Move, Sweep},
    table::Item,
};

/// The protocol, and the histories that it is checked with.
#[derive(Debug, Clone)]
pub struct Protocol {
    pub histories: Vec<History>,
    /// The rule that is left out.
    pub without: Option<Rule>,
}

/// The state of everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    history: usize,
    pub room: Option<Item>,
    pub members: Vec<Option<Item>>,
    /// One handler for each callback.
    pub deliveries: Vec<Delivery>,
    pub cached: Option<CachedRoom>,
    /// The sweep that each callback's destroy asks for.
    pub sweeps: Vec<Sweep>,
    /// The second run of each sweep, if the history repeats sweeps.
    repeats: Vec<Sweep>,
    pub landed: Landed,
}

/// The events that have reached the table. Readers must see these.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Landed {
    /// The newest event of each member whose write has reached the table.
    pub newest: Vec<Option<Version>>,
    /// The newest destroy whose write has reached the table.
    pub destroyed: Option<Version>,
}

/// One thing that can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A handler takes a step.
    Handle(usize, Step),
    /// The cached room expires.
    Forget,
    /// The sweep of a callback's destroy takes a step.
    Sweep(usize, Move),
    /// The second run of that sweep takes a step.
    Repeat(usize, Move),
}

impl Protocol {
    /// True if a rule is kept.
    pub fn keeps(&self, rule: Rule) -> bool {
        self.without != Some(rule)
    }

    /// The history that a state belongs to.
    pub fn history(&self, state: &State) -> &History {
        &self.histories[state.history]
    }

    /// True if all required callbacks are handled, and the queue is empty.
    fn is_done(&self, state: &State) -> bool {
        let handled = |(delivery, callback): (&Delivery, &Callback)| {
            !callback.is_required || delivery.round == Round::Over
        };
        let callbacks = &self.history(state).callbacks;
        state.deliveries.iter().zip(callbacks).all(handled)
            && state.sweeps.iter().all(|sweep| sweep.moves().is_empty())
    }

    fn is_right_in_the_end(&self, state: &State) -> bool {
        let end = &self.history(state).end;
        !self.is_done(state) || end.agrees_with(state.room.as_ref(), &state.members)
    }

    fn can_go_on(&self, state: &State) -> bool {
        let mut actions = Vec::new();
        self.actions(state, &mut actions);
        self.is_done(state) || !actions.is_empty()
    }
}

/// The rule for readers: a member is in the room if its item is joined, and has a version above the
/// room's `destroyVersion`.
fn tells_the_truth(state: &State) -> bool {
    let destroyed = state.room.as_ref().and_then(|room| room.destroyed);
    let members = state.members.iter().zip(&state.landed.newest);
    members.into_iter().all(|(item, newest)| {
        let is_read =
            item.as_ref().is_some_and(|item| item.lives && Some(item.version) > destroyed);
        is_read == is_present(*newest, state.landed.destroyed)
    })
}

pub const END: &str = "when all is done, the table is the end state";
pub const ALWAYS: &str = "at every moment, who is in the room is who should be";
pub const LIVELY: &str = "nothing waits for ever";
pub const REACHED: &str = "all is done some time";

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let state = |(index, history): (usize, &History)| State {
            history: index,
            room: None,
            members: vec![None; history.users],
            deliveries: history
                .callbacks
                .iter()
                .map(|callback| Delivery::new(self, history, callback))
                .collect(),
            cached: None,
            sweeps: vec![Sweep::Unknown; history.callbacks.len()],
            repeats: vec![Sweep::Unknown; history.callbacks.len()],
            landed: Landed { newest: vec![None; history.users], destroyed: None },
        };
        self.histories.iter().enumerate().map(state).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let history = self.history(state);
        for (at, delivery) in state.deliveries.iter().enumerate() {
            let steps = delivery.steps(&history.callbacks[at], state.cached.as_ref());
            actions.extend(steps.into_iter().map(|step| Action::Handle(at, step)));
        }
        actions.extend(state.cached.as_ref().map(|_| Action::Forget));
        for (at, sweep) in state.sweeps.iter().enumerate() {
            let waits =
                *sweep == Sweep::Queued && self.keeps(Rule::SweepsWait) && !self.is_due(state, at);
            if !waits {
                let moves = sweep.moves().into_iter();
                actions.extend(moves.map(|step| Action::Sweep(at, step)));
            }
        }
        for (at, sweep) in state.repeats.iter().enumerate() {
            let moves = sweep.moves().into_iter();
            actions.extend(moves.map(|step| Action::Repeat(at, step)));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Handle(at, step) => {
                self.step(&mut state, at, step);
                if step == Step::QueueSweep && self.history(last).repeats_sweeps {
                    state.repeats[at] = Sweep::Queued;
                }
            }
            Action::Forget => state.cached = None,
            Action::Sweep(at, step) => {
                state.sweeps[at] = self.sweep(&mut state, &last.sweeps[at], step);
            }
            Action::Repeat(at, step) => {
                state.repeats[at] = self.sweep(&mut state, &last.repeats[at], step);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(END, Self::is_right_in_the_end),
            Property::always(ALWAYS, |_, state| tells_the_truth(state)),
            Property::always(LIVELY, Self::can_go_on),
            Property::sometimes(REACHED, Self::is_done),
        ]
    }
}
