//! Plays bursts through the release binaries: a crowd that joins one room, and the sweep of a large
//! room. Each partition of the table allows a fixed number of writes per second, as in DynamoDB.
//!
//! `benchmark/run crowds` and `benchmark/run sweeps` build the binaries first.
//!
//! * `options`: the command line.
//! * `template`: reads the event source mappings that are deployed.
//! * `deployment`: the engine behind its partitions, and the queues.
//! * `pool`: the processes of a function, as many as are busy at once.
//! * `event_source`: brings messages to the worker, as Lambda does.
//! * `callbacks`: sends callbacks, and notes the answers.
//! * `room`: fills a room, and counts who is in it.
//! * `stage`: all of the above, and the wait for its end.
//! * `crowds`, `sweeps`: the two bursts.
//! * `series`, `report`: the numbers by second, and in the end.

mod callbacks;
mod crowds;
mod deployment;
mod event_source;
mod options;
mod pool;
mod report;
mod room;
mod series;
mod stage;
mod sweeps;
mod template;

use std::error::Error;

use clap::Parser;

use options::{Burst, Options};

/// A success, or an error whose words are all that the person at the terminal needs.
type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result {
    let (options, report) = match Options::parse().burst {
        Burst::Crowds { crowd, options } => (options.clone(), crowds::play(&crowd, options).await?),
        Burst::Sweeps { sweep, options } => (options.clone(), sweeps::play(&sweep, options).await?),
    };
    println!("{report}");
    if let Some(file) = options.json {
        std::fs::write(file, report.to_json()? + "\n")?;
    }
    Ok(())
}
