//! The outcome of a message, and its line in the log.

use std::{error::Error, fmt, time::Duration};

use crate::{
    aws::queue::QueueError,
    functions::{
        log::{EventCounts, Level, LogLine},
        storage::StorageError,
    },
    table::unconfirmed::Unconfirmed,
    wire::{answer::Counts, deferred::DeferredError},
};

/// The subject of a message, as far as it could be read.
#[derive(Default)]
pub(super) struct About {
    pub app_key: Option<String>,
    pub room: Option<String>,
    pub events: Option<EventCounts>,
}

/// A message that is done.
pub(super) enum Handled {
    Saved(Counts),
    Swept {
        ended: usize,
    },
    /// The rest of the sweep is queued.
    SweptInPart {
        ended: usize,
        why: Option<Unconfirmed>,
    },
    /// Another worker is sweeping the room. The sweep is queued again.
    SweptElsewhere,
}

/// A message that is not done.
#[derive(Debug)]
pub(super) enum MessageError {
    Unreadable(DeferredError),
    NoEvents,
    Late,
    Unsaved(StorageError),
    Unswept(Unconfirmed),
    RestNotQueued(QueueError),
}

impl MessageError {
    /// Says whether the message will never be understood.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::NoEvents)
    }
}

/// Words the line of a message.
pub(super) fn log_line(
    id: &str,
    about: About,
    result: Result<Handled, MessageError>,
    duration: Duration,
) -> LogLine {
    let (level, message) = match &result {
        Ok(Handled::Saved(_)) => (Level::Info, "deferred events stored"),
        Ok(Handled::Swept { .. }) => (Level::Info, "room swept"),
        Ok(Handled::SweptInPart { .. }) => (Level::Info, "room swept in part, the rest is queued"),
        Ok(Handled::SweptElsewhere) => {
            (Level::Info, "another worker is sweeping the room, the sweep is queued again")
        }
        Err(why) if why.is_final() => {
            (Level::Error, "message not understood, the queue will move it to the dead letters")
        }
        Err(_) => (Level::Error, "message not done, the queue will bring it again"),
    };
    let About { app_key, room, events } = about;
    let line = LogLine { app_key, room, events, ..LogLine::new(level, message, id, duration) };
    match result {
        Ok(Handled::Saved(counts)) => LogLine { counts: Some(counts), ..line },
        Ok(Handled::Swept { ended }) => LogLine { swept: Some(ended), ..line },
        Ok(Handled::SweptInPart { ended, why }) => {
            LogLine { swept: Some(ended), error: why.map(|why| why.to_string()), ..line }
        }
        Ok(Handled::SweptElsewhere) => line,
        Err(why) => LogLine { error: Some(why.to_string()), ..line },
    }
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => why.fmt(f),
            Self::NoEvents => f.write_str("its events are no JSON array or object"),
            Self::Late => f.write_str("there was no time left"),
            Self::Unsaved(why) => why.fmt(f),
            Self::Unswept(why) => why.fmt(f),
            Self::RestNotQueued(why) => why.fmt(f),
        }
    }
}

impl Error for MessageError {}
