//! Counts of the requests that went through.

use std::collections::{BTreeMap, HashMap};

use tokio::time::Instant;

/// The requests so far.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// The number of requests by operation, throttled ones included.
    pub requests: BTreeMap<String, u64>,
    /// The writes that a partition allowed.
    pub granted: u64,
    /// The writes that a partition did not allow.
    pub throttled: u64,
    /// The granted writes that changed an item: those that the engine answered with 200.
    pub changed: u64,
    /// The granted and throttled writes of each second, from the first write on.
    pub seconds: Vec<Second>,
    /// The granted writes by caller: by the access key that signed.
    pub granted_by: HashMap<String, u64>,
    first_write: Option<Instant>,
}

/// The writes of one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Second {
    /// The writes that a partition allowed.
    pub granted: u64,
    /// The writes that a partition did not allow.
    pub throttled: u64,
}

impl Counts {
    /// Gives the number of all requests.
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    pub(super) fn note_request(&mut self, operation: &str) {
        *self.requests.entry(operation.to_owned()).or_default() += 1;
    }

    /// Notes a write that came at `now`.
    pub(super) fn note_write(&mut self, is_granted: bool, caller: &str, now: Instant) {
        let since = now.saturating_duration_since(*self.first_write.get_or_insert(now));
        let index = usize::try_from(since.as_secs()).unwrap_or(usize::MAX);
        if self.seconds.len() <= index {
            self.seconds.resize(index + 1, Second::default());
        }
        let second = &mut self.seconds[index];
        if is_granted {
            self.granted += 1;
            second.granted += 1;
            *self.granted_by.entry(caller.to_owned()).or_default() += 1;
        } else {
            self.throttled += 1;
            second.throttled += 1;
        }
    }
}
