//! Unix milliseconds, the only clock that sender, receiver and table share.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

/// A point in time in Unix milliseconds, at most 13 decimal digits (until the year 2286).
///
/// The bound is what makes arithmetic on it safe: a [`Version`](crate::domain::event::Version) is
/// this times a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The latest time: 9,999,999,999,999.
    pub const MAX: Self = Self(9_999_999_999_999);

    /// Accepts up to 13 digits of Unix milliseconds; `None` above [`Timestamp::MAX`].
    pub const fn from_millis(millis: u64) -> Option<Self> {
        if millis <= Self::MAX.0 { Some(Self(millis)) } else { None }
    }

    /// Gives Unix milliseconds.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Gives Unix seconds, rounded down.
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Gives the time that is `later` by so much; [`Timestamp::MAX`] at the most.
    pub fn after(self, later: Duration) -> Self {
        let later = u64::try_from(later.as_millis()).unwrap_or(u64::MAX);
        Self::from_millis(self.0.saturating_add(later)).unwrap_or(Self::MAX)
    }

    /// Measures the time from `earlier` to this; zero if this is not later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Converts the time of a system's clock. One out of range becomes the nearest [`Timestamp`].
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since_epoch.as_millis()).ok().and_then(Self::from_millis).unwrap_or(Self::MAX)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
