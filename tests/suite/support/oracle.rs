//! The oracle: it computes the final table from the set of events, as plainly as possible and
//! without the library's code. Tests compare the real table with it.
//!
//! A member's newest event decides. If it is a join older than the room's newest destroy, the
//! member has left, because the room was destroyed. The room is destroyed if its newest destroy is
//! newer than every create and every join; otherwise it is active.

use std::collections::{BTreeMap, BTreeSet};

use chatroom_status_sync::local::im_server::{APP_KEY, WireEvent};
use sha1::{Digest, Sha1};

use super::{Row, Rows};

const CREATE: u64 = 0;
const JOIN: u64 = 1;
const LEAVE: u64 = 2;
const DESTROY: u64 = 3;

const RETENTION_SECONDS: u64 = 30 * 24 * 60 * 60;

/// The parts of an event that matter for one member, or for the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    time: u64,
    kind: u64,
    status: u64,
}

impl Fact {
    fn of(event: &WireEvent) -> Self {
        Self { time: event.time.millis(), kind: event.r#type, status: event.status.min(9) }
    }

    fn version(self) -> String {
        format!("{}{}{}", self.time, self.kind, self.status)
    }

    fn reason(self) -> String {
        match self.status {
            0 => "requested".into(),
            1 => "auto_exit".into(),
            2 => "banned".into(),
            3 => "auto_destroyed".into(),
            n => format!("status_{n}"),
        }
    }
}

fn newest(facts: &BTreeSet<Fact>, kinds: &[u64]) -> Option<Fact> {
    facts.iter().rev().find(|fact| kinds.contains(&fact.kind)).copied()
}

/// Gives the table once every event is written and every room's end has reached its members. A
/// room's `version` is left out: readers do not use it.
pub fn table_after(events: &[WireEvent]) -> Rows {
    let mut rooms: BTreeMap<&str, BTreeSet<Fact>> = BTreeMap::new();
    let mut members: BTreeMap<(&str, &str), BTreeSet<Fact>> = BTreeMap::new();
    for event in events {
        let fact = Fact::of(event);
        let is_about_members = [JOIN, LEAVE].contains(&fact.kind);
        if is_about_members {
            for user in &event.user_ids {
                members.entry((&event.chat_room_id, user)).or_default().insert(fact);
            }
        }
        // Creates and destroys are about the room, and a join shows that it is alive.
        if !is_about_members || (fact.kind == JOIN && !event.user_ids.is_empty()) {
            rooms.entry(&event.chat_room_id).or_default().insert(fact);
        }
    }
    let room_rows = rooms.iter().map(|(room, facts)| room_row(room, facts));
    let member_rows = members.iter().map(|((room, user), facts)| {
        let destroy = rooms.get(room).and_then(|facts| newest(facts, &[DESTROY]));
        member_row(room, user, facts, destroy)
    });
    let rows = room_rows.chain(member_rows);
    rows.map(|row| ((row["pk"].clone(), row["sk"].clone()), row)).collect()
}

fn room_row(room: &str, facts: &BTreeSet<Fact>) -> Row {
    let (create, destroy) = (newest(facts, &[CREATE]), newest(facts, &[DESTROY]));
    let life = newest(facts, &[CREATE, JOIN]);
    let mut row = base(room, "ROOM", "room");
    if let Some(create) = create {
        row.insert("createdAt".into(), create.time.to_string());
    }
    if let Some(destroy) = destroy {
        row.insert("destroyedAt".into(), destroy.time.to_string());
        row.insert("destroyReason".into(), destroy.reason());
        row.insert("destroyVersion".into(), destroy.version());
    }
    match destroy {
        Some(destroy) if Some(destroy) > life => {
            row.insert("lifecycle".into(), "destroyed".into());
            row.insert("expiresAt".into(), expiry(destroy));
        }
        _ => {
            row.insert("lifecycle".into(), "active".into());
            let shard = Sha1::digest(room)[0] % 16;
            row.insert("roomsKey".into(), format!("ROOMS#{APP_KEY}#{shard:02}"));
        }
    }
    row
}

fn member_row(room: &str, user: &str, facts: &BTreeSet<Fact>, destroy: Option<Fact>) -> Row {
    let last = newest(facts, &[JOIN, LEAVE]).unwrap();
    let ended = destroy.filter(|&destroy| last.kind == JOIN && last < destroy);
    let mut row = base(room, &format!("USER#{user}"), "member");
    row.insert("userId".into(), user.into());
    row.insert("version".into(), last.version());
    if let Some(join) = newest(facts, &[JOIN]) {
        row.insert("joinedAt".into(), join.time.to_string());
    }
    if let Some(leave) = newest(facts, &[LEAVE]) {
        row.insert("leftAt".into(), leave.time.to_string());
    }
    let (membership, reason) = match ended {
        Some(_) => ("left", "room_destroyed".into()),
        None if last.kind == JOIN => ("joined", last.reason()),
        None => ("left", last.reason()),
    };
    row.insert("membership".into(), membership.into());
    row.insert("reason".into(), reason);
    if membership == "joined" {
        row.insert("userKey".into(), format!("USER#{APP_KEY}#{user}"));
    } else {
        row.insert("expiresAt".into(), expiry(ended.unwrap_or(last)));
    }
    row
}

fn base(room: &str, sort: &str, kind: &str) -> Row {
    let pairs = [
        ("pk", format!("ROOM#{APP_KEY}#{room}")),
        ("sk", sort.to_owned()),
        ("kind", kind.to_owned()),
        ("appKey", APP_KEY.to_owned()),
        ("chatRoomId", room.to_owned()),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

fn expiry(fact: Fact) -> String {
    (fact.time / 1000 + RETENTION_SECONDS).to_string()
}

/// Makes rows comparable with those that the oracle expects after these events, and gives both.
/// A room's `version` is left out: readers do not use it. So is the expiry of members whose room
/// ended, after a check: if the room ended several times, it may be that of any end, depending on
/// the order of arrival.
pub fn comparable(mut rows: Rows, events: &[WireEvent]) -> (Rows, Rows) {
    let mut expected = table_after(events);
    let mut ends: BTreeMap<&str, BTreeSet<Fact>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.r#type == DESTROY) {
        let ends = ends.entry(&event.chat_room_id).or_default();
        ends.insert(Fact::of(event));
    }
    for (key, row) in &mut rows {
        if row["kind"] == "room" {
            row.remove("version").expect("readers do not use it, but it is there");
        } else if row["reason"] == "room_destroyed" {
            let expires = row.remove("expiresAt").unwrap();
            let joined: u64 = row["version"].parse().unwrap();
            let mut ends = ends[&*row["chatRoomId"]].iter();
            let is_due = |end: &Fact| {
                end.version().parse::<u64>().unwrap() > joined && expiry(*end) == expires
            };
            assert!(ends.any(is_due), "{row:?} expires at {expires}");
            let expected = expected.get_mut(key);
            expected.and_then(|row| row.remove("expiresAt"));
        }
    }
    (rows, expected)
}

/// Gives the room and the user of each member who is in a room, by the rule for readers:
/// `membership` is `joined`, and `version` is above the room's `destroyVersion`.
pub fn present(rows: &Rows) -> BTreeSet<(String, String)> {
    let number = |row: &Row, name| row.get(name).map(|text| text.parse::<u64>().unwrap());
    let is_present = |row: &&Row| {
        let room = rows.get(&(row["pk"].clone(), "ROOM".to_owned()));
        let destroyed = room.and_then(|room| number(room, "destroyVersion"));
        row["kind"] == "member"
            && row["membership"] == "joined"
            && number(row, "version") > destroyed
    };
    let members = rows.values().filter(is_present);
    members.map(|row| (row["chatRoomId"].clone(), row["userId"].clone())).collect()
}
