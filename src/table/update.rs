//! The changes of an item, as DynamoDB expressions. Attribute names avoid the reserved words, so
//! none needs an alias.

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
    /// The values that both refer to; `None` where there are none.
    pub values: Option<Attributes>,
}

/// Writes facts into an item that is older than the newest of them.
///
/// The newest event's own time overwrites: whatever the item records of that kind is older, or the
/// condition would fail. Facts of other kinds are set only where the item records none; [`raise`]
/// does the rest.
pub fn write(key: &Key<'_>, facts: &Facts, retention_seconds: u64) -> Update {
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
    let removed = match newest.kind() {
        Kind::Create | Kind::Join => {
            update.set_text(index_key, ":index", &key.index());
            "expiresAt"
        }
        Kind::Leave => {
            update.set_number("expiresAt", ":expires", expiry(newest.time(), retention_seconds));
            "userKey"
        }
        // The room's item may not vanish before its members know of its end: see [`swept`].
        Kind::Destroy => "roomsKey, expiresAt",
    };
    update.remove(removed).only_if("attribute_not_exists(version) OR version < :version")
}

/// Records facts that an item lacks although it is as new as they are. Each attribute is raised on
/// its own and never lowered.
pub fn raise(lacking: &[Version], newest: Version) -> Update {
    let mut update = Expression::new("");
    let mut condition = "version >= :version".to_owned();
    update.number(":version", newest.number());
    for &version in lacking {
        update.record(version, true);
        let (attribute, placeholder) = recorded_as(version.kind());
        // Writing to a string cannot fail.
        let _ = write!(
            condition,
            " AND (attribute_not_exists({attribute}) OR {attribute} < {placeholder})"
        );
    }
    update.only_if(&condition)
}

/// Ends a membership whose room ended after the `join`. Version and times stay as they are: no
/// event about this member was reported, and a late leave must find what the item knew before.
pub fn end(join: Version, destroy: Version, retention_seconds: u64) -> Update {
    let mut update = Expression::new("membership = :left, reason = :reason");
    update.text(":left", "left");
    update.text(":reason", "room_destroyed");
    update.text(":joined", "joined");
    update.number(":version", join.number());
    update.set_number("expiresAt", ":expires", expiry(destroy.time(), retention_seconds));
    update.remove("userKey").only_if("membership = :joined AND version = :version")
}

/// Lets the item of a destroyed room expire, because all its members know of its end.
pub fn swept(destroy: Version, retention_seconds: u64) -> Update {
    let mut update = Expression::new("");
    update.text(":destroyed", "destroyed");
    update.number(":destroy", destroy.number());
    update.set_number("expiresAt", ":expires", expiry(destroy.time(), retention_seconds));
    update.remove("sweepUntil").only_if("lifecycle = :destroyed AND destroyVersion = :destroy")
}

/// Claims the sweep of a room until a time, so that others leave it alone; fails if somebody else
/// did and that time is not over. A repeat of the same claim succeeds.
pub fn claim(now: Timestamp, until: Timestamp) -> Update {
    let mut update = Expression::new("");
    update.number(":now", now.millis());
    update.set_number("sweepUntil", ":until", until.millis());
    update.only_if(
        "attribute_exists(pk) AND (attribute_not_exists(sweepUntil) OR sweepUntil < :now \
         OR sweepUntil = :until)",
    )
}

/// Gives up the claim on the sweep of a room.
pub fn release() -> Update {
    Update {
        expression: "REMOVE sweepUntil".to_owned(),
        condition: "attribute_exists(sweepUntil)".to_owned(),
        values: None,
    }
}

/// Gives the Unix second at which an item expires. It is counted from the event and not from its
/// arrival, so that a late event keeps no item longer.
///
/// Where a room ended several times, the end counts that ended the membership: to raise the expiry
/// with each later end would write every former member again, for as long as the room is used.
const fn expiry(time: Timestamp, retention_seconds: u64) -> u64 {
    time.seconds() + retention_seconds
}

/// Names the attribute that tells how new an item's record of a kind of event is, and the
/// placeholder of its value.
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

    fn text(&mut self, placeholder: &str, value: &str) {
        self.values.insert(placeholder.to_owned(), AttributeValue::S(value.to_owned()));
    }

    fn number(&mut self, placeholder: &str, value: u64) {
        self.values.insert(placeholder.to_owned(), AttributeValue::N(value.to_string()));
    }

    fn assign(&mut self, attribute: &str, placeholder: &str, overwrite: bool) {
        let comma = if self.text == "SET " { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = if overwrite {
            write!(self.text, "{comma}{attribute} = {placeholder}")
        } else {
            write!(self.text, "{comma}{attribute} = if_not_exists({attribute}, {placeholder})")
        };
    }

    fn set_text(&mut self, attribute: &str, placeholder: &str, value: &str) {
        self.assign(attribute, placeholder, true);
        self.text(placeholder, value);
    }

    fn set_number(&mut self, attribute: &str, placeholder: &str, value: u64) {
        self.assign(attribute, placeholder, true);
        self.number(placeholder, value);
    }

    /// Records what an item keeps of an event: its time; of a destroy, time, reason and version.
    fn record(&mut self, version: Version, overwrite: bool) {
        let (attribute, placeholder) = recorded_as(version.kind());
        self.assign(attribute, placeholder, overwrite);
        if version.kind() == Kind::Destroy {
            self.assign("destroyedAt", ":destroyedAt", overwrite);
            self.assign("destroyReason", ":destroyReason", overwrite);
            self.number(placeholder, version.number());
            self.number(":destroyedAt", version.time().millis());
            self.text(":destroyReason", version.reason());
        } else {
            self.number(placeholder, version.time().millis());
        }
    }

    fn remove(mut self, attribute: &str) -> Self {
        self.text.push_str(" REMOVE ");
        self.text.push_str(attribute);
        self
    }

    fn only_if(self, condition: &str) -> Update {
        Update { expression: self.text, condition: condition.to_owned(), values: Some(self.values) }
    }
}
