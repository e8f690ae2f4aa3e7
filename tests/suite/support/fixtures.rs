//! Events as sentences: `leave("room", "ann").banned().at(5)`.

use chatroom_status_sync::{
    domain::{
        event::{Event, Kind, Version},
        ids::{RoomId, UserId},
        time::Timestamp,
    },
    local::im_server::{SignedCallback, WireEvent, body_of},
};

/// A fixed moment, in milliseconds, that all tests count from.
pub const START: u64 = 1_700_000_000_000;

/// The users of an event that names none.
pub const NOBODY: [&str; 0] = [];

/// One user, or a list of them.
pub trait Users {
    fn ids(self) -> Vec<String>;
}

impl Users for &str {
    fn ids(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl Users for &String {
    fn ids(self) -> Vec<String> {
        vec![self.clone()]
    }
}

impl<T: AsRef<str>> Users for &[T] {
    fn ids(self) -> Vec<String> {
        self.iter().map(|user| user.as_ref().to_owned()).collect()
    }
}

impl<T: AsRef<str>> Users for &Vec<T> {
    fn ids(self) -> Vec<String> {
        self[..].ids()
    }
}

impl<T: AsRef<str>, const N: usize> Users for [T; N] {
    fn ids(self) -> Vec<String> {
        self[..].ids()
    }
}

pub fn create(room: &str) -> WireEvent {
    requested(room, NOBODY, Kind::Create)
}

pub fn join(room: &str, users: impl Users) -> WireEvent {
    requested(room, users, Kind::Join)
}

pub fn leave(room: &str, users: impl Users) -> WireEvent {
    requested(room, users, Kind::Leave)
}

pub fn destroy(room: &str) -> WireEvent {
    requested(room, NOBODY, Kind::Destroy)
}

fn requested(room: &str, users: impl Users, kind: Kind) -> WireEvent {
    WireEvent {
        chat_room_id: room.to_owned(),
        user_ids: users.ids(),
        status: 0,
        r#type: kind.number(),
        time: at(0),
    }
}

/// Changes to an event that was requested at [`START`].
pub trait EventBuilder: Sized {
    /// Sets the time, in milliseconds after [`START`].
    fn at(self, millis: u64) -> Self;

    /// Sets the users, also of a create or a destroy.
    fn naming(self, users: impl Users) -> Self;

    /// Sets any status, documented or not.
    fn status(self, status: u64) -> Self;

    /// Sets any type, known or not.
    fn of_type(self, r#type: u64) -> Self;

    fn auto_exit(self) -> Self {
        self.status(1)
    }

    fn banned(self) -> Self {
        self.status(2)
    }

    fn auto_destroyed(self) -> Self {
        self.status(3)
    }
}

impl EventBuilder for WireEvent {
    fn at(self, millis: u64) -> Self {
        Self { time: at(millis), ..self }
    }

    fn naming(self, users: impl Users) -> Self {
        Self { user_ids: users.ids(), ..self }
    }

    fn status(self, status: u64) -> Self {
        Self { status, ..self }
    }

    fn of_type(self, r#type: u64) -> Self {
        Self { r#type, ..self }
    }
}

/// The time that is so many milliseconds after [`START`].
pub fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(START + millis).unwrap()
}

/// Signs events now, as one callback of the sample app.
pub fn signed(events: &[WireEvent]) -> SignedCallback {
    SignedCallback::now(body_of(events))
}

/// Gives the event that the parser reads from a sent one.
pub fn read(event: &WireEvent) -> Event {
    Event {
        room: RoomId::new(&event.chat_room_id).unwrap(),
        users: event.user_ids.iter().map(|user| UserId::new(user).unwrap()).collect(),
        version: Version::new(event.time, Kind::from_type(event.r#type).unwrap(), event.status),
    }
}
