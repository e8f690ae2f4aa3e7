//! What AWS charges and allows, and what is assumed where only a measurement would tell.
//!
//! Prices are list prices of us-east-1 in US dollars, on demand, without free tiers and discounts,
//! as of November 2026. Each says where it stands, and how it was compared:
//!
//! * **Read**: in the text of that page, or of a copy of it.
//! * **Quoted**: only where others quote that page, which fills its tables in by script. Compare it
//!   before you rely on it.
//! * **Assumed**: nothing says so; measure it.
//!
//! The one-time charge for raising warm throughput could not be found out, and is left out.

/// Hours of a month, as AWS counts them in its calculators.
pub const HOURS_PER_MONTH: f64 = 730.0;

/// US dollars per million write request units. Quoted:
/// <https://aws.amazon.com/dynamodb/pricing/on-demand/>
pub const WRITE_USD_PER_MILLION: f64 = 0.625;
/// US dollars per million read request units. Quoted:
/// <https://aws.amazon.com/dynamodb/pricing/on-demand/>
pub const READ_USD_PER_MILLION: f64 = 0.125;
/// US dollars per GB-month of table and indexes. Read:
/// <https://aws.amazon.com/dynamodb/pricing/>
pub const STORAGE_USD_PER_GB: f64 = 0.25;
/// US dollars per GB-month of table that can be restored to any point in time (indexes are not
/// counted). Quoted: <https://aws.amazon.com/dynamodb/pricing/on-demand/>
pub const RECOVERY_USD_PER_GB: f64 = 0.20;

/// US dollars per million requests to an HTTP API, for the first [`HTTP_FIRST_TIER`] of a month.
/// Read: <https://aws.amazon.com/api-gateway/pricing/>
pub const HTTP_USD_PER_MILLION: f64 = 1.00;
/// Requests of a month after which they cost less. Read:
/// <https://aws.amazon.com/api-gateway/pricing/>
pub const HTTP_FIRST_TIER: f64 = 300e6;
/// US dollars per million requests beyond that. Read:
/// <https://aws.amazon.com/api-gateway/pricing/>
pub const HTTP_BEYOND_USD_PER_MILLION: f64 = 0.90;
/// Bytes of a request that are metered as one. Quoted:
/// <https://aws.amazon.com/api-gateway/pricing/>
pub const HTTP_METERED_BYTES: f64 = 512.0 * 1024.0;

/// US dollars per million invocations. Quoted: <https://aws.amazon.com/lambda/pricing/>
pub const INVOCATION_USD_PER_MILLION: f64 = 0.20;
/// US dollars per million GB-seconds on arm64, first tier. Quoted:
/// <https://aws.amazon.com/lambda/pricing/>
pub const ARM_USD_PER_MILLION_GB_SECONDS: f64 = 13.3334;
/// US dollars per million GB-seconds on x86-64, first tier. Quoted:
/// <https://aws.amazon.com/lambda/pricing/>
pub const X86_USD_PER_MILLION_GB_SECONDS: f64 = 16.6667;

/// US dollars per million requests to a standard queue. Quoted:
/// <https://aws.amazon.com/sqs/pricing/>
pub const QUEUE_USD_PER_MILLION: f64 = 0.40;
/// US dollars per GB of log that is taken in. Quoted: <https://aws.amazon.com/cloudwatch/pricing/>
pub const LOG_USD_PER_GB: f64 = 0.50;
/// US dollars per alarm and month. Quoted: <https://aws.amazon.com/cloudwatch/pricing/>
pub const ALARM_USD: f64 = 0.10;
/// US dollars per secret and month. Read: <https://aws.amazon.com/secrets-manager/pricing/>
pub const SECRET_USD: f64 = 0.40;
/// US dollars per 10,000 calls. Read: <https://aws.amazon.com/secrets-manager/pricing/>
pub const SECRET_USD_PER_10_000_CALLS: f64 = 0.05;

/// Bytes of an item that one write unit writes. Read, as all of DynamoDB's sizes in powers of two:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Limits.html>
pub const WRITE_UNIT_BYTES: f64 = 1024.0;
/// Bytes that one read unit reads, strongly consistent. Read:
/// <https://aws.amazon.com/dynamodb/pricing/on-demand/>
pub const READ_UNIT_BYTES: f64 = 4096.0;
/// Bytes that storage adds to each item, in the table and in each index. Read:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html>
pub const ITEM_OVERHEAD_BYTES: f64 = 100.0;
/// Bytes of a GB.
pub const GB: f64 = 1024.0 * 1024.0 * 1024.0;

/// Write units per second of one partition. Read:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html>
pub const PARTITION_WRITES_PER_SECOND: f64 = 1000.0;
/// Read units per second of one partition. Read:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html>
pub const PARTITION_READS_PER_SECOND: f64 = 3000.0;
/// Assumed: bytes of one partition. Long known, but no longer said:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.Partitions.html>
pub const PARTITION_BYTES: f64 = 10.0 * GB;
/// Write units per second that a new on-demand table, or index, takes at once. Read:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html>
pub const NEW_TABLE_WRITES_PER_SECOND: f64 = 4000.0;
/// Read units per second that it takes at once. Read:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html>
pub const NEW_TABLE_READS_PER_SECOND: f64 = 12_000.0;
/// Write units per second of an on-demand table until the quota is raised. Read:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Limits.html>
pub const TABLE_QUOTA_WRITES_PER_SECOND: f64 = 40_000.0;

/// Requests per second to all APIs of an account in a region until the quota is raised; 2,500 in
/// some younger regions. Read:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub const API_REQUESTS_PER_SECOND: f64 = 10_000.0;
/// Requests above that at once: the size of the token bucket. Quoted:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub const API_BURST_REQUESTS: f64 = 5000.0;
/// Instances that Lambda adds to one function in [`SCALING_SECONDS`]. Read:
/// <https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html>
pub const SCALING_INSTANCES: f64 = 1000.0;
/// See [`SCALING_INSTANCES`].
pub const SCALING_SECONDS: f64 = 10.0;
/// Requests per second for each unit of concurrency, however short they are: 10,000 to 1,000. Read:
/// <https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html>
pub const REQUESTS_PER_SECOND_AND_CONCURRENCY: f64 = 10.0;

/// Assumed: how often Lambda replaces each instance, per hour. It says "every few hours", even of
/// those in use: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>
pub const STARTS_PER_INSTANCE_AND_HOUR: f64 = 1.0;
/// Assumed: how many times a second Lambda asks an idle queue, with five long polls of 20 seconds:
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
pub const POLLS_PER_SECOND: f64 = 5.0 / 20.0;
/// Assumed: bytes of an App Key. Those of the vendor have 13.
pub const APP_KEY_BYTES: u32 = 13;
