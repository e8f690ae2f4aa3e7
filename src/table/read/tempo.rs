//! The tempo of a reader of one partition, which takes 3,000 read units in a second and no more.
//!
//! Whoever reads a large room to its end as fast as the answers come is throttled, and so is everybody
//! else who looks at the room meanwhile. So a long read takes half of what the partition has; a short
//! one is over before that matters.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The read units that may be consumed at once: those of a room of some tens of thousands.
const BURST: f64 = 3000.0;
/// The read units that may be consumed in a second from then on.
const A_SECOND: f64 = 1500.0;

/// The units that were consumed since a read began.
#[derive(Debug)]
pub(super) struct Tempo {
    begun: Instant,
    units: f64,
}

impl Tempo {
    pub fn begin() -> Self {
        Self { begun: Instant::now(), units: 0.0 }
    }

    /// Notes what a page has consumed, where the answer says so.
    pub fn note(&mut self, units: Option<f64>) {
        self.units += units.unwrap_or_default();
    }

    /// Waits until the next page may be asked for.
    pub async fn wait(&self) {
        let ahead = (self.units - BURST).max(0.0) / A_SECOND;
        sleep_until(self.begun + Duration::from_secs_f64(ahead)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_long_read_takes_half_of_a_partition_after_a_burst() {
        let mut tempo = Tempo::begin();
        tempo.note(Some(BURST));
        tempo.wait().await;
        assert_eq!(tempo.begun.elapsed(), Duration::ZERO);
        tempo.note(Some(4500.0));
        tempo.wait().await;
        assert_eq!(tempo.begun.elapsed().as_secs(), 3);
    }
}
