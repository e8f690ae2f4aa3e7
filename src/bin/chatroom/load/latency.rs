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

    /// Gives the latency that so many percent did not exceed; `None` if there are none.
    pub fn percentile(&self, percent: f64) -> Option<Duration> {
        (!self.0.is_empty()).then(|| Duration::from_micros(self.0.value_at_percentile(percent)))
    }
}

impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, to: S) -> result::Result<S::Ok, S::Error> {
        to.collect_map(PERCENTILES.map(|(name, percent)| {
            (name, self.percentile(percent).map(|latency| latency.as_micros()))
        }))
    }
}

/// Words them for people.
impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percentiles = PERCENTILES.into_iter().filter_map(|(name, percent)| {
            let millis = self.percentile(percent)?.as_secs_f64() * 1000.0;
            Some(format!("{name} {millis:.1} ms"))
        });
        match percentiles.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => f.write_str("nothing was answered"),
            all => f.write_str(&all),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_told_from_each_other_up_to_an_hour() {
        let mut latencies = Latencies::new().unwrap();
        assert_eq!(latencies.percentile(50.0), None);
        let known = [(30.0, 0.002), (60.0, 3.0), (100.0, 3600.0)];
        for (_, seconds) in known {
            latencies.add(Duration::from_secs_f64(seconds));
        }
        for (percent, seconds) in known {
            let told = latencies.percentile(percent).unwrap().as_secs_f64();
            assert!((told / seconds - 1.0).abs() < 0.001, "{told} s instead of {seconds} s");
        }
    }
}
