//! Limits, and the loads at which they bind.

use serde::Serialize;

use super::{
    crowd::FlashCrowd,
    demand::Demand,
    load::{Rates, write_units},
};

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limit {
    pub name: &'static str,
    pub allowed: f64,
    pub unit: &'static str,
    pub needed: f64,
    /// The load that grows until the limit is met, its unit, and how much of it is expected.
    pub of: &'static str,
    pub of_unit: &'static str,
    pub expected: f64,
    /// The load that needs all that is allowed.
    pub binds_at: f64,
    /// Fate of what is beyond it.
    pub beyond: &'static str,
}

/// A need that grows with a load: what is needed anyhow, and for each of the load.
#[derive(Debug, Clone, Copy)]
struct Line {
    anyhow: f64,
    each: f64,
}

impl Limit {
    pub fn is_exceeded(&self) -> bool {
        self.needed > self.allowed
    }

    /// The part of the way to the limit that the expected load goes: 1 is there.
    fn part(&self) -> f64 {
        if self.expected > 0.0 { self.expected / self.binds_at } else { 0.0 }
    }
}

/// Finds the limit that the expected load is nearest to, or farthest beyond; none without a load.
pub fn first(limits: &[Limit]) -> Option<&Limit> {
    let loaded = limits.iter().filter(|limit| limit.part() > 0.0);
    loaded.max_by(|one, other| one.part().total_cmp(&other.part()))
}

/// Lists all limits, those of the peak first.
pub fn of(demand: &Demand) -> Vec<Limit> {
    const WRITES: &str = "write units/s";
    const REQUESTS: &str = "requests/s";
    const FUNCTIONS: &str = "functions at once";
    let peak = ("peakEventsPerSecond", "events/s", demand.peak_events_per_second());
    let crowd = ("flashCrowdUsers", "users at once", demand.flash_crowd);
    let limit = |load, name, allowed: f64, unit: &'static str, Line { anyhow, each }| {
        let (of, of_unit, expected) = load;
        let needed = anyhow + each * expected;
        let binds_at = ((allowed - anyhow) / each).max(0.0);
        let [deferred, refused] =
            ["deferred; the worker writes it", "refused; the sender tries twice more"];
        let beyond = if unit.starts_with("write") { deferred } else { refused };
        Limit { name, allowed, unit, needed, of, of_unit, expected, binds_at, beyond }
    };
    let only = |each| Line { anyhow: 0.0, each };

    let assumed = &demand.assumed;
    let one = Rates::at(demand, 1.0);
    let share = (demand.busiest_room / 100.0).max(1.0 / assumed.rooms);
    let busiest = only(one.units.table_writes * share);
    let table = only(one.units.table_writes);
    let callbacks = only(one.callbacks_per_second);
    let at_work = only(one.lambda_concurrency);

    let each = FlashCrowd::of(demand).cold_starts_per_user;
    let starts = only(each);
    // A function that starts is at work, and for longer than a warm one.
    let anyhow = one.lambda_concurrency * demand.events_per_second;
    let all_at_work = Line { anyhow, each };
    let seconds = assumed.flash_seconds;
    let [joins, _] = write_units(assumed).map(only);
    let requests = only(1.0 / demand.users_per_callback());

    let functions = assumed.lambda_concurrency;
    let rate = functions * assumed.requests_per_function;
    let in_time = seconds * assumed.partition_writes;
    let scaling = assumed.scaling_starts * (seconds / 10.0).max(1.0);
    let bucket = assumed.api_burst + assumed.api_requests * seconds;
    vec![
        limit(peak, "the busiest room's partition", assumed.partition_writes, WRITES, busiest),
        limit(peak, "a new table's throughput", assumed.new_table_writes, WRITES, table),
        limit(peak, "the table's quota", assumed.table_quota, WRITES, table),
        limit(peak, "Lambda concurrency", functions, FUNCTIONS, at_work),
        limit(peak, "Lambda request rate", rate, REQUESTS, callbacks),
        limit(peak, "API Gateway request rate", assumed.api_requests, REQUESTS, callbacks),
        limit(crowd, "the crowded room's partition", in_time, "write units in time", joins),
        limit(crowd, "Lambda concurrency", functions, FUNCTIONS, all_at_work),
        limit(crowd, "Lambda scaling rate", scaling, "cold starts", starts),
        limit(crowd, "API Gateway burst", bucket, "requests", requests),
    ]
}
