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
    }
}

impl Callback {
    /// Lets the handler crash, or the function freeze, between any two steps. Requests that were
    /// sent may reach the table at any later time. Beside such a callback stands a required one, in
    /// which the sender or the queue tells the same again.
    pub fn abandoned(self) -> Self {
        Self { is_required: false, ..self }
    }
}

/// A set of callbacks. The checker takes care of their order.
#[derive(Debug, Clone)]
pub struct History {
    pub callbacks: Vec<Callback>,
    pub users: usize,
    /// True if each sweep may be run a second time, at any time after it was queued, and need not
    /// finish.
    pub repeats_sweeps: bool,
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
        Self { end: EndState::of(&callbacks, users), callbacks, users, repeats_sweeps: false }
    }

    /// Lets each sweep be run twice.
    pub fn with_repeated_sweeps(self) -> Self {
        Self { repeats_sweeps: true, ..self }
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
