//! What a month costs at the average rate.
//!
//! Left out: free tiers, data transfer (an answer has some 300 bytes), stored logs (a hundredth of
//! what taking them in costs), who reads the table or its stream, and a flash crowd's extra starts.

use chatroom_status_sync::{
    functions::log::{Level, LogLine},
    wire::answer::Counts,
};
use serde::Serialize;

use super::{
    constants as c,
    demand::{Architecture, Demand},
    model::{Rates, at_once, callback_seconds},
    units::Stored,
};

/// Requests of one message: sent, received, deleted.
const REQUESTS_PER_MESSAGE: f64 = 3.0;
/// The template's alarms.
const ALARMS: f64 = 3.0;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    pub items: Vec<Item>,
    /// US dollars per month.
    pub usd_per_month: f64,
    /// None without events.
    pub usd_per_million_events: Option<f64>,
}

/// One line of the bill.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub name: &'static str,
    /// How much in a month, and of what.
    pub amount: f64,
    pub unit: &'static str,
    /// The price in US dollars, and of how much.
    pub price_usd: f64,
    pub price_per: f64,
    pub usd_per_month: f64,
}

impl Item {
    fn new(
        name: &'static str,
        (amount, unit): (f64, &'static str),
        (price_usd, price_per): (f64, f64),
    ) -> Self {
        Self {
            name,
            amount,
            unit,
            price_usd,
            price_per,
            usd_per_month: amount / price_per * price_usd,
        }
    }
}

impl Cost {
    pub fn of(demand: &Demand) -> Self {
        let average = Rates::at(demand, demand.events_per_second);
        let peak = Rates::at(demand, demand.peak_events_per_second());
        let stored = Stored::of(demand);
        let month_seconds = c::HOURS_PER_MONTH * 3600.0;
        let per_month = |per_second: f64| per_second * month_seconds;
        let per_million = |usd| (usd, 1e6);

        let writes = average.table_writes_per_second
            + average.by_user_writes_per_second
            + average.active_rooms_writes_per_second;
        let callbacks = per_month(average.callbacks_per_second);
        let requests = callbacks * (body_bytes(demand) / c::HTTP_METERED_BYTES).ceil();
        let first_requests = requests.min(c::HTTP_FIRST_TIER);
        let sweeps = per_month(demand.ends_per_second());
        let starts =
            peak.lambda_concurrency.ceil() * c::STARTS_PER_INSTANCE_AND_HOUR * c::HOURS_PER_MONTH;
        // A sweep reads a page as fast as a callback is done, and writes as many at once.
        let turns = sweeps + per_month(average.swept_members_per_second) / at_once();
        let seconds = callbacks * callback_seconds(demand)
            + turns * f64::from(demand.warm_ms) / 1000.0
            + starts * f64::from(demand.cold_ms) / 1000.0;
        let gb_seconds = seconds * f64::from(demand.memory) / 1024.0;
        let compute_usd = match demand.architecture {
            Architecture::Arm64 => c::ARM_USD_PER_MILLION_GB_SECONDS,
            Architecture::X86 => c::X86_USD_PER_MILLION_GB_SECONDS,
        };
        let messages = sweeps * REQUESTS_PER_MESSAGE + per_month(c::POLLS_PER_SECOND);
        let log_gb = (callbacks + sweeps) * log_line_bytes() / c::GB;
        // A start opens two connections with a read of half a unit each.
        let reads = per_month(average.reads_per_second) + starts;

        let items = vec![
            Item::new(
                "DynamoDB writes",
                (per_month(writes), "write units"),
                per_million(c::WRITE_USD_PER_MILLION),
            ),
            Item::new(
                "DynamoDB reads",
                (reads, "read units"),
                per_million(c::READ_USD_PER_MILLION),
            ),
            Item::new(
                "DynamoDB storage",
                (stored.table_gb + stored.index_gb, "GB-months"),
                (c::STORAGE_USD_PER_GB, 1.0),
            ),
            Item::new(
                "DynamoDB point-in-time recovery",
                (stored.table_gb, "GB-months"),
                (c::RECOVERY_USD_PER_GB, 1.0),
            ),
            Item::new(
                "HTTP API",
                (first_requests, "requests"),
                per_million(c::HTTP_USD_PER_MILLION),
            ),
            Item::new(
                "HTTP API above 300 million",
                (requests - first_requests, "requests"),
                per_million(c::HTTP_BEYOND_USD_PER_MILLION),
            ),
            Item::new(
                "Lambda requests",
                (callbacks + sweeps, "requests"),
                per_million(c::INVOCATION_USD_PER_MILLION),
            ),
            Item::new("Lambda compute", (gb_seconds, "GB-seconds"), per_million(compute_usd)),
            Item::new("SQS", (messages, "requests"), per_million(c::QUEUE_USD_PER_MILLION)),
            Item::new("CloudWatch Logs", (log_gb, "GB"), (c::LOG_USD_PER_GB, 1.0)),
            Item::new("CloudWatch alarms", (ALARMS, "alarms"), (c::ALARM_USD, 1.0)),
            Item::new("Secrets Manager", (1.0, "secret"), (c::SECRET_USD, 1.0)),
            Item::new(
                "Secrets Manager calls",
                (starts, "calls"),
                (c::SECRET_USD_PER_10_000_CALLS, 10_000.0),
            ),
        ];
        let usd_per_month = items.iter().map(|item| item.usd_per_month).sum();
        let millions = per_month(demand.events_per_second) / 1e6;
        Self {
            items,
            usd_per_month,
            usd_per_million_events: (millions > 0.0).then(|| usd_per_month / millions),
        }
    }
}

/// Bytes of a callback's body: what is the same in every event, its room, and its users with quotes
/// and comma.
fn body_bytes(demand: &Demand) -> f64 {
    let id = f64::from(demand.id_bytes);
    let users = f64::from(demand.users_per_event) * (id + 3.0);
    f64::from(demand.events_per_callback) * (80.0 + id + users)
}

/// Bytes of the line that the function logs about a callback, by the code that logs it.
fn log_line_bytes() -> f64 {
    let line = LogLine {
        level: Level::Info,
        message: "callback stored".into(),
        // API Gateway's ids.
        request_id: "x".repeat(16),
        status: Some(200),
        app_key: Some("x".repeat(13)),
        counts: Some(Counts { applied: 1, ..Counts::default() }),
        duration_ms: 10,
        lag_ms: Some(100),
        error: None,
    };
    let length = serde_json::to_string(&line).map_or(0, |line| line.len() + 1);
    u32::try_from(length).map_or(f64::INFINITY, f64::from)
}
