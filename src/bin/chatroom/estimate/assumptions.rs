//! Numbers that are no option, each with its unit and its source; `--assume` replaces any of them.

use std::{ops::RangeInclusive, str::FromStr};

use serde::Serialize;

use super::number::{ANY, AT_LEAST_ONE, PERCENT, POSITIVE, Refusal, within};

#[derive(Debug, Clone, Serialize)]
pub struct Assumption {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    pub source: &'static str,
    #[serde(skip)]
    range: RangeInclusive<f64>,
}

/// Parses `NAME=NUMBER`.
impl FromStr for Assumption {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let mut known = Assumptions::default().list().into_iter();
        let named = known.find(|known| known.name == name).ok_or(Refusal::UnknownName)?;
        Ok(Self { value: within(named.range.clone())(value)?, ..named })
    }
}

/// Makes a field, its default, and an entry of the list out of each line.
macro_rules! assumptions {
    ($($name:ident: $value:literal, $range:expr, $unit:literal, $source:expr;)*) => {
        #[derive(Debug, Clone)]
        pub struct Assumptions { $(pub $name: f64),* }

        impl Default for Assumptions {
            fn default() -> Self {
                Self { $($name: $value),* }
            }
        }

        impl Assumptions {
            pub fn list(&self) -> Vec<Assumption> {
                let name = |name: &str| name.replace('_', "-");
                vec![$(Assumption { name: name(stringify!($name)), value: self.$name,
                    unit: $unit, source: $source, range: $range }),*]
            }

            pub fn replace(&mut self, with: &Assumption) {
                match &*with.name.replace('-', "_") {
                    $(stringify!($name) => self.$name = with.value,)*
                    _ => {}
                }
            }
        }
    };
}

/// Pages of AWS that several numbers come from.
const SCALING: &str = "read: https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html";
const WARM: &str = "read: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/\
    warm-throughput-scenarios.html";

assumptions! {
    peak_factor: 5.0, AT_LEAST_ONE, "times the average", "assumed where --peak is not given";
    rooms: 100.0, AT_LEAST_ONE, "active rooms", "assumed";
    stay: 30.0, POSITIVE, "minutes in a room", "assumed";
    repeats: 1.0, PERCENT, "% of events say nothing new", "assumed";
    comebacks: 0.0, PERCENT, "% of joins by earlier members of the room", "assumed";
    events_per_callback: 1.0, AT_LEAST_ONE, "events", "assumed";
    flash_seconds: 1.0, POSITIVE, "seconds in which a flash crowd comes", "assumed";
    id_bytes: 24.0, 1.0..=256.0, "bytes of a user's or a room's id", "assumed";
    app_key_bytes: 13.0, 1.0..=256.0, "bytes of an App Key", "assumed: the vendor's have 13";
    log_line_bytes: 200.0, ANY, "bytes that a callback logs", "assumed";
    retention: 30.0, AT_LEAST_ONE, "days that those who left are kept", "template: RetentionDays";
    memory: 256.0, 128.0..=10_240.0, "MB of a function", "template: MemorySize";
    budget_ms: 3500.0, 100.0..=4000.0, "ms until the rest is deferred", "template: BudgetMs";
    alarms: 6.0, ANY, "alarms", "template";
    warm_ms: 10.0, AT_LEAST_ONE, "ms billed for 64 changes", "assumed: see metric Duration";
    deferral_ms: 4.0, ANY, "ms more where changes are deferred", "assumed: see metric Duration";
    cold_ms: 250.0, AT_LEAST_ONE, "ms billed with a start", "assumed: see metric Duration";
    usd_per_million_gb_seconds: 13.3334, ANY, "US dollars; on x86_64 16.6667",
        "quoted: https://aws.amazon.com/lambda/pricing/ of the template's arm64";
    polls_per_second: 0.5, ANY, "polls of two idle queues", "assumed: five of 20 s each, by \
        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html";
    lambda_concurrency: 1000.0, AT_LEAST_ONE, "functions at once; new accounts have less", SCALING;
    requests_per_function: 10.0, AT_LEAST_ONE, "requests/s per unit of concurrency", SCALING;
    scaling_starts: 1000.0, AT_LEAST_ONE, "cold starts in 10 s", SCALING;
    api_requests: 10_000.0, AT_LEAST_ONE, "requests/s; 2,500 in younger regions",
        "read: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html";
    api_burst: 5000.0, ANY, "requests above that at once",
        "quoted: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html";
    partition_writes: 1000.0, AT_LEAST_ONE, "write units/s of a partition", WARM;
    new_table_writes: 4000.0, AT_LEAST_ONE, "write units/s of a new table", WARM;
    new_table_reads: 12_000.0, AT_LEAST_ONE, "read units/s of a new table", WARM;
    table_quota: 40_000.0, AT_LEAST_ONE, "write units/s of a table", "read: https://docs.aws.\
        amazon.com/amazondynamodb/latest/developerguide/Limits.html";
    item_overhead: 100.0, ANY, "bytes stored with each item", "read: https://docs.aws.\
        amazon.com/amazondynamodb/latest/developerguide/GSI.html";
}
