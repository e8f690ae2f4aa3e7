//! The counts of an answer, by name: `applied(1).and(quarantined(2))`.

use chatroom_status_sync::wire::answer::Counts;
use serde_json::Value;

pub fn applied(applied: usize) -> Counts {
    Counts { applied, ..Counts::default() }
}

pub fn stale(stale: usize) -> Counts {
    Counts { stale, ..Counts::default() }
}

pub fn deferred(deferred: usize) -> Counts {
    Counts { deferred, ..Counts::default() }
}

pub fn quarantined(quarantined: usize) -> Counts {
    Counts { quarantined, ..Counts::default() }
}

/// Sums of counts.
pub trait CountsSum {
    /// Adds other counts to these.
    fn and(self, other: Self) -> Self;

    /// The number of changes. An event that is quarantined is no change.
    fn changes(&self) -> usize;
}

impl CountsSum for Counts {
    fn and(self, other: Self) -> Self {
        Self {
            applied: self.applied + other.applied,
            stale: self.stale + other.stale,
            deferred: self.deferred + other.deferred,
            quarantined: self.quarantined + other.quarantined,
        }
    }

    fn changes(&self) -> usize {
        self.applied + self.stale + self.deferred
    }
}

/// The counts of an answer's JSON body, which has all four.
pub fn counts_of(answer: &Value) -> Counts {
    let count = |name: &str| usize::try_from(answer[name].as_u64().unwrap()).unwrap();
    Counts {
        applied: count("applied"),
        stale: count("stale"),
        deferred: count("deferred"),
        quarantined: count("quarantined"),
    }
}
