//! Which room something happens in: few are popular, most are not.

use fastrand::Rng;

/// The weight of the most popular room. The others' follow Zipf's law: the second has half of it,
/// the third a third.
const MOST: u64 = 1_000_000_000;

/// How popular the rooms are, the first the most.
pub struct Popularity {
    /// Each room's weight and that of all before it.
    sums: Vec<u64>,
}

impl Popularity {
    /// The popularity of this many rooms.
    pub fn of(rooms: u32) -> Self {
        let weights = (1..=u64::from(rooms)).map(|rank| MOST / rank);
        let sums = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { sums: sums.collect() }
    }

    /// A room, by its number.
    pub fn pick(&self, random: &mut Rng) -> usize {
        let all = self.sums.last().copied().unwrap_or(1);
        let point = random.u64(0..all);
        self.sums.partition_point(|&sum| sum <= point)
    }
}
