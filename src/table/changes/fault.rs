//! The reasons why a request to the stream has no result, and the time for which that is borne.

use std::time::Duration;

use tokio::time::Instant;

use crate::table::read::error::ReadError;

/// The longest pause after an error.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The time after which a stream that does not answer is given up.
const PATIENCE: Duration = Duration::from_mins(1);

/// The reason why a request to the stream has no result.
#[derive(Debug)]
pub enum Fault {
    /// The iterator is too old; the place in the shard is not.
    Expired,
    /// The stream no longer has the records after the place.
    Trimmed,
    /// The stream no longer has the shard, or is no more.
    Gone,
    /// Later the request may succeed.
    Later(ReadError),
    /// The request is refused.
    Refused(ReadError),
}

/// A time without answers.
#[derive(Debug)]
pub struct Trouble {
    pub since: Instant,
    pause: Duration,
}

impl Trouble {
    /// Begins now, and with this pause.
    pub const fn begin(now: Instant, pause: Duration) -> Self {
        Self { since: now, pause }
    }

    /// Tells whether it has lasted too long.
    pub fn is_hopeless(&self, now: Instant) -> bool {
        now - self.since > PATIENCE
    }

    /// Gives the pause before the next attempt: each is twice as long as the one before.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = LONGEST_PAUSE.min(pause * 2);
        pause
    }
}
