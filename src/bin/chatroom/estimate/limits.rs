//! Which limit binds first, and at which load.

use serde::Serialize;

use super::{
    constants as c, demand::Demand, flash::FlashCrowd, model::Rates, units::UnitsPerChange,
};

/// Beyond this no limit is looked for.
const MOST: f64 = 1e15;

/// What happens to what is beyond a limit.
const REFUSED: &str = "refused; the sender tries twice more";
const DEFERRED: &str = "deferred; the worker writes it";

/// What grows until the limit is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Load {
    /// Joins and leaves per second.
    PeakEventsPerSecond,
    /// Users who join one room at once.
    FlashCrowdUsers,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limit {
    pub name: &'static str,
    /// How much is allowed, and of what.
    pub allowed: f64,
    pub unit: &'static str,
    /// How much of that is needed.
    pub needed: f64,
    pub of: Load,
    /// The load that is expected.
    pub expected: f64,
    /// The load that meets the limit; none if no load does.
    pub binds_at: Option<f64>,
    /// What happens beyond it.
    pub beyond: &'static str,
}

impl Limit {
    fn new(
        name: &'static str,
        (allowed, unit): (f64, &'static str),
        beyond: &'static str,
        (of, expected): (Load, f64),
        needed: &dyn Fn(f64) -> f64,
    ) -> Self {
        Self {
            name,
            allowed,
            unit,
            needed: needed(expected),
            of,
            expected,
            binds_at: least(allowed, needed),
            beyond,
        }
    }

    /// How much of the way to the limit the expected load goes: 1 is there.
    pub fn part(&self) -> f64 {
        match self.binds_at {
            Some(load) if load > 0.0 => self.expected / load,
            Some(_) => f64::INFINITY,
            None => 0.0,
        }
    }

    /// Whether the expected load is beyond it.
    pub fn is_exceeded(&self) -> bool {
        self.needed > self.allowed
    }
}

/// The limit that the expected load is nearest to, or farthest beyond; none without a load.
pub fn first(limits: &[Limit]) -> Option<&Limit> {
    let loaded = limits.iter().filter(|limit| limit.part() > 0.0);
    loaded.max_by(|one, other| one.part().total_cmp(&other.part()))
}

/// All limits, those of the peak first.
pub fn of(demand: &Demand) -> Vec<Limit> {
    let units = UnitsPerChange::of(demand).join.table_writes;
    let busiest = demand.busiest_share() * f64::from(demand.users_per_event) * units;
    let functions = f64::from(demand.lambda_concurrency);
    let invocations = functions * c::REQUESTS_PER_SECOND_AND_CONCURRENCY;
    let seconds = demand.flash_seconds;
    let partition = FlashCrowd::of(demand, 0.0).writing_seconds * c::PARTITION_WRITES_PER_SECOND;
    let scaling = c::SCALING_INSTANCES * (seconds / c::SCALING_SECONDS).max(1.0);
    let bucket = c::API_BURST_REQUESTS + c::API_REQUESTS_PER_SECOND * seconds;
    let peak = |name, allowed, beyond, needed: &dyn Fn(&Rates) -> f64| {
        let expected = (Load::PeakEventsPerSecond, demand.peak_events_per_second());
        Limit::new(name, allowed, beyond, expected, &|events| needed(&Rates::at(demand, events)))
    };
    let flash = |name, allowed, beyond, needed: &dyn Fn(&FlashCrowd) -> f64| {
        let expected = (Load::FlashCrowdUsers, f64::from(demand.flash_crowd));
        Limit::new(name, allowed, beyond, expected, &|users| needed(&FlashCrowd::of(demand, users)))
    };
    let writes = |allowed| (allowed, "write units/s");
    let requests = |allowed| (allowed, "requests/s");
    vec![
        peak(
            "the busiest room's partition",
            writes(c::PARTITION_WRITES_PER_SECOND),
            DEFERRED,
            &|rates| rates.events_per_second * busiest,
        ),
        peak(
            "a new table's throughput",
            writes(c::NEW_TABLE_WRITES_PER_SECOND),
            DEFERRED,
            &|rates| rates.table_writes_per_second,
        ),
        peak("the table's quota", writes(c::TABLE_QUOTA_WRITES_PER_SECOND), DEFERRED, &|rates| {
            rates.table_writes_per_second
        }),
        peak("Lambda concurrency", (functions, "functions at once"), REFUSED, &|rates| {
            rates.lambda_concurrency
        }),
        peak("Lambda request rate", requests(invocations), REFUSED, &|rates| {
            rates.callbacks_per_second
        }),
        peak("API Gateway request rate", requests(c::API_REQUESTS_PER_SECOND), REFUSED, &|rates| {
            rates.callbacks_per_second
        }),
        flash(
            "the crowded room's partition",
            (partition, "write units in time"),
            DEFERRED,
            &|crowd| crowd.table_writes,
        ),
        flash("Lambda concurrency", (functions, "functions at once"), REFUSED, &|crowd| {
            crowd.lambda_concurrency
        }),
        flash("Lambda scaling rate", (scaling, "cold starts"), REFUSED, &|crowd| crowd.cold_starts),
        flash("API Gateway burst", (bucket, "requests"), REFUSED, &|crowd| crowd.callbacks),
    ]
}

/// The least load that needs more than is `allowed`. What is needed never falls as the load grows, so the
/// interval that holds the answer can be halved.
fn least(allowed: f64, needed: &dyn Fn(f64) -> f64) -> Option<f64> {
    if needed(MOST) <= allowed {
        return None;
    }
    let (mut low, mut high) = (0.0, MOST);
    // Until floating point tells the ends apart no more.
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if needed(middle) > allowed {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}
