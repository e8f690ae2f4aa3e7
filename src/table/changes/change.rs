//! Decides what happened to a member or a room, from its item before and after.

use serde::Serialize;

use crate::{
    domain::time::Timestamp,
    table::{
        Attributes,
        item::{number, text, version},
    },
};

/// Something that happened to a member or a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The time at which it happened, in Unix milliseconds: that of the event. A change that no
    /// event tells, such as an expiry, has the time at which the table took it.
    pub at: Timestamp,
    /// The time at which the table took it, in Unix milliseconds; the stream knows only the second.
    pub recorded_at: Timestamp,
    /// The app's key.
    pub app_key: String,
    /// The room's id.
    pub chat_room_id: String,
    /// The member's id; `None` if this is about the room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The kind. In JSON it is the field `change`, with its details beside it.
    #[serde(flatten)]
    pub kind: ChangeKind,
}

/// A kind of change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum ChangeKind {
    /// The member joined.
    Joined {
        /// True if the item said so already: the join was reported twice with different times, or
        /// the room ended meanwhile and its sweep had not come to this member.
        again: bool,
    },
    /// A leave of the member was reported.
    Left {
        /// The reason, such as `requested` or `banned`.
        reason: String,
        /// True if the member had left already, or had been removed by the room's end.
        again: bool,
    },
    /// The room's end was brought to the member, who had left with it.
    Ended,
    /// The room was created.
    Created {
        /// True if the room was active already, and known to be created.
        again: bool,
    },
    /// Somebody joined a room of which nothing was known; its create may follow.
    Appeared,
    /// Somebody joined after the room's end, so it is active again.
    Revived,
    /// The room ended, and with it every membership from before.
    Destroyed {
        /// The reason, such as `requested` or `auto_destroyed`.
        reason: String,
    },
    /// The item is gone, because its time was over.
    Expired,
    /// The item is gone, because somebody deleted it.
    Deleted,
}

impl ChangeKind {
    /// Gives the name by which JSON calls it, such as `joined`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Joined { .. } => "joined",
            Self::Left { .. } => "left",
            Self::Ended => "ended",
            Self::Created { .. } => "created",
            Self::Appeared => "appeared",
            Self::Revived => "revived",
            Self::Destroyed { .. } => "destroyed",
            Self::Expired => "expired",
            Self::Deleted => "deleted",
        }
    }

    /// Gives the reason that was reported, of a leave or a destroy.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Left { reason, .. } | Self::Destroyed { reason } => Some(reason),
            _ => None,
        }
    }
}

/// The circumstances under which the table took a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// The time.
    pub at: Timestamp,
    /// True if DynamoDB itself deleted the item, because its time was over.
    pub expired: bool,
}

/// Lists what happened between two states of an item; `None` is an item that is not there.
///
/// There is nothing to tell if only times were raised, or what the sweep notes for itself. A room
/// whose end is reported late can come to two changes: it ended, and it is alive again.
pub fn changes(
    old: Option<&Attributes>,
    new: Option<&Attributes>,
    recorded: Recorded,
) -> Vec<Change> {
    let Some(item) = new.or(old) else { return Vec::new() };
    let happened = match (new, text(item, "kind")) {
        (None, Some("member" | "room")) if recorded.expired => {
            vec![(recorded.at, ChangeKind::Expired)]
        }
        (None, Some("member" | "room")) => vec![(recorded.at, ChangeKind::Deleted)],
        (Some(new), Some("member")) => of_member(old, new, recorded.at).into_iter().collect(),
        (Some(new), Some("room")) => of_room(old, new),
        _ => Vec::new(),
    };
    let owned = |name| text(item, name).unwrap_or_default().to_owned();
    let change = |(at, kind)| Change {
        at,
        recorded_at: recorded.at,
        app_key: owned("appKey"),
        chat_room_id: owned("chatRoomId"),
        user_id: text(item, "userId").map(str::to_owned),
        kind,
    };
    happened.into_iter().map(change).collect()
}

fn of_member(
    old: Option<&Attributes>,
    new: &Attributes,
    recorded: Timestamp,
) -> Option<(Timestamp, ChangeKind)> {
    let event = version(new, "version")?;
    let is_news = old.and_then(|old| version(old, "version")) < Some(event);
    let before = old.and_then(|old| text(old, "membership"));
    let membership = text(new, "membership")?;
    let again = before == Some(membership);
    match membership {
        "joined" if is_news => Some((event.time(), ChangeKind::Joined { again })),
        "left" if is_news => {
            let reason = text(new, "reason").unwrap_or_default().to_owned();
            Some((event.time(), ChangeKind::Left { reason, again }))
        }
        // No event about this member: only the sweep writes so.
        "left" if !again => Some((recorded, ChangeKind::Ended)),
        _ => None,
    }
}

fn of_room(old: Option<&Attributes>, new: &Attributes) -> Vec<(Timestamp, ChangeKind)> {
    let none = Attributes::new();
    let old = old.unwrap_or(&none);
    let is_raised = |name| number(old, name) < number(new, name);
    let is_active = |item| text(item, "lifecycle") == Some("active");
    let time = |item, name| number(item, name).and_then(Timestamp::from_millis);

    let mut happened = Vec::new();
    let ended = is_raised("destroyVersion");
    let end = time(new, "destroyedAt");
    if let (true, Some(at)) = (ended, end) {
        let reason = text(new, "destroyReason").unwrap_or_default().to_owned();
        happened.push((at, ChangeKind::Destroyed { reason }));
    }
    if !is_active(new) {
        return happened;
    }
    // A create tells about the life that followed the last end, or it is an old story.
    let created = time(new, "createdAt").filter(|&at| Some(at) > end);
    let was_active = is_active(old) && !ended;
    match (created, version(new, "version")) {
        (Some(at), _) if is_raised("createdAt") => {
            let again = was_active && time(old, "createdAt") > end;
            happened.push((at, ChangeKind::Created { again }));
        }
        (_, Some(event)) if !was_active => {
            let is_known = old.contains_key("lifecycle");
            let kind = if is_known { ChangeKind::Revived } else { ChangeKind::Appeared };
            happened.push((event.time(), kind));
        }
        _ => {}
    }
    happened
}
