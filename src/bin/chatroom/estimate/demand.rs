//! The options: what is expected of a deployment.

use std::{error::Error, fmt, ops::RangeInclusive};

use clap::Args;
use serde::Serialize;

use super::assumptions::{Assumption, Assumptions};

/// Expected load. Every figure is within limits that keep the results finite.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Demand {
    /// Joins and leaves per second, over the month's average; half of them are joins
    #[arg(long, default_value = "100", value_name = "NUMBER", value_parser = within(0.0..=1e12))]
    pub events_per_second: f64,
    /// Joins and leaves per second in the busiest minutes [default: 5 times the average]
    #[arg(long, value_name = "NUMBER", value_parser = within(0.0..=1e12))]
    peak: Option<f64>,
    /// The busiest room's part of all events, in percent; at least an even share
    #[arg(long, default_value = "10", value_name = "PERCENT", value_parser = within(0.0..=100.0))]
    pub busiest_room: f64,
    /// Users who join one room at once
    #[arg(long, default_value = "1000", value_name = "USERS", value_parser = within(0.0..=1e8))]
    pub flash_crowd: f64,
    /// Users that one event names
    #[arg(long, default_value = "1", value_name = "USERS", value_parser = within(1.0..=1e5))]
    pub users_per_event: f64,
    /// Another number for an assumption, as in `id-bytes=64`; may be repeated
    #[arg(long, value_name = "NAME=NUMBER")]
    #[serde(skip)]
    assume: Vec<Assumption>,
    #[arg(skip)]
    #[serde(skip)]
    pub assumed: Assumptions,
}

impl Demand {
    /// Replaces assumptions, and refuses what no single option shows to be wrong.
    pub fn check(mut self) -> Result<Self, DemandError> {
        self.assume.iter().for_each(|assumption| self.assumed.replace(assumption));
        let (peak, average) = (self.peak_events_per_second(), self.events_per_second);
        if peak < average { Err(DemandError::PeakBelow { peak, average }) } else { Ok(self) }
    }

    pub fn peak_events_per_second(&self) -> f64 {
        self.peak.unwrap_or(self.events_per_second * self.assumed.peak_factor)
    }

    /// Changes that a callback brings.
    pub fn users_per_callback(&self) -> f64 {
        self.users_per_event * self.assumed.events_per_callback
    }

    /// The part of the changes, from 0 to 1, that says something new.
    pub fn news(&self) -> f64 {
        1.0 - self.assumed.repeats / 100.0
    }

    /// Joins that say something new, at the average rate.
    pub fn new_joins_per_second(&self) -> f64 {
        self.events_per_second * self.users_per_event * self.news() / 2.0
    }

    /// Rooms that end; as many are created.
    pub fn ends_per_second(&self) -> f64 {
        self.assumed.room_churn / 3600.0
    }
}

/// Makes a parser of numbers within limits.
pub fn within(range: RangeInclusive<f64>) -> impl Fn(&str) -> Result<f64, DemandError> + Clone {
    move |text| {
        let number = text.trim().parse().ok().filter(|number| range.contains(number));
        // A minus zero loses its sign.
        number.map(f64::abs).ok_or_else(|| DemandError::NotWithin(range.clone()))
    }
}

#[derive(Debug)]
pub enum DemandError {
    NotWithin(RangeInclusive<f64>),
    UnknownName,
    PeakBelow { peak: f64, average: f64 },
}

impl fmt::Display for DemandError {
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

impl Error for DemandError {}
