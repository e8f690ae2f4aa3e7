//! Numbers that an option takes, and the reasons to refuse one.

use std::{error::Error, fmt, ops::RangeInclusive};

/// Any number that leaves the results finite.
pub const ANY: RangeInclusive<f64> = 0.0..=1e12;
pub const POSITIVE: RangeInclusive<f64> = 0.001..=1e12;
pub const AT_LEAST_ONE: RangeInclusive<f64> = 1.0..=1e12;
pub const PERCENT: RangeInclusive<f64> = 0.0..=100.0;

/// Makes a parser of numbers within limits.
pub fn within(range: RangeInclusive<f64>) -> impl Fn(&str) -> Result<f64, Refusal> + Clone {
    move |text| {
        let number = text.trim().parse().ok().filter(|number| range.contains(number));
        // A minus zero loses its sign.
        number.map(f64::abs).ok_or_else(|| Refusal::NotWithin(range.clone()))
    }
}

/// Reason to refuse a number.
#[derive(Debug)]
pub enum Refusal {
    NotWithin(RangeInclusive<f64>),
    UnknownName,
    PeakBelow { peak: f64, average: f64 },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWithin(range) => {
                write!(f, "no number from {} to {}", range.start(), range.end())
            }
            Self::UnknownName => f.write_str("no assumption in the output has this name"),
            Self::PeakBelow { peak, average } => {
                write!(f, "--peak {peak} is below --events-per-second {average}")
            }
        }
    }
}

impl Error for Refusal {}
