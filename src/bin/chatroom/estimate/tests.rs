//! The calculation at its edges. That it agrees with the functions is for the suite to say.

use clap::Parser;
use serde_json::Value;

use super::{Estimate, demand::Demand, flash::FlashCrowd, limits, model::Rates, units::Stored};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    demand: Demand,
}

/// A demand by its options.
fn demand(options: &str) -> Demand {
    let options = std::iter::once("estimate").chain(options.split_whitespace());
    Cli::try_parse_from(options).map_or_else(|why| panic!("{why}"), |cli| cli.demand)
}

fn assert_close(found: f64, expected: f64) {
    let difference = (found - expected).abs();
    assert!(difference <= expected.abs() * 1e-6, "{found} is not {expected}");
}

/// Every figure, with the way to it.
fn figures(value: &Value, path: &str, seen: &mut Vec<(String, f64)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                figures(value, &format!("{path}.{name}"), seen);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| figures(value, path, seen)),
        Value::Number(number) => seen.push((path.to_owned(), number.as_f64().unwrap_or(f64::NAN))),
        // A figure that is not finite is written as null: only those that may be absent are allowed.
        Value::Null => assert!(
            [".demand.peak", ".demand.members", ".limits.bindsAt", ".bindsFirst"]
                .iter()
                .chain(&[".bindsFirst.bindsAt", ".cost.usdPerMillionEvents"])
                .any(|&absent| absent == path),
            "{path} is not finite"
        ),
        _ => {}
    }
}

#[test]
fn no_figure_is_negative_or_infinite_whatever_is_expected() {
    let edges = [
        ("--events-per-second", ["0", "1e12"]),
        ("--rooms", ["1", "100000000"]),
        ("--busiest-room", ["0", "100"]),
        ("--room-churn", ["0", "1e12"]),
        ("--flash-crowd", ["0", "100000000"]),
        ("--flash-seconds", ["0.001", "1000000"]),
        ("--users-per-event", ["1", "100000"]),
        ("--repeats", ["0", "100"]),
        ("--id-bytes", ["1", "256"]),
        ("--cold-ms", ["1", "10000"]),
        ("--lambda-concurrency", ["1", "1000000"]),
    ];
    for choice in 0..1_u32 << edges.len() {
        let options = edges.iter().enumerate().map(|(at, (option, ends))| {
            let end = ends[usize::from(choice >> at & 1 == 1)];
            format!("{option} {end}")
        });
        let options = options.collect::<Vec<_>>().join(" ");
        let estimate = serde_json::to_value(Estimate::of(demand(&options))).unwrap_or_default();
        let mut seen = Vec::new();
        figures(&estimate, "", &mut seen);
        assert!(seen.len() > 100, "{options}");
        for (path, figure) in seen {
            assert!(figure >= 0.0 && figure.is_finite(), "{options}: {path} {figure}");
        }
    }
}

#[test]
fn without_events_a_month_costs_what_stands_there_anyhow_and_no_limit_binds() {
    let estimate = Estimate::of(demand("--events-per-second 0 --flash-crowd 0"));
    assert!(estimate.binds_first.is_none());
    assert!(estimate.cost.usd_per_million_events.is_none());
    let paid = estimate.cost.items.iter();
    let paid: Vec<_> = paid.filter(|item| item.usd_per_month > 0.001).collect();
    let names: Vec<_> = paid.iter().map(|item| item.name).collect();
    assert_eq!(names, ["SQS", "CloudWatch alarms", "Secrets Manager"]);
}

#[test]
fn functions_at_work_and_members_present_follow_from_rate_and_time() {
    let demand = demand("--warm-ms 20 --stay 10 --repeats 0 --events-per-callback 2");
    let rates = Rates::at(&demand, 1000.0);
    assert_close(rates.callbacks_per_second, 500.0);
    assert_close(rates.lambda_concurrency, 500.0 * 0.02);
    assert_close(Stored::of(&demand).present_members, 50.0 * 600.0);
}

#[test]
fn a_callback_takes_longer_with_more_changes_but_not_longer_than_its_budget() {
    let seconds = |options: &str| super::model::callback_seconds(&demand(options));
    assert_close(seconds("--users-per-event 64"), 0.01);
    assert_close(seconds("--users-per-event 65"), 0.02);
    assert_close(seconds("--users-per-event 100000"), 3.5);
}

#[test]
fn a_room_is_looked_at_with_every_join_at_most_and_every_five_seconds_at_least() {
    let reads = |options: &str, events| Rates::at(&demand(options), events).reads_per_second;
    assert!(reads("--rooms 1", 0.002) > 0.000_99, "joins are far apart");
    let busy = reads("--rooms 1 --warm-ms 1", 1000.0);
    assert!(busy < 0.2 && busy > 0.199, "{busy}: one function, one room");
}

#[test]
fn rooms_that_end_sweep_nobody_who_never_joined() {
    let demand = demand("--room-churn 1e12 --repeats 0");
    let rates = Rates::at(&demand, 100.0);
    assert_close(rates.by_user_writes_per_second, 150.0);
}

#[test]
fn what_a_crowded_partition_does_not_take_before_the_last_deadline_is_deferred() {
    let demand = demand("--flash-seconds 1 --budget-ms 3500 --cold-ms 500");
    let crowd = FlashCrowd::of(&demand, 10_000.0);
    assert_close(crowd.partition_seconds, 10.0);
    assert_close(crowd.in_time_users, 4000.0);
    assert_close(crowd.deferred_users, 6000.0);
    // Half of them came before the first was answered; after that 1,000 per second were written.
    assert_close(crowd.cold_starts, 5000.0 + 4500.0);
    let small = FlashCrowd::of(&demand, 1000.0);
    assert_close(small.cold_starts, 500.0);
    assert_close(small.deferred_users, 0.0);
}

#[test]
fn a_limit_binds_at_the_load_that_needs_just_as_much_as_it_allows() {
    for options in ["", "--users-per-event 7 --room-churn 50", "--flash-seconds 30"] {
        let demand = demand(options);
        for limit in limits::of(&demand) {
            let Some(load) = limit.binds_at else { continue };
            let needed = match limit.of {
                limits::Load::PeakEventsPerSecond if limit.unit == "requests/s" => {
                    Rates::at(&demand, load).callbacks_per_second
                }
                limits::Load::FlashCrowdUsers if limit.unit == "cold starts" => {
                    FlashCrowd::of(&demand, load * (1.0 - 1e-9)).cold_starts
                }
                _ => continue,
            };
            let slack = f64::max(1.0, limit.allowed * 1e-6);
            assert!((needed - limit.allowed).abs() <= slack, "{options}: {limit:?} {needed}");
        }
    }
}

#[test]
fn a_peak_below_the_average_is_refused() {
    let refused = demand("--events-per-second 10 --peak 9.5").check();
    assert!(refused.is_err_and(|why| why.starts_with("--peak 9.5 is below")));
    assert!(demand("--events-per-second 10 --peak 10").check().is_ok());
}
