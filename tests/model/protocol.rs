//! The whole protocol: table, handlers, room cache and queue as one state, and everything that can
//! happen next.

use chatroom_status_sync::domain::event::Version;
use stateright::{Model, Property};

use crate::{
    delivery::{Delivery, Round, Step},
    history::{Callback, Coming, History, Told},
    oracle::is_present,
    room_cache::CachedRoom,
    rules::Rule,
    sweep::{Move, Stage, Sweep},
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
    /// The sweep that each callback asks for, from its queueing to its end.
    pub sweeps: Vec<Option<Sweep>>,
    /// A run of that sweep that need not come to its end: the only one, if the sweep dies, or a
    /// second one, if the history repeats sweeps.
    pub stray_sweeps: Vec<Option<Sweep>>,
    /// True once the time has come for callbacks that do not come at any time.
    is_afterwards: bool,
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
    /// Time passes, until the callbacks come that do not come at any time.
    Wait,
    /// The sweep that a callback asked for takes a step.
    Sweep(usize, Move),
    /// The run of that sweep that need not come to its end takes a step.
    Stray(usize, Move),
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
            && state.sweeps.iter().all(Option::is_none)
    }

    /// True if other callbacks wait for the end of those that come at any time, and need not wait
    /// any more.
    fn has_waited(&self, state: &State) -> bool {
        let comes = |callback: &Callback| callback.comes == Coming::AtAnyTime;
        let callbacks = &self.history(state).callbacks;
        let mut deliveries = state.deliveries.iter().zip(callbacks);
        !state.is_afterwards
            && !callbacks.iter().all(comes)
            && state.cached.is_none()
            && deliveries.all(|(delivery, callback)| {
                !callback.is_required || !comes(callback) || delivery.round == Round::Over
            })
    }

    fn is_right_in_the_end(&self, state: &State) -> bool {
        let end = &self.history(state).end;
        !self.is_done(state) || end.agrees_with(state.room.as_ref(), &state.members)
    }

    /// True if no member would be back once the room's item expires: a member who is joined since
    /// before the room's end is one whose handler is still going to notice, or the handler of a
    /// callback that tells the same again.
    fn leaves_no_ghost(&self, state: &State) -> bool {
        let Some(room) = state.room.as_ref().filter(|room| room.expires.is_some()) else {
            return true;
        };
        let is_handled = |user, version| {
            let mut deliveries = state.deliveries.iter().zip(&self.history(state).callbacks);
            deliveries.any(|(delivery, callback)| {
                let tells = |told: &Told| told.user == Some(user) && told.version == version;
                let is_over = !callback.is_required || delivery.round == Round::Over;
                !is_over && callback.told.iter().any(tells)
            })
        };
        let mut members = state.members.iter().enumerate();
        !room.lives
            && members.all(|(user, member)| {
                let member = member.as_ref().filter(|member| member.lives);
                let ghost = member.filter(|member| Some(member.version) < room.destroyed);
                ghost.is_none_or(|ghost| is_handled(user, ghost.version))
            })
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
pub const GHOSTS: &str = "a room that may vanish leaves no ghost";
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
            sweeps: vec![None; history.callbacks.len()],
            stray_sweeps: vec![None; history.callbacks.len()],
            is_afterwards: false,
            landed: Landed { newest: vec![None; history.users], destroyed: None },
        };
        self.histories.iter().enumerate().map(state).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let history = self.history(state);
        for (at, delivery) in state.deliveries.iter().enumerate() {
            let callback = &history.callbacks[at];
            if state.is_afterwards || callback.comes == Coming::AtAnyTime {
                let steps = delivery.steps(callback, state.cached.as_ref());
                actions.extend(steps.into_iter().map(|step| Action::Handle(at, step)));
            }
        }
        actions.extend(state.cached.as_ref().map(|_| Action::Forget));
        actions.extend(self.has_waited(state).then_some(Action::Wait));
        let moves = |at: usize, sweep: &Option<Sweep>| {
            let may_start = || !self.keeps(Rule::SweepsWait) || self.is_due(state, at);
            let sweep = sweep.as_ref();
            sweep.filter(|sweep| sweep.stage != Stage::Queued || may_start()).map(Sweep::moves)
        };
        for (at, sweep) in state.sweeps.iter().enumerate() {
            let moves = moves(at, sweep).into_iter().flatten();
            actions.extend(moves.map(|step| Action::Sweep(at, step)));
        }
        for (at, sweep) in state.stray_sweeps.iter().enumerate() {
            let moves = moves(at, sweep).into_iter().flatten();
            actions.extend(moves.map(|step| Action::Stray(at, step)));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Handle(at, step) => self.step(&mut state, at, step),
            Action::Forget => state.cached = None,
            Action::Wait => state.is_afterwards = true,
            Action::Sweep(at, step) => {
                let sweep = last.sweeps[at].as_ref()?;
                state.sweeps[at] = self.sweep(&mut state, sweep, step);
            }
            Action::Stray(at, step) => {
                let sweep = last.stray_sweeps[at].as_ref()?;
                state.stray_sweeps[at] = self.sweep(&mut state, sweep, step);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(END, Self::is_right_in_the_end),
            Property::always(ALWAYS, |_, state| tells_the_truth(state)),
            Property::always(GHOSTS, Self::leaves_no_ghost),
            Property::always(LIVELY, Self::can_go_on),
            Property::sometimes(REACHED, Self::is_done),
        ]
    }
}
