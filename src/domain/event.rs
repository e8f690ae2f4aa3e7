//! Events of a chatroom, and the one number that orders them.

use std::{fmt, mem, time::Duration};

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{
    ids::{RoomId, UserId},
    time::Timestamp,
};

/// The kind of an event, in the sender's numbering. Its order is the rule for ties: at the same
/// millisecond destroy beats leave beats join beats create.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `type` 0: the room was created.
    Create,
    /// `type` 1: users joined.
    Join,
    /// `type` 2: users left.
    Leave,
    /// `type` 3: the room was destroyed.
    Destroy,
}

impl Kind {
    /// Reads a callback's `type`; `None` for a number that the sender does not document.
    pub const fn from_type(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::Create),
            1 => Some(Self::Join),
            2 => Some(Self::Leave),
            3 => Some(Self::Destroy),
            _ => None,
        }
    }

    /// Gives the callback's `type`.
    pub const fn number(self) -> u64 {
        self as u64
    }
}

/// The time of the earliest plausible event: the first of 13 digits, in September 2001.
const EARLIEST: Timestamp = match Timestamp::from_millis(1_000_000_000_000) {
    Some(time) => time,
    None => Timestamp::MAX,
};

/// The time that an event may lie ahead of the receiver's clock, as a signature may. An event from
/// further ahead would win over all that follow until then, and anybody can send one who has seen
/// the URL of one callback.
const AHEAD: Duration = Duration::from_mins(5);
/// The difference between the clocks of sender and receiver that is worth no word.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(10);

/// Says whether an event can have happened at `time`: not before September 2001 (the first Unix
/// milliseconds of 13 digits), and at most five minutes after `now`.
pub fn is_plausible(time: Timestamp, now: Timestamp) -> bool {
    time >= EARLIEST && time.since(now) <= AHEAD
}

/// Says whether `time` lies so far after `now`, by more than ten seconds, that one of the clocks is
/// wrong or the event is forged.
pub fn is_ahead(time: Timestamp, now: Timestamp) -> bool {
    time.since(now) > CLOCK_DIFFERENCE
}

/// The number that orders events: `time * 100 + type * 10 + min(status, 9)`.
///
/// The sender gives no sequence and no id, so this number is both: two events with the same version
/// about the same item are the same event. Everything but the ids can be read back from it.
///
/// ```
/// use chatroom_status_sync::domain::{event::{Kind, Version}, time::Timestamp};
///
/// let banned = Version::new(Timestamp::from_millis(1_574_476_797_772).unwrap(), Kind::Leave, 2);
/// assert_eq!(banned.number(), 157_447_679_777_222);
/// assert_eq!(banned.kind(), Kind::Leave);
/// assert_eq!(banned.reason(), "banned");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    time: Timestamp,
    kind: Kind,
    status: u8,
}

impl Version {
    /// Makes the version of an event. Statuses of 9 and above count as 9.
    pub fn new(time: Timestamp, kind: Kind, status: u64) -> Self {
        Self { time, kind, status: u8::try_from(status.min(9)).unwrap_or(9) }
    }

    /// Reads a version back from its number; `None` for a number that no event has.
    pub fn from_number(number: u64) -> Option<Self> {
        let time = Timestamp::from_millis(number / 100)?;
        let kind = Kind::from_type(number / 10 % 10)?;
        Some(Self::new(time, kind, number % 10))
    }

    /// Gives the number that the table stores. It has 15 decimal digits at most, so a double holds
    /// it exactly, too.
    pub const fn number(self) -> u64 {
        self.time.millis() * 100 + self.kind.number() * 10 + self.status as u64
    }

    /// Gives the time of the event.
    pub const fn time(self) -> Timestamp {
        self.time
    }

    /// Gives the kind of the event.
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// Gives the callback's `status`; 9 stands for 9 and everything above.
    pub const fn status(self) -> u8 {
        self.status
    }

    /// Gives the word that the table stores for the status.
    pub const fn reason(self) -> &'static str {
        match self.status {
            0 => "requested",
            1 => "auto_exit",
            2 => "banned",
            3 => "auto_destroyed",
            4 => "status_4",
            5 => "status_5",
            6 => "status_6",
            7 => "status_7",
            8 => "status_8",
            _ => "status_9",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// One event of a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The room of the event.
    pub room: RoomId,
    /// The users who joined or left; maybe none. Those of a create or destroy say nothing about
    /// members.
    pub users: Vec<UserId>,
    /// Time, kind and status.
    pub version: Version,
}

impl Event {
    /// Counts the changes that the event can cause: one for each user, or that of the room.
    pub fn changes(&self) -> usize {
        match self.version.kind() {
            Kind::Create | Kind::Destroy => 1,
            Kind::Join | Kind::Leave => self.users.len(),
        }
    }
}

/// Keeps events with so many `changes`, and splits the others off. An event that lies across the
/// border becomes two.
///
/// ```
/// use chatroom_status_sync::domain::{
///     event::{Event, Kind, Version, split_off},
///     ids::{RoomId, UserId},
///     time::Timestamp,
/// };
///
/// let mut events = vec![Event {
///     room: RoomId::new("lobby").unwrap(),
///     users: ["anna", "ben", "carl"].map(|user| UserId::new(user).unwrap()).into(),
///     version: Version::new(Timestamp::from_millis(1_574_476_797_772).unwrap(), Kind::Join, 0),
/// }];
/// let rest = split_off(&mut events, 2);
/// assert_eq!((events[0].users.len(), rest[0].users.len()), (2, 1));
/// ```
pub fn split_off(events: &mut Vec<Event>, changes: usize) -> Vec<Event> {
    let mut left = changes;
    let across = events.iter().position(|event| match left.checked_sub(event.changes()) {
        Some(still) => {
            left = still;
            false
        }
        None => true,
    });
    let Some(across) = across else { return Vec::new() };
    let mut rest = events.split_off(across);
    if left > 0 {
        let Event { room, users, version } = &mut rest[0];
        let others = users.split_off(left);
        let users = mem::replace(users, others);
        events.push(Event { room: room.clone(), users, version: *version });
    }
    rest
}

/// Writes the sender's wire format.
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("Event", 5)?;
        event.serialize_field("chatRoomId", &self.room)?;
        event.serialize_field("userIds", &self.users)?;
        event.serialize_field("status", &self.version.status())?;
        event.serialize_field("type", &self.version.kind().number())?;
        event.serialize_field("time", &self.version.time())?;
        event.end()
    }
}
