//! The feed: the last callbacks, in a memory that does not grow.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::body::Bytes;
use chatroom_status_sync::local::api_gateway::ObservedCallback;

use super::record::CallbackRecord;

/// The most callbacks that are kept.
pub const MOST: usize = 200;
/// The most bytes of bodies that are kept: what a body becomes in memory is some times that.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The last callbacks.
#[derive(Default)]
pub struct Feed(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// The callbacks, the oldest first.
    records: VecDeque<Arc<CallbackRecord>>,
    /// The bytes of their bodies.
    bytes: usize,
    /// The number of all callbacks so far.
    seen: u64,
}

impl Feed {
    /// Adds a callback, and forgets the oldest ones that are too many.
    pub fn add(&self, observed: &ObservedCallback<'_>) -> Arc<CallbackRecord> {
        let mut kept = self.lock();
        kept.seen += 1;
        let record = Arc::new(CallbackRecord::new(kept.seen, observed));
        kept.bytes += kept_bytes(&record);
        kept.records.push_back(record.clone());
        while kept.records.len() > MOST || kept.bytes > MOST_BYTES {
            let Some(oldest) = kept.records.pop_front() else { break };
            kept.bytes -= kept_bytes(&oldest);
        }
        record
    }

    /// Gives the callbacks that are kept, the newest first, and the number of all so far.
    pub fn newest(&self) -> (Vec<Arc<CallbackRecord>>, u64) {
        let kept = self.lock();
        (kept.records.iter().rev().cloned().collect(), kept.seen)
    }

    /// Finds the newest callback of which something is true.
    pub fn find(&self, is_it: impl Fn(&CallbackRecord) -> bool) -> Option<Arc<CallbackRecord>> {
        self.lock().records.iter().rev().find(|record| is_it(record)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kept_bytes(record: &CallbackRecord) -> usize {
    record.body.as_ref().map_or(0, Bytes::len)
}
