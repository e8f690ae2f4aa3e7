//! Events, and the callbacks that tell them.

use chatroom_status_sync::domain::{
    event::{Event, Kind, Version},
    ids::{RoomId, UserId},
    plan::{Plan, RoomPlan},
    time::Timestamp,
};

use crate::oracle::EndState;

/// The first user.
pub const ANN: usize = 0;
/// The second user.
pub const BOB: usize = 1;

/// One event: about a user, or about the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    pub version: Version,
    pub user: Option<usize>,
}

fn told(kind: Kind, time: u64, user: Option<usize>, status: u64) -> Told {
    Told { user, version: Version::new(Timestamp::from_millis(time).unwrap(), kind, status) }
}

/// The room is created.
pub fn create(time: u64) -> Told {
    told(Kind::Create, time, None, 0)
}

/// The room is destroyed.
pub fn destroy(time: u64) -> Told {
    told(Kind::Destroy, time, None, 0)
}

/// The room is destroyed because nobody is left in it.
pub fn auto_destroy(time: u64) -> Told {
    told(Kind::Destroy, time, None, 3)
}

/// A user joins.
pub fn join(time: u64, user: usize) -> Told {
    told(Kind::Join, time, Some(user), 0)
}

/// A user leaves.
pub fn leave(time: u64, user: usize) -> Told {
    told(Kind::Leave, time, Some(user), 0)
}

/// One delivery of a callback, from the sender or from the deferred queue.
#[derive(Debug, Clone)]
pub struct Callback {
    /// The events that it tells.
    pub told: Vec<Told>,
    /// Its events, folded by the library.
    pub plan: RoomPlan,
    /// True if somebody makes sure that it is handled to the end. Otherwise each step is taken at
    /// any time or never; see [`Callback::abandoned`].
    pub is_required: bool,
    pub its_sweep: Fate,
    pub comes: Coming,
}

/// The end of the sweep that a callback asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It comes to its end.
    Done,
    /// It takes each of its steps at any time or never.
    Dead,
    /// It never starts.
    Lost,
}

/// The time at which a callback comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coming {
    /// At any time.
    AtAnyTime,
    /// After all callbacks of the first kind are handled, and forgotten by the room cache.
    Afterwards,
    /// So much later that everything of the first kind is overdue.
    TenMinutesLater,
}

/// A callback that is handled to the end.
pub fn callback<const N: usize>(told: [Told; N]) -> Callback {
    let event = |told: &Told| Event {
        room: RoomId::new("room").unwrap(),
        users: told.user.map(user_id).into_iter().collect(),
        version: told.version,
    };
    let plan = Plan::of(told.iter().map(event));
    Callback {
        told: told.to_vec(),
        plan: plan.rooms.into_values().next().unwrap(),
        is_required: true,
        its_sweep: Fate::Done,
        comes: Coming::AtAnyTime,
    }
}

impl Callback {
    /// Lets the handler crash, or the function freeze, between any two steps. Requests that were
    /// sent may reach the table at any later time. Beside such a callback stands a required one, in
    /// which the sender or the queue tells the same again.
    pub fn abandoned(self) -> Self {
        Self { is_required: false, ..self }
    }

    /// Loses the sweep that the callback asks for: its queue was out of reach whenever the sender
    /// tried.
    pub fn without_its_sweep(self) -> Self {
        Self { its_sweep: Fate::Lost, ..self }
    }

    /// Lets the sweep that the callback asks for die between any two steps, or before the first:
    /// workers failed again and again, and nobody looked at the dead letter.
    pub fn with_a_dead_sweep(self) -> Self {
        Self { its_sweep: Fate::Dead, ..self }
    }

    /// Lets the callback come after all those that come at any time, but soon.
    pub fn afterwards(self) -> Self {
        Self { comes: Coming::Afterwards, ..self }
    }

    /// Lets the callback come more than ten minutes after all those that come at any time.
    pub fn ten_minutes_later(self) -> Self {
        Self { comes: Coming::TenMinutesLater, ..self }
    }
}

/// A set of callbacks. The checker takes care of their order.
#[derive(Debug, Clone)]
pub struct History {
    pub callbacks: Vec<Callback>,
    pub users: usize,
    /// True if the sweep of each destroy may be run a second time, at any time after it was due, and
    /// need not finish.
    pub repeats_sweeps: bool,
    /// True if all events are older than ten minutes when they are told.
    pub is_told_late: bool,
    pub end: EndState,
}

/// A history of callbacks in no order.
pub fn history<const N: usize>(callbacks: [Callback; N]) -> History {
    History::of(callbacks.into())
}

impl History {
    /// A history from a list of callbacks.
    pub fn of(callbacks: Vec<Callback>) -> Self {
        let told = callbacks.iter().flat_map(|callback| &callback.told);
        let users = told.filter_map(|told| told.user).max();
        let users = users.map_or(0, |last| last + 1);
        let end = EndState::of(&callbacks, users);
        Self { callbacks, users, repeats_sweeps: false, is_told_late: false, end }
    }

    /// Lets the sweep of each destroy be run twice.
    pub fn with_repeated_sweeps(self) -> Self {
        Self { repeats_sweeps: true, ..self }
    }

    /// Lets all events be told more than ten minutes late. Whoever finds the room's end not swept
    /// takes it for overdue, although its own sweep is still to come.
    pub fn told_late(self) -> Self {
        Self { is_told_late: true, ..self }
    }
}

const NAMES: [&str; 2] = ["ann", "bob"];

fn user_id(user: usize) -> UserId {
    UserId::new(NAMES[user]).unwrap()
}

/// The number of a user of a plan.
pub fn number_of(user: &UserId) -> usize {
    NAMES.iter().position(|name| *name == user.as_str()).unwrap()
}
