//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

/// Play a burst through the release binaries
#[derive(Parser)]
#[command(name = "benchmark/run")]
pub struct Options {
    #[command(subcommand)]
    pub burst: Burst,
}

#[derive(Subcommand)]
pub enum Burst {
    /// Let many users join one room at once
    #[command(args_override_self = true)]
    Crowds {
        #[command(flatten)]
        crowd: Crowd,
        #[command(flatten)]
        options: StageOptions,
    },
    /// Destroy a room of many members
    #[command(args_override_self = true)]
    Sweeps {
        #[command(flatten)]
        sweep: SweepOptions,
        #[command(flatten)]
        options: StageOptions,
    },
}

#[derive(Args)]
pub struct Crowd {
    /// Joins per second, each a callback about one user
    #[arg(long, default_value_t = 600)]
    pub joins: u32,
    /// Seconds that the crowd keeps coming
    #[arg(long, default_value_t = 6)]
    pub seconds: u32,
    /// Writes per second that a partition allows
    #[arg(long, default_value_t = 120)]
    pub writes: u32,
    /// Writes that a partition allows at once after a pause; those of a second, unless told
    #[arg(long)]
    pub burst: Option<u32>,
}

#[derive(Args)]
pub struct SweepOptions {
    /// Members of the room
    #[arg(long, default_value_t = 20_000)]
    pub members: u32,
    /// Times that the room's end is reported, the first included
    #[arg(long, default_value_t = 1)]
    pub repeats: u32,
    /// Writes per second that a partition allows
    #[arg(long, default_value_t = 1000)]
    pub writes: u32,
    /// Writes that a partition allows at once after a pause; those of a second, unless told
    #[arg(long)]
    pub burst: Option<u32>,
}

#[derive(Args, Clone)]
pub struct StageOptions {
    /// The binary of the function `callback`
    #[arg(long, default_value = "target/release/callback")]
    pub callback: String,
    /// The binary of the function `worker`
    #[arg(long, default_value = "target/release/worker")]
    pub worker: String,
    /// The template that says how the worker gets its messages
    #[arg(long, default_value = "template.yaml")]
    pub template: PathBuf,
    /// Messages of a batch, whatever the template says
    #[arg(long)]
    pub batch: Option<u16>,
    /// Batches of a queue at once, whatever the template says
    #[arg(long)]
    pub concurrency: Option<u16>,
    /// Processes of `callback` at once; more callbacks than that wait
    #[arg(long, default_value_t = 200)]
    pub functions: u16,
    /// Milliseconds that each request to the table takes on top of the engine's
    #[arg(long, default_value = "5", value_parser = milliseconds)]
    pub latency: Duration,
    /// Milliseconds that a batch takes on its way from the queue to the worker
    #[arg(long, default_value = "10", value_parser = milliseconds)]
    pub transit: Duration,
    /// Answer without a token as a table with provisioned throughput
    #[arg(long)]
    pub provisioned: bool,
    /// Seconds after which the run ends, whatever the table says
    #[arg(long, default_value = "300", value_parser = seconds)]
    pub limit: Duration,
    /// A file for the numbers
    #[arg(long)]
    pub json: Option<PathBuf>,
}

fn milliseconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_millis)
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}
