//! Collects latencies, and tells their percentiles.

use std::{fmt, result, time::Duration};

use hdrhistogram::Histogram;
use serde::{Serialize, Serializer};

use crate::result::Result;

/// Digits of a latency that are kept.
const DIGITS: u8 = 3;
/// The longest latency that is told from longer ones: an hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;
/// The percentiles that are reported.
const PERCENTILES: [(&str, f64); 5] =
    [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99.9", 99.9), ("max", 100.0)];

/// Latencies, in microseconds.
pub struct Latencies(Histogram<u64>);

impl Latencies {
    pub fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_max(LONGEST, DIGITS)?))
    }

    pub fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST);
        self.0.saturating_record(micros);
    }

    /// Gives the latency that so many percent did not exceed.
    pub fn percentile(&self, percent: f64) -> Duration {
        Duration::from_micros(self.0.value_at_percentile(percent))
    }
}

/// Writes the percentiles by name, `null` if nothing was answered.
impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, to: S) -> result::Result<S::Ok, S::Error> {
        let percentile =
            |percent| (!self.0.is_empty()).then(|| self.0.value_at_percentile(percent));
        to.collect_map(PERCENTILES.map(|(name, percent)| (name, percentile(percent))))
    }
}

/// Words them for people.
impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing was answered");
        }
        let millis = |percent| self.percentile(percent).as_secs_f64() * 1000.0;
        let all = PERCENTILES.map(|(name, percent)| format!("{name} {:.1} ms", millis(percent)));
        f.write_str(&all.join(", "))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_told_from_each_other_up_to_an_hour() {
        let mut latencies = Latencies::new().unwrap();
        let known = [(30.0, 0.002), (60.0, 3.0), (100.0, 3600.0)];
        for (_, seconds) in known {
            latencies.add(Duration::from_secs_f64(seconds));
        }
        for (percent, seconds) in known {
            let told = latencies.percentile(percent).as_secs_f64();
            assert!((told / seconds - 1.0).abs() < 0.001, "{told} s instead of {seconds} s");
        }
    }
}
