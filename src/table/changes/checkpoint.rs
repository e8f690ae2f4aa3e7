//! The place up to which a stream was followed.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// The time for which a stream keeps its records.
pub const KEPT: Duration = Duration::from_hours(24);

/// The place up to which a stream was followed. It can be kept as JSON, to go on from it later.
///
/// A shard in which nothing happened since [`Latest`](super::Position::Latest) has a time and no
/// record. If it was followed for less than ten seconds, what happened in it within ten seconds
/// before may be told when it goes on: clocks may differ, and nothing is to be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// The stream's ARN.
    pub stream: String,
    /// The place in each shard that was known, by the shard's id.
    pub shards: BTreeMap<String, ShardPlace>,
}

/// The place up to which a shard was followed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShardPlace {
    /// The last record's sequence number; `None` before the first record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence_number: Option<String>,
    /// The time up to which everything was told, in Unix milliseconds; 0 before the first record.
    #[serde(default)]
    pub time: u64,
    /// True once the shard was followed to its end.
    #[serde(default)]
    pub done: bool,
}

/// A time of which the stream has lost the changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Missed {
    /// The time up to which everything was told; `None` where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The time from which on everything is there.
    pub until: Timestamp,
}

impl Checkpoint {
    /// Gives the time up to which everything was told; `None` where nothing was.
    pub fn time(&self) -> Option<Timestamp> {
        self.shards.values().filter_map(ShardPlace::told_until).max()
    }
}

impl ShardPlace {
    pub(super) fn told_until(&self) -> Option<Timestamp> {
        Timestamp::from_millis(self.time).filter(|_| self.time > 0)
    }

    /// Says whether records after this place are gone from a shard that begins with a record. The
    /// embedded engine forgets records without a word, and then its shard begins later. In AWS a
    /// shard's beginning stays what it was.
    pub(super) fn is_cut_off(&self, first: &str) -> bool {
        let number = |text: &str| text.parse::<u128>().ok();
        let last = self.sequence_number.as_deref().and_then(number);
        last.zip(number(first)).is_some_and(|(last, first)| first > last.saturating_add(1))
    }

    /// Says what is lost now that the stream no longer has what came after this place; `None` if
    /// that is nothing, because the shard was read within the time for which it keeps records.
    pub(super) fn missed(&self, now: Timestamp) -> Option<Missed> {
        let from = self.told_until();
        let kept = u64::try_from(KEPT.as_millis()).unwrap_or(u64::MAX);
        let until = Timestamp::from_millis(now.millis().saturating_sub(kept))?;
        (from < Some(until)).then_some(Missed { from, until })
    }
}

/// Words the loss, with both times in Unix milliseconds.
impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from {
            Some(from) => write!(f, "the changes between {from} and {} are lost", self.until),
            None => write!(f, "the changes before {} are lost", self.until),
        }
    }
}
