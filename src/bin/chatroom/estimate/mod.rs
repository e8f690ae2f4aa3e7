//! `chatroom estimate`: what a load needs and costs in AWS, before anything is deployed.
//!
//! * [`demand`] and [`assumptions`]: the options, and every number that is no option.
//! * [`load`] and [`crowd`]: needs of an ordinary second, and of a flash crowd.
//! * [`limits`] and [`cost`]: the load at which each limit binds, and a month's bill.
//! * [`report`]: all of it as tables.

mod assumptions;
mod cost;
mod crowd;
mod demand;
mod limits;
mod load;
mod report;
#[cfg(test)]
mod tests;

use clap::Args;
use serde::Serialize;

use crate::{print, result::Result};
use assumptions::Assumption;
use cost::Cost;
use crowd::FlashCrowd;
use demand::Demand;
use limits::Limit;
use load::{Rates, Stored, UnitsPerChange, WarmThroughput};

/// Help on prices and sources.
const PRICES: &str = "Prices are list prices of us-east-1 in US dollars, on demand, without free \
    tiers, as of November 2026. Every number is printed with its source: `read` there, `quoted` \
    where only others quote it (compare it before you rely on it), or `assumed` (measure it). \
    Nothing is asked of AWS.";

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
    assumptions: Vec<Assumption>,
    units_per_change: UnitsPerChange,
    stored: Stored,
    average: Rates,
    peak: Rates,
    flash_crowd: FlashCrowd,
    warm_throughput: WarmThroughput,
    limits: Vec<Limit>,
    /// The limit that binds first; none without any load.
    binds_first: Option<Limit>,
    cost: Cost,
}

impl Options {
    pub fn run(self) -> Result {
        let estimate = Estimate::of(self.demand.check()?);
        if self.json { print::json(&estimate) } else { estimate.print() }
    }
}

impl Estimate {
    fn of(demand: Demand) -> Self {
        let stored = Stored::of(&demand);
        let average = Rates::at(&demand, demand.events_per_second);
        let peak = Rates::at(&demand, demand.peak_events_per_second());
        let limits = limits::of(&demand);
        Self {
            assumptions: demand.assumed.list(),
            units_per_change: UnitsPerChange::of(&demand.assumed),
            flash_crowd: FlashCrowd::of(&demand, demand.flash_crowd),
            warm_throughput: WarmThroughput::of(&demand.assumed, &peak),
            binds_first: limits::first(&limits).cloned(),
            limits,
            cost: Cost::of(&demand, &stored, &average),
            stored,
            average,
            peak,
            demand,
        }
    }
}
