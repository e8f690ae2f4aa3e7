//! The changes of an item, as DynamoDB expressions. Attribute names avoid the reserved words, so none
//! needs an alias.

use std::fmt::Write;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Attributes, key::Key};
use crate::domain::{
    event::{Kind, Version},
    plan::Facts,
    time::Timestamp,
};

/// The parts of one conditional `UpdateItem`.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The update expression.
    pub expression: String,
    /// The condition expression.
    pub condition: String,
    /// The values that both refer to.
    pub values: Attributes,
}

/// Writes the item as its newest event says, if the item is older than that event.
///
/// The newest event's own time overwrites: whatever the item records of that kind is older, or the
/// condition would fail. Facts of another kind are only set where the item records none; see
/// [`raise`] for the rest.
pub fn whole(key: &Key<'_>, facts: &Facts, retention_seconds: u64) -> Update {
    let newest = facts.newest();
    let mut update =
        Expression::new("appKey = :app, chatRoomId = :room, kind = :kind, version = :version");
    update.text(":app", key.app.as_str());
    update.text(":room", key.room.as_str());
    update.number(":version", newest.number());
    if let Some(user) = key.user {
        update.text(":kind", "member");
        update.set_text("userId", ":user", user.as_str());
        update.set_text("reason", ":reason", newest.reason());
    } else {
        update.text(":kind", "room");
    }
    for version in facts.versions() {
        update.record(version, version == newest);
    }
    let (attribute, state, index_key) = match (newest.kind(), key.user) {
        (Kind::Join, Some(_)) => ("membership", "joined", "userKey"),
        (Kind::Create | Kind::Join, _) => ("lifecycle", "active", "roomsKey"),
        (Kind::Leave, _) => ("membership", "left", "userKey"),
        (Kind::Destroy, _) => ("lifecycle", "destroyed", "roomsKey"),
    };
    update.set_text(attribute, ":state", state);
    let removed = if matches!(newest.kind(), Kind::Create | Kind::Join) {
        update.set_text(index_key, ":index", &key.index());
        "expiresAt"
    } else {
        update.set_number("expiresAt", ":expires", expiry(newest.time(), retention_seconds));
        index_key
    };
    update.remove(removed).only_if("attribute_not_exists(version) OR version < :version")
}

/// Records facts that the item lacks although it is as new as they are. Each attribute only ever
/// grows, on its own.
pub fn raise(lacking: &[Version], newest: Version) -> Update {
    let mut update = Expression::new("");
    let mut condition = "version >= :version".to_owned();
    update.number(":version", newest.number());
    for &version in lacking {
        update.record(version, true);
        let (name, value) = recorded_as(version.kind());
        // Writing to a string cannot fail.
        let _ = write!(condition, " AND (attribute_not_exists({name}) OR {name} < {value})");
    }
    update.only_if(&condition)
}

/// Ends a membership whose room ended after the `join`. Version and times stay: no event about this
/// member was reported, and a late leave must still find what is known.
pub fn end(join: Version, destroy: Version, retention_seconds: u64) -> Update {
    let mut update = Expression::new("membership = :left, reason = :reason");
    update.text(":left", "left");
    update.text(":reason", "room_destroyed");
    update.text(":joined", "joined");
    update.number(":version", join.number());
    update.set_number("expiresAt", ":expires", expiry(destroy.time(), retention_seconds));
    update.remove("userKey").only_if("membership = :joined AND version = :version")
}

/// Counted from the event, not from its arrival: what arrives in another order expires no later. Of
/// several ends of a room, the one counts that ended the membership; to raise it with each later
/// one would write every former member again, for as long as the room is used.
const fn expiry(time: Timestamp, retention_seconds: u64) -> u64 {
    time.seconds() + retention_seconds
}

/// The attribute that guards what is recorded of a kind of event, and the name of its value.
const fn recorded_as(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Create => ("createdAt", ":create"),
        Kind::Join => ("joinedAt", ":join"),
        Kind::Leave => ("leftAt", ":leave"),
        Kind::Destroy => ("destroyVersion", ":destroy"),
    }
}

/// An update expression under construction.
struct Expression {
    text: String,
    values: Attributes,
}

impl Expression {
    fn new(assignments: &str) -> Self {
        Self { text: format!("SET {assignments}"), values: Attributes::with_capacity(16) }
    }

    fn text(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), AttributeValue::S(value.to_owned()));
    }

    fn number(&mut self, name: &str, value: u64) {
        self.values.insert(name.to_owned(), AttributeValue::N(value.to_string()));
    }

    fn assign(&mut self, attribute: &str, value: &str, overwrite: bool) {
        let comma = if self.text == "SET " { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = if overwrite {
            write!(self.text, "{comma}{attribute} = {value}")
        } else {
            write!(self.text, "{comma}{attribute} = if_not_exists({attribute}, {value})")
        };
    }

    fn set_text(&mut self, attribute: &str, name: &str, value: &str) {
        self.assign(attribute, name, true);
        self.text(name, value);
    }

    fn set_number(&mut self, attribute: &str, name: &str, value: u64) {
        self.assign(attribute, name, true);
        self.number(name, value);
    }

    /// Records what an item keeps of an event: its time; of a destroy, time, reason and version.
    fn record(&mut self, version: Version, overwrite: bool) {
        let (attribute, value) = recorded_as(version.kind());
        self.assign(attribute, value, overwrite);
        if version.kind() == Kind::Destroy {
            self.assign("destroyedAt", ":destroyedAt", overwrite);
            self.assign("destroyReason", ":destroyReason", overwrite);
            self.number(value, version.number());
            self.number(":destroyedAt", version.time().millis());
            self.text(":destroyReason", version.reason());
        } else {
            self.number(value, version.time().millis());
        }
    }

    fn remove(mut self, attribute: &str) -> Self {
        self.text.push_str(" REMOVE ");
        self.text.push_str(attribute);
        self
    }

    fn only_if(self, condition: &str) -> Update {
        Update { expression: self.text, condition: condition.to_owned(), values: self.values }
    }
}
