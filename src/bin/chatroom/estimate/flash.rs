//! A flash crowd: many users who join one room at once.
//!
//! The room's items are one item collection, so one partition takes all the joins until DynamoDB
//! splits it for heat, which takes minutes. Callbacks wait for it until the budget is over, and a
//! callback that waits holds a function. The index by-user spreads over its users and is no limit.
//! All of this is as if nothing were refused: see the limits.

use serde::Serialize;

use super::{
    constants as c,
    demand::Demand,
    model::{Rates, callback_seconds},
    units::UnitsPerChange,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlashCrowd {
    pub users: f64,
    /// In how many seconds they come.
    pub seconds: f64,
    pub callbacks: f64,
    /// Functions that it needs at once, on top of those for the average. All of them start cold:
    /// the first callbacks find no function that is free.
    pub cold_starts: f64,
    /// Functions at work at once, the average's among them.
    pub lambda_concurrency: f64,
    /// Write units of the room's partition.
    pub table_writes: f64,
    /// Seconds that one partition needs for them.
    pub partition_seconds: f64,
    /// Seconds that it has for them: from the first function's start to the last deadline.
    pub writing_seconds: f64,
    /// Users who are in the table before their callback's budget is over.
    pub in_time_users: f64,
    /// The others: their callbacks are answered 200 as well, and the worker writes them.
    pub deferred_users: f64,
}

impl FlashCrowd {
    pub fn of(demand: &Demand, users: f64) -> Self {
        let units = UnitsPerChange::of(demand).join.table_writes;
        let callbacks = (users / demand.changes_per_callback()).ceil();
        let (seconds, budget) = (demand.flash_seconds, f64::from(demand.budget_ms) / 1000.0);
        let first = f64::from(demand.cold_ms) / 1000.0;
        let first = first.max(callback_seconds(demand)).min(budget);

        let writing_seconds = seconds + budget - first;
        let table_writes = users * units;
        let in_time = table_writes.min(writing_seconds * c::PARTITION_WRITES_PER_SECOND);
        let deferred_users = (table_writes - in_time) / units;

        // Under way at once: what came before the first was answered, and then what came in faster
        // than the partition wrote it, until crowd or budget ends.
        let per_second = callbacks / seconds;
        let written_per_second =
            c::PARTITION_WRITES_PER_SECOND / (units * demand.changes_per_callback());
        let waiting = (per_second - written_per_second).max(0.0);
        let cold_starts =
            per_second * first.min(seconds) + waiting * (budget.min(seconds) - first).max(0.0);
        let average = Rates::at(demand, demand.events_per_second);
        Self {
            users,
            seconds,
            callbacks,
            cold_starts: cold_starts.ceil(),
            lambda_concurrency: average.lambda_concurrency + cold_starts,
            table_writes,
            writing_seconds,
            partition_seconds: table_writes / c::PARTITION_WRITES_PER_SECOND,
            in_time_users: users - deferred_users,
            deferred_users,
        }
    }
}
