//! `chatroom estimate`: what a load needs and costs in AWS, before anything is deployed.
//!
//! * [`demand`], [`assumptions`], [`number`]: the options, every number that is no option, and
//!   which numbers are refused.
//! * [`load`] and [`crowd`]: needs of an ordinary second, and of a flash crowd.
//! * [`limits`] and [`cost`]: the load at which each limit binds, and a month's bill.
//! * [`report`]: all of it as tables.

mod assumptions;
mod cost;
mod crowd;
mod demand;
mod limits;
mod load;
mod number;
mod report;

use clap::Args;
use serde_json::{Value, json};

use crate::{print, result::Result};
use cost::Cost;
use crowd::FlashCrowd;
use demand::Demand;
use load::{Rates, Stored};

/// Help on prices and sources.
const PRICES: &str = "Prices are list prices of us-east-1 in US dollars, on demand, without free \
    tiers, as of November 2026. Every number is printed with its source: `read` there, `quoted` \
    where only others quote it (compare it before you rely on it), the `template`'s default, or \
    `assumed` (measure it). Nothing is asked of AWS.

Examples:
  chatroom estimate --events-per-second 500 --flash-crowd 20000
  chatroom estimate --events-per-second 500 --assume rooms=2000 --json";

#[derive(Args)]
#[command(after_help = PRICES, allow_negative_numbers = true)]
pub struct Options {
    #[command(flatten)]
    demand: Demand,
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
}

impl Options {
    pub fn run(self) -> Result {
        let demand = self.demand.check()?;
        if self.json { print::json(&estimate(&demand)) } else { report::print(&demand) }
    }
}

/// Collects everything that follows from a demand.
fn estimate(demand: &Demand) -> Value {
    let limits = limits::of(demand);
    json!({
        "demand": demand,
        "assumptions": demand.assumed.list(),
        "unitsPerChange": load::units_per_change(&demand.assumed),
        "stored": Stored::of(demand),
        "average": Rates::at(demand, demand.events_per_second),
        "peak": Rates::at(demand, demand.peak_events_per_second()),
        "flashCrowd": FlashCrowd::of(demand),
        "warmThroughput": load::warm_throughput(demand),
        "limits": limits,
        "bindsFirst": limits::first(&limits),
        "cost": Cost::of(demand),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        demand: Demand,
    }

    #[test]
    fn no_figure_is_negative_or_infinite_whatever_is_expected() {
        let edges = [
            ["--events-per-second=0", "--events-per-second=1e12"],
            ["--busiest-room=0", "--busiest-room=100"],
            ["--flash-crowd=0", "--flash-crowd=1e12"],
            ["--users-per-event=1", "--users-per-event=1e12"],
            ["--assume=rooms=1", "--assume=rooms=1e12"],
            ["--assume=flash-seconds=0.001", "--assume=flash-seconds=1e12"],
            ["--assume=repeats=0", "--assume=repeats=100"],
            ["--assume=id-bytes=1", "--assume=id-bytes=256"],
            ["--assume=cold-ms=1", "--assume=cold-ms=1e12"],
            ["--assume=lambda-concurrency=1", "--assume=lambda-concurrency=1e12"],
        ];
        for choice in 0..1_usize << edges.len() {
            let ends = edges.iter().enumerate().map(|(at, ends)| ends[choice >> at & 1]);
            let options: Vec<_> = std::iter::once("estimate").chain(ends).collect();
            let demand = Cli::try_parse_from(&options).unwrap().demand.check().unwrap();
            let mut json = estimate(&demand).to_string();
            // A figure that is not finite is written as null, as are those that may be absent.
            for absent in ["peak", "bindsFirst", "usdPerMillionEvents"] {
                json = json.replace(&format!("\"{absent}\":null"), "");
            }
            assert!(json.matches(':').count() > 100, "{options:?}: {json}");
            assert!(!json.contains("null") && !json.contains(":-"), "{options:?}: {json}");
        }
    }
}
