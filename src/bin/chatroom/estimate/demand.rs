//! The options: what is expected of a deployment.

use clap::Args;
use serde::Serialize;

use super::{
    assumptions::{Assumption, Assumptions},
    number::{ANY, AT_LEAST_ONE, PERCENT, Refusal, within},
};

/// Expected load.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Demand {
    /// Joins and leaves per second, over the month's average; half of them are joins
    #[arg(long, default_value = "100", value_name = "NUMBER", value_parser = within(ANY))]
    pub events_per_second: f64,
    /// Joins and leaves per second in the busiest minutes [default: 5 times the average]
    #[arg(long, value_name = "NUMBER", value_parser = within(ANY))]
    peak: Option<f64>,
    /// The busiest room's part of all events, in percent; at least an even share
    #[arg(long, default_value = "10", value_name = "PERCENT", value_parser = within(PERCENT))]
    pub busiest_room: f64,
    /// Users who join one room at once
    #[arg(long, default_value = "1000", value_name = "USERS", value_parser = within(ANY))]
    pub flash_crowd: f64,
    /// Users that one event names
    #[arg(long, default_value = "1", value_name = "USERS", value_parser = within(AT_LEAST_ONE))]
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
    pub fn check(mut self) -> Result<Self, Refusal> {
        self.assume.iter().for_each(|assumption| self.assumed.replace(assumption));
        let (peak, average) = (self.peak_events_per_second(), self.events_per_second);
        if peak < average { Err(Refusal::PeakBelow { peak, average }) } else { Ok(self) }
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
}
