//! `chatroom estimate`: what a load needs and costs in AWS, before anything is deployed.
//!
//! * [`demand`]: what is expected.
//! * [`constants`]: what AWS charges and allows, with sources.
//! * [`units`]: what one change costs, and what is stored.
//! * [`model`]: what happens every second.
//! * [`flash`]: when everybody joins one room at once.
//! * [`limits`]: what binds first.
//! * [`cost`]: what a month costs.
//! * [`report`] and [`numbers`]: all of it as tables.

mod constants;
mod cost;
mod demand;
mod flash;
mod limits;
mod model;
mod numbers;
mod report;
#[cfg(test)]
mod tests;
mod units;

use clap::Args;
use serde::Serialize;

use crate::{Result, print};
use constants as c;
use cost::Cost;
use demand::Demand;
use flash::FlashCrowd;
use limits::Limit;
use model::Rates;
use units::{Stored, UnitsPerChange};

/// Whose prices, for the help.
const PRICES: &str = "List prices of us-east-1 in US dollars, on demand, without free tiers; a \
    month has 730 hours. Sources stand in src/bin/chatroom/estimate/constants.rs. Nothing is asked \
    of AWS.";

#[derive(Args)]
#[command(after_help = PRICES, allow_negative_numbers = true)]
pub struct Options {
    #[command(flatten)]
    demand: Demand,
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
}

/// Everything that follows from a demand.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Estimate {
    demand: Demand,
    units_per_change: UnitsPerChange,
    stored: Stored,
    average: Rates,
    peak: Rates,
    flash_crowd: FlashCrowd,
    warm_throughput: WarmThroughput,
    limits: Vec<Limit>,
    /// The one of them that binds first; none without any load.
    binds_first: Option<Limit>,
    cost: Cost,
}

/// What the table and its index by-user should take at once, so that the peak is not throttled: in
/// units per second, and no less than a new table takes anyhow.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WarmThroughput {
    table_writes: f64,
    table_reads: f64,
    by_user_writes: f64,
}

impl Options {
    pub fn run(self) -> Result {
        let estimate = Estimate::of(self.demand.check()?);
        if self.json {
            return print::json(&estimate);
        }
        estimate.print();
        Ok(())
    }
}

impl Estimate {
    fn of(demand: Demand) -> Self {
        let peak = Rates::at(&demand, demand.peak_events_per_second());
        let limits = limits::of(&demand);
        Self {
            units_per_change: UnitsPerChange::of(&demand),
            stored: Stored::of(&demand),
            average: Rates::at(&demand, demand.events_per_second),
            flash_crowd: FlashCrowd::of(&demand, f64::from(demand.flash_crowd)),
            warm_throughput: WarmThroughput {
                table_writes: warm(peak.table_writes_per_second, c::NEW_TABLE_WRITES_PER_SECOND),
                table_reads: warm(peak.reads_per_second, c::NEW_TABLE_READS_PER_SECOND),
                by_user_writes: warm(
                    peak.by_user_writes_per_second,
                    c::NEW_TABLE_WRITES_PER_SECOND,
                ),
            },
            binds_first: limits::first(&limits).cloned(),
            limits,
            cost: Cost::of(&demand),
            peak,
            demand,
        }
    }
}

fn warm(needed: f64, new: f64) -> f64 {
    needed.ceil().max(new)
}
