//! Requests that the table did not confirm.

use std::{error::Error, fmt};

use crate::aws::error::in_words;

/// The reason why the table did not confirm a request. Whether it took effect is unknown; repeating
/// it is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unconfirmed {
    /// The deadline passed first.
    Late,
    /// The table did not answer within the time of an attempt.
    Silent,
    /// The table, or the item's partition, takes no more at the moment.
    Throttled(String),
    /// The request failed, for the reason that the engine or the connection to it gave.
    Failed(String),
    /// The item expired between two requests: a repeat starts from nothing.
    Vanished,
    /// Other writers changed the item again and again.
    KeepsChanging,
}

impl Unconfirmed {
    pub(super) fn failed(error: &dyn Error) -> Self {
        Self::Failed(in_words(error))
    }

    pub(super) fn throttled(error: &dyn Error) -> Self {
        Self::Throttled(in_words(error))
    }

    pub(super) fn still_full() -> Self {
        Self::Throttled("the partition was full a moment ago".to_owned())
    }

    /// Says whether the partition has no use for more requests now.
    pub const fn is_of_partition(&self) -> bool {
        matches!(self, Self::Silent | Self::Throttled(_))
    }
}

impl fmt::Display for Unconfirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Late | Self::Silent => "the table did not answer in time",
            Self::Throttled(why) | Self::Failed(why) => why,
            Self::Vanished => "the item vanished between two requests",
            Self::KeepsChanging => "the item keeps changing",
        })
    }
}

impl Error for Unconfirmed {}
