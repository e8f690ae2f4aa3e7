//! Token buckets: a rate of writes for each partition, and a reserve for bursts.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

/// The writes that each partition key value allows.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// The writes per second, for ever.
    pub rate: f64,
    /// The writes that a partition which was idle for long enough allows at once.
    pub burst: f64,
}

/// The buckets of all partitions. Each is full when it is first used.
#[derive(Debug)]
pub struct Buckets {
    allowance: Allowance,
    buckets: HashMap<String, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Buckets {
    pub fn new(allowance: Allowance) -> Self {
        Self { allowance, buckets: HashMap::new() }
    }

    /// Takes a token of a partition at `now`; gives false if there is none.
    pub fn take(&mut self, partition: &str, now: Instant) -> bool {
        let Allowance { rate, burst } = self.allowance;
        // Most requests find their bucket, and need no key of their own.
        if !self.buckets.contains_key(partition) {
            self.buckets.insert(partition.to_owned(), Bucket { tokens: burst, filled: now });
        }
        let Some(bucket) = self.buckets.get_mut(partition) else {
            return false;
        };
        bucket.fill(rate, burst, now);
        let is_granted = bucket.tokens >= 1.0;
        if is_granted {
            bucket.tokens -= 1.0;
        }
        is_granted
    }
}

impl Bucket {
    fn fill(&mut self, rate: f64, burst: f64, now: Instant) {
        let since: Duration = now.saturating_duration_since(self.filled);
        self.tokens = (self.tokens + rate * since.as_secs_f64()).min(burst);
        self.filled = self.filled.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_allows_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let mut buckets = Buckets::new(Allowance { rate: 10.0, burst: 3.0 });
        let mut granted = |millis| {
            let now = start + Duration::from_millis(millis);
            (0..10).filter(|_| buckets.take("room", now)).count()
        };
        assert_eq!([0, 50, 100, 350, 9000].map(&mut granted), [3, 0, 1, 2, 3]);
    }

    #[test]
    fn partitions_do_not_share_their_tokens() {
        let (now, mut buckets) =
            (Instant::now(), Buckets::new(Allowance { rate: 1.0, burst: 1.0 }));
        assert!(buckets.take("one", now) && buckets.take("other", now));
        assert!(!buckets.take("one", now));
    }
}
