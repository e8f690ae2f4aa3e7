//! A flash crowd: many users who join one room at once.
//!
//! The room's items are one item collection, so one partition takes all the joins until DynamoDB
//! splits it for heat, which takes minutes. Callbacks wait for it until the budget is over, and a
//! callback that waits holds a function. All of this is as if nothing were refused: see the limits.

use serde::Serialize;

use super::{
    demand::Demand,
    load::{Rates, callback_seconds, write_units},
};

/// A need that grows with a load: what is needed anyhow, and for each of the load.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub anyhow: f64,
    pub each: f64,
}

impl Line {
    pub fn at(self, load: f64) -> f64 {
        self.anyhow + self.each * load
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlashCrowd {
    /// Functions on top of the average's: the first callbacks find none that is free.
    pub cold_starts: f64,
    pub lambda_concurrency: f64,
    /// Seconds that one partition needs, and those that the last deadline leaves it.
    pub partition_seconds: f64,
    pub writing_seconds: f64,
    /// Users whose callbacks are answered 200 as well, and whom the worker writes.
    pub deferred_users: f64,
    /// Cold starts by users: the larger of two lines.
    #[serde(skip)]
    pub cold_start_lines: [Line; 2],
}

impl FlashCrowd {
    pub fn of(demand: &Demand) -> Self {
        let (assumed, users) = (&demand.assumed, demand.flash_crowd);
        let [member, _] = write_units(assumed);
        let written = assumed.partition_writes / member;
        let (seconds, budget) = (assumed.flash_seconds, assumed.budget_ms / 1000.0);
        let answered = (assumed.cold_ms / 1000.0).max(callback_seconds(demand)).min(budget);
        let writing_seconds = seconds + budget - answered;
        // Every callback that comes before the first is answered starts a function; after that,
        // until crowd or budget ends, so many do as come faster than the partition writes.
        let starting = answered.min(seconds);
        let queueing = (seconds.min(budget) - answered).max(0.0);
        let callback = 1.0 / demand.users_per_callback();
        let cold_start_lines = [
            Line { anyhow: 0.0, each: callback * starting / seconds },
            Line {
                anyhow: callback * -written * queueing,
                each: callback * (starting + queueing) / seconds,
            },
        ];
        let average = Rates::at(demand, demand.events_per_second).lambda_concurrency;
        let [all, waiting] = cold_start_lines.map(|line| line.at(users));
        let cold_starts = all.max(waiting);
        Self {
            cold_starts,
            lambda_concurrency: average + cold_starts,
            partition_seconds: users / written,
            writing_seconds,
            deferred_users: (users - writing_seconds * written).max(0.0),
            cold_start_lines,
        }
    }
}
