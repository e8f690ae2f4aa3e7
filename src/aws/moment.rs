//! A moment on two clocks.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// A moment on two clocks. A frozen function's own clock may stand still while the world's goes on,
/// and the world's can be set back: something is young only while both say so.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    instant: Instant,
    time: SystemTime,
}

impl Moment {
    /// Reads both clocks.
    pub fn now() -> Self {
        Self { instant: Instant::now(), time: SystemTime::now() }
    }

    /// Says whether less than `age` has passed since, on both clocks.
    pub fn is_younger_than(self, age: Duration) -> bool {
        // An error is a time in the future: the clock was set back.
        self.instant.elapsed() < age && self.time.elapsed().is_ok_and(|passed| passed < age)
    }
}
