//! The price of reading: requests, and the read units that DynamoDB says they consumed.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_sdk_dynamodb::types::ConsumedCapacity;
use serde::Serialize;

/// The requests that were made, and what they consumed.
///
/// ```
/// use chatroom_status_sync::table::read::consumed::Consumed;
///
/// let consumed = Consumed { requests: 21, read_units: 457.5 };
/// assert_eq!(consumed.to_string(), "457.5 units in 21 requests");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Consumed {
    /// The number of requests that were answered.
    pub requests: u64,
    /// Their read units: half of one for 4 KB, one if strongly consistent.
    pub read_units: f64,
}

impl fmt::Display for Consumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, read_units } = self;
        let plural = |is_one| if is_one { "" } else { "s" };
        let units = plural((read_units - 1.0).abs() < f64::EPSILON);
        write!(f, "{read_units} unit{units} in {requests} request{}", plural(*requests == 1))
    }
}

/// A sum over all requests of a reader.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Consumed>);

impl Meter {
    /// Adds a request that was answered.
    pub fn count(&self, consumed: &[ConsumedCapacity]) {
        let mut sum = self.lock();
        sum.requests += 1;
        sum.read_units += consumed.iter().filter_map(ConsumedCapacity::capacity_units).sum::<f64>();
    }

    pub fn read(&self) -> Consumed {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Consumed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
