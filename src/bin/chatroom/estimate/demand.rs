//! What is expected of a deployment: the options, with their units and limits.

use clap::{Args, ValueEnum, value_parser};
use serde::Serialize;

/// How many times the average the peak is, where nobody says.
const PEAK_FACTOR: f64 = 5.0;

/// What is expected. Every figure is finite and within the limits of its parser.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Demand {
    /// Joins and leaves per second, over the month's average; half of them are joins
    #[arg(long, default_value = "100", value_name = "NUMBER", value_parser = rate)]
    pub events_per_second: f64,
    /// Joins and leaves per second in the busiest minutes [default: 5 times the average]
    #[arg(long, value_name = "NUMBER", value_parser = rate)]
    pub peak: Option<f64>,
    /// Rooms that are active at once
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..=100_000_000))]
    pub rooms: u32,
    /// The busiest room's part of all events, in percent; at least an even share
    #[arg(long, default_value = "10", value_name = "PERCENT", value_parser = percent)]
    pub busiest_room: f64,
    /// Rooms that are created, and as many destroyed, per hour
    #[arg(long, default_value = "0", value_name = "NUMBER", value_parser = rate)]
    pub room_churn: f64,
    /// Users who join one room at once
    #[arg(long, default_value_t = 1000, value_name = "USERS", value_parser = value_parser!(u32).range(0..=100_000_000))]
    pub flash_crowd: u32,
    /// In how many seconds they join
    #[arg(long, default_value = "1", value_name = "SECONDS", value_parser = span)]
    pub flash_seconds: f64,
    /// Users that one event names
    #[arg(long, default_value_t = 1, value_name = "USERS", value_parser = value_parser!(u32).range(1..=100_000))]
    pub users_per_event: u32,
    /// Events that one callback brings
    #[arg(long, default_value_t = 1, value_name = "EVENTS", value_parser = value_parser!(u32).range(1..=100_000))]
    pub events_per_callback: u32,
    /// Events that say nothing new, because the sender repeats itself, in percent
    #[arg(long, default_value = "1", value_name = "PERCENT", value_parser = percent)]
    pub repeats: f64,
    /// How long a user stays in a room, in minutes
    #[arg(long, default_value = "30", value_name = "MINUTES", value_parser = span)]
    pub stay: f64,
    /// Members in the table, present or gone [default: as if nobody ever came back to a room]
    #[arg(long, value_name = "NUMBER", value_parser = rate)]
    pub members: Option<f64>,
    /// How long those who left stay in the table: the template's `RetentionDays`
    #[arg(long, default_value_t = 30, value_name = "DAYS", value_parser = value_parser!(u32).range(1..=3650))]
    pub retention: u32,
    /// Length of a user's and of a room's id
    #[arg(long, default_value_t = 24, value_name = "BYTES", value_parser = value_parser!(u32).range(1..=256))]
    pub id_bytes: u32,
    /// Memory of a function in MB: the template's `MemorySize`. Changes the price, not --warm-ms
    #[arg(long, default_value_t = 256, value_name = "MB", value_parser = value_parser!(u32).range(128..=10_240))]
    pub memory: u32,
    /// Processor of the functions: the template's `Architecture`
    #[arg(long, value_enum, default_value_t = Architecture::Arm64)]
    pub architecture: Architecture,
    /// Billed milliseconds of a warm callback with up to 64 changes. An assumption: see the metric
    /// `Duration` of your function
    #[arg(long, default_value_t = 10, value_name = "MS", value_parser = value_parser!(u32).range(1..=10_000))]
    pub warm_ms: u32,
    /// Billed milliseconds of a cold start with its first callback. An assumption, too
    #[arg(long, default_value_t = 250, value_name = "MS", value_parser = value_parser!(u32).range(1..=10_000))]
    pub cold_ms: u32,
    /// When what is not written yet is deferred, in milliseconds: the template's `BudgetMs`
    #[arg(long, default_value_t = 3500, value_name = "MS", value_parser = value_parser!(u32).range(100..=4000))]
    pub budget_ms: u32,
    /// The account's quota of concurrent executions. New accounts often have far less
    #[arg(long, default_value_t = 1000, value_name = "NUMBER", value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub lambda_concurrency: u32,
}

/// What the functions run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
pub enum Architecture {
    #[value(name = "arm64")]
    #[serde(rename = "arm64")]
    Arm64,
    #[value(name = "x86_64")]
    #[serde(rename = "x86_64")]
    X86,
}

impl Demand {
    /// Refuses what no single option shows to be wrong.
    pub fn check(self) -> Result<Self, String> {
        match self.peak {
            Some(peak) if peak < self.events_per_second => Err(format!(
                "--peak {peak} is below the average, --events-per-second {}",
                self.events_per_second
            )),
            _ => Ok(self),
        }
    }

    /// Events per second in the busiest minutes.
    pub fn peak_events_per_second(&self) -> f64 {
        self.peak.unwrap_or(self.events_per_second * PEAK_FACTOR)
    }

    /// The busiest room's part of all events, from 0 to 1.
    pub fn busiest_share(&self) -> f64 {
        (self.busiest_room / 100.0).max(1.0 / f64::from(self.rooms))
    }

    /// Members whom one callback is about.
    pub fn changes_per_callback(&self) -> f64 {
        f64::from(self.users_per_event) * f64::from(self.events_per_callback)
    }

    /// Of so many events per second, the changes per second that say something new. Half of them
    /// are joins.
    pub fn news(&self, events_per_second: f64) -> f64 {
        events_per_second * f64::from(self.users_per_event) * (1.0 - self.repeats / 100.0)
    }

    /// Rooms that end, per second.
    pub fn ends_per_second(&self) -> f64 {
        self.room_churn / 3600.0
    }
}

/// A figure within limits that keep every result finite.
fn number(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number = text.trim().parse().ok();
    number
        .filter(|number| (least..=most).contains(number))
        // Of a minus zero.
        .map(f64::abs)
        .ok_or_else(|| format!("it should be a number from {least} to {most}"))
}

fn rate(text: &str) -> Result<f64, String> {
    number(text, 0.0, 1e12)
}

fn percent(text: &str) -> Result<f64, String> {
    number(text, 0.0, 100.0)
}

fn span(text: &str) -> Result<f64, String> {
    number(text, 0.001, 1e6)
}
