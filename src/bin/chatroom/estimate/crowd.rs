//! A flash crowd: many users who join one room at once.
//!
//! The room's items are one item collection, so one partition takes all the joins until DynamoDB
//! splits it for heat, which takes minutes. A callback that finds it full waits for nothing: it
//! defers its changes and answers. The worker writes them, as fast as the partition takes them.
//! All of this is as if nothing were refused: see the limits.

use chatroom_status_sync::functions::storage::THROTTLED;
use serde::Serialize;

use super::{
    demand::Demand,
    load::{Rates, callback_seconds, write_units},
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlashCrowd {
    /// Functions at once for the callbacks of the crowd and of the average, as if the partition
    /// were full for each of the crowd's.
    pub lambda_concurrency: f64,
    /// Functions that start: callbacks that come before the first is answered find none free.
    pub cold_starts: f64,
    #[serde(skip)]
    pub cold_starts_per_user: f64,
    /// Seconds that one partition needs for all users.
    pub partition_seconds: f64,
    /// Users whose callbacks are answered 200 as well, and whom the worker writes.
    pub deferred_users: f64,
    /// Seconds from the first callback until the table has all users.
    pub right_after_seconds: f64,
}

impl FlashCrowd {
    pub fn of(demand: &Demand) -> Self {
        let (assumed, users) = (&demand.assumed, demand.flash_crowd);
        let [member, _] = write_units(assumed);
        let written = assumed.partition_writes / member;
        let seconds = assumed.flash_seconds;
        let average = Rates::at(demand, demand.events_per_second).lambda_concurrency;
        let warm = callback_seconds(demand) + assumed.deferral_ms / 1000.0;
        let cold = warm.max(assumed.cold_ms / 1000.0);
        // The callbacks that are under way at once if each takes so long, divided by the users.
        let functions_per_user =
            |held: f64| held.min(seconds) / seconds / demand.users_per_callback();
        let cold_starts_per_user = functions_per_user(cold);
        let deferred_users = (users - seconds * written).max(0.0);
        let [first_back, last_back] =
            [THROTTLED.start, THROTTLED.end].map(|time| time.as_secs_f64());
        // The partition is full while the crowd comes, idles until the first deferred come back, and
        // then is full until all of them are written. The last of them come back last.
        let right_after_seconds = if deferred_users > 0.0 {
            (seconds.max(first_back) + deferred_users / written).max(seconds + last_back)
        } else {
            seconds
        };
        Self {
            lambda_concurrency: average + functions_per_user(warm) * users,
            cold_starts: cold_starts_per_user * users,
            cold_starts_per_user,
            partition_seconds: users / written,
            deferred_users,
            right_after_seconds,
        }
    }
}
