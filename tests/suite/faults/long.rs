//! The long run: a million events through several functions at once, with faults throughout and a
//! table that is down for a minute. The audit at the end is that of all runs.
//!
//! `FAULT_EVENTS` and `FAULT_OUTAGE_SECONDS` make it shorter or longer.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio::sync::Mutex;

use crate::support::CountsSum;

use super::{Run, Scale, Weather, seed, traffic};

/// Functions that answer callbacks, each with a worker beside it.
const FUNCTIONS: usize = 8;
/// The number of requests in a thousand that suffer each fault.
const STORM: u64 = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slow: a million events"]
async fn a_million_events_survive_faults_throughout() {
    let events = number("FAULT_EVENTS", 1_000_000);
    let outage_time = Duration::from_secs(number("FAULT_OUTAGE_SECONDS", 60));
    // A callback has 10 events on average.
    let scale = Scale { callbacks: events / 10, rooms: 200, users: 500, events: 19 };
    let callbacks = &traffic(seed(), scale);
    let total: usize = callbacks.iter().map(Vec::len).sum();
    let started = Instant::now();
    let run = &Run::start(Weather::storm(seed(), STORM)).await;
    let next = &AtomicUsize::new(0);
    let outage: &Mutex<Option<Instant>> = &Mutex::default();

    let functions = (0..FUNCTIONS).map(async |_| {
        let (mut function, mut worker) = (run.callback().await, run.worker().await);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(callback) = callbacks.get(number) else {
                break;
            };
            // In the middle of the run, the table is down for a while.
            let mut outage = outage.lock().await;
            match *outage {
                None if number >= callbacks.len() / 2 => {
                    eprintln!("the table is down");
                    run.dynamodb.set_down(true);
                    *outage = Some(Instant::now());
                }
                Some(since) if since.elapsed() >= outage_time => run.dynamodb.set_down(false),
                _ => {}
            }
            drop(outage);
            // Now and then, the function is killed.
            if number.is_multiple_of(997) {
                run.send_and_kill(&mut function, callback, number as u64 % 40 + 1).await;
            } else {
                run.send(&mut function, callback).await;
            }
            if number % 20 == 19 {
                run.work(&mut worker).await;
            }
            if number % 1000 == 999 {
                let minutes = started.elapsed().as_secs_f64() / 60.0;
                let answers = run.answers().await;
                eprintln!(
                    "{minutes:5.1} min  {} of {} callbacks  {answers:?}",
                    number + 1,
                    callbacks.len()
                );
            }
        }
    });
    join_all(functions).await;
    let (requests, faults) = (run.dynamodb.requests(), run.dynamodb.counts());
    let record = run.audit().await;
    let changes = record.counts.changes();
    println!("events {total}, callbacks {}, seed {}", callbacks.len(), seed());
    println!("answers by status (0: killed) {:?}", record.answers);
    println!("changes and events {:?}", record.counts);
    println!("requests to the table {requests} for {changes} changes; faults {faults:?}");
    println!(
        "{} events were never answered 200; {:?} in all",
        record.uncertain.len(),
        started.elapsed()
    );
    println!("audit: every accepted event is in the table or with the dead letters");
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |number| number.parse().unwrap())
}
