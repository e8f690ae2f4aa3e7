//! Patience with the table: the number of attempts at a request, and the time that each may take.
//!
//! Both depend on how the table has answered lately:
//!
//! * A callback holds a function while it waits, and an account has only so many. After a time-out,
//!   requests are tried once and briefly, until the table answers again.
//! * The worker has time. After a time-out it waits longer and longer for an answer, so that even a
//!   very slow table makes progress.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::aws::moment::Moment;

/// The number of attempts at a request, the first included.
const ATTEMPTS: u32 = 3;
/// The limit for an attempt of a callback while the table is known to be silent.
const BRIEF: Duration = Duration::from_millis(300);
/// The time for which a silent table is not given more than that.
const SILENT: Duration = Duration::from_secs(10);
/// The longest limit for an attempt of the worker.
const LONGEST: Duration = Duration::from_secs(8);

/// The patience of a function with the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// A sender waits for the answer, and what is not written at once can be deferred.
    Brief,
    /// Nobody waits: requests are paced, and get as much time as they need.
    Patient,
}

/// The experience of a process with the table's answers.
#[derive(Debug)]
pub(super) struct Patience {
    /// The limit for an attempt as long as the table answers.
    usual: Duration,
    seen: Mutex<Experience>,
}

#[derive(Debug)]
struct Experience {
    /// The time of the first time-out since the last answer.
    silent_since: Option<Moment>,
    /// The worker's limit.
    patient_limit: Duration,
}

impl Patience {
    pub const fn new(usual: Duration) -> Self {
        let seen = Experience { silent_since: None, patient_limit: usual };
        Self { usual, seen: Mutex::new(seen) }
    }

    /// Gives the number of attempts at a request that begins now.
    pub fn attempts(&self, effort: Effort) -> u32 {
        if effort == Effort::Brief && self.seen().is_silent() { 1 } else { ATTEMPTS }
    }

    /// Gives the limit for an attempt that begins now.
    pub fn limit(&self, effort: Effort) -> Duration {
        let seen = self.seen();
        match effort {
            Effort::Patient => seen.patient_limit,
            Effort::Brief if seen.is_silent() => BRIEF.min(self.usual),
            Effort::Brief => self.usual,
        }
    }

    /// Notes that an attempt was answered after so much time.
    pub fn answered(&self, time: Duration) {
        let mut seen = self.seen();
        seen.silent_since = None;
        // One quick answer does not make a slow table fast.
        let limit = (time * 2).max(seen.patient_limit.mul_f32(0.9)).min(LONGEST);
        seen.patient_limit = limit.max(self.usual);
    }

    /// Notes that an attempt was not answered within its `limit`.
    pub fn timed_out(&self, limit: Duration) {
        let mut seen = self.seen();
        if !seen.is_silent() {
            seen.silent_since = Some(Moment::now());
        }
        let longer = (limit * 2).min(LONGEST);
        seen.patient_limit = seen.patient_limit.max(longer);
    }

    fn seen(&self) -> MutexGuard<'_, Experience> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Experience {
    fn is_silent(&self) -> bool {
        self.silent_since.is_some_and(|since| since.is_younger_than(SILENT))
    }
}
