//! A month's bill at the average rate.
//!
//! Left out: free tiers, data transfer, stored logs, requests above 512 KB, what a flash crowd
//! defers, cold starts (one per instance and hour is about a thousandth), who reads the table or
//! its stream, and the charge for raising warm throughput, which could not be found out.

use serde::Serialize;

use super::{
    demand::Demand,
    load::{GB, Rates, Stored, callback_seconds},
};

const MILLION: f64 = 1e6;
/// Requests of a month after which an HTTP API costs less.
const FIRST_TIER: f64 = 300e6;

const ON_DEMAND: &str = "quoted: https://aws.amazon.com/dynamodb/pricing/on-demand/";
const DYNAMODB: &str = "read: https://aws.amazon.com/dynamodb/pricing/";
const API: &str = "read: https://aws.amazon.com/api-gateway/pricing/";
const LAMBDA: &str = "quoted: https://aws.amazon.com/lambda/pricing/";
const SQS: &str = "quoted: https://aws.amazon.com/sqs/pricing/";
const WATCH: &str = "quoted: https://aws.amazon.com/cloudwatch/pricing/";
const SECRETS: &str = "read: https://aws.amazon.com/secrets-manager/pricing/";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    pub items: Vec<Item>,
    pub usd_per_month: f64,
    /// None without events.
    pub usd_per_million_events: Option<f64>,
}

/// One line of the bill.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub name: &'static str,
    pub amount: f64,
    pub unit: &'static str,
    pub price_usd: f64,
    pub price_per: f64,
    pub usd_per_month: f64,
    pub source: &'static str,
}

impl Cost {
    pub fn of(demand: &Demand) -> Self {
        let (assumed, stored) = (&demand.assumed, Stored::of(demand));
        let average = Rates::at(demand, demand.events_per_second);
        let per_month = |per_second: f64| per_second * 730.0 * 3600.0;
        let writes = per_month(average.units.table_writes + average.units.index_writes);
        let reads = per_month(average.units.reads);
        let requests = per_month(average.callbacks_per_second);
        let first_tier = requests.min(FIRST_TIER);
        let beyond = requests - first_tier;
        let seconds = requests * callback_seconds(demand);
        let gb_seconds = seconds * assumed.memory / 1024.0;
        let compute_usd = assumed.usd_per_million_gb_seconds;
        let polls = per_month(assumed.polls_per_second);
        let log_gb = requests * assumed.log_line_bytes / GB;
        let (table_gb, all_gb) = (stored.table_gb, stored.table_gb + stored.index_gb);
        let item = |name, amount: f64, unit, price_usd: f64, price_per, source| {
            let usd_per_month = amount / price_per * price_usd;
            Item { name, amount, unit, price_usd, price_per, usd_per_month, source }
        };
        let items = vec![
            item("DynamoDB writes", writes, "write units", 0.625, MILLION, ON_DEMAND),
            item("DynamoDB reads", reads, "read units", 0.125, MILLION, ON_DEMAND),
            item("DynamoDB storage", all_gb, "GB-months", 0.25, 1.0, DYNAMODB),
            item("DynamoDB point-in-time recovery", table_gb, "GB-months", 0.2, 1.0, ON_DEMAND),
            item("HTTP API", first_tier, "requests", 1.0, MILLION, API),
            item("HTTP API above 300 million", beyond, "requests", 0.9, MILLION, API),
            item("Lambda requests", requests, "requests", 0.2, MILLION, LAMBDA),
            item("Lambda compute", gb_seconds, "GB-seconds", compute_usd, MILLION, LAMBDA),
            item("SQS", polls, "requests", 0.4, MILLION, SQS),
            item("CloudWatch Logs", log_gb, "GB", 0.5, 1.0, WATCH),
            item("CloudWatch alarms", assumed.alarms, "alarms", 0.1, 1.0, WATCH),
            item("Secrets Manager", 1.0, "secret", 0.4, 1.0, SECRETS),
        ];
        let usd_per_month = items.iter().map(|item| item.usd_per_month).sum();
        let millions = per_month(demand.events_per_second) / MILLION;
        let usd_per_million_events = (millions > 0.0).then(|| usd_per_month / millions);
        Self { items, usd_per_month, usd_per_million_events }
    }
}
