//! The calculation at its edges. That it agrees with the functions is for the suite to say.

use clap::Parser;
use serde_json::Value;

use super::{Estimate, crowd::FlashCrowd, demand::Demand, limits, load, load::Rates, report};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    demand: Demand,
}

/// Makes a demand from options.
fn demand(options: &str) -> Demand {
    let options = std::iter::once("estimate").chain(options.split_whitespace());
    let demand = Cli::try_parse_from(options).map(|cli| cli.demand.check());
    demand.map_or_else(|why| panic!("{why}"), |demand| demand.unwrap_or_else(|why| panic!("{why}")))
}

fn assert_close(found: f64, expected: f64) {
    let difference = (found - expected).abs();
    assert!(difference <= expected.abs() * 1e-6, "{found} is not {expected}");
}

/// Counts the figures, all of which are finite and none of which is negative.
fn count_figures(value: &Value, path: &str) -> usize {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| count_figures(value, &format!("{path}.{name}"))).sum()
        }
        Value::Array(values) => values.iter().map(|value| count_figures(value, path)).sum(),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            assert!(number >= 0.0 && number.is_finite(), "{path} {number}");
            1
        }
        // A figure that is not finite is written as null: only those that may be absent are allowed.
        Value::Null => {
            let absent = [".demand.peak", ".bindsFirst", ".cost.usdPerMillionEvents"];
            assert!(absent.contains(&path), "{path} is not finite");
            0
        }
        _ => 0,
    }
}

#[test]
fn no_figure_is_negative_or_infinite_whatever_is_expected() {
    let edges = [
        ("--events-per-second ", ["0", "1e12"]),
        ("--busiest-room ", ["0", "100"]),
        ("--flash-crowd ", ["0", "100000000"]),
        ("--users-per-event ", ["1", "100000"]),
        ("--assume rooms=", ["1", "100000000"]),
        ("--assume room-churn=", ["0", "1e12"]),
        ("--assume flash-seconds=", ["0.001", "1000000"]),
        ("--assume repeats=", ["0", "100"]),
        ("--assume id-bytes=", ["1", "256"]),
        ("--assume cold-ms=", ["1", "10000"]),
        ("--assume lambda-concurrency=", ["1", "1000000"]),
    ];
    for choice in 0..1_u32 << edges.len() {
        let options = edges.iter().enumerate().map(|(at, (option, ends))| {
            format!("{option}{}", ends[usize::from(choice >> at & 1 == 1)])
        });
        let options = options.collect::<Vec<_>>().join(" ");
        let estimate = serde_json::to_value(Estimate::of(demand(&options))).unwrap_or_default();
        assert!(count_figures(&estimate, "") > 100, "{options}");
    }
}

#[test]
fn without_events_a_month_costs_what_stands_there_anyhow_and_no_limit_binds() {
    let estimate = Estimate::of(demand("--events-per-second 0 --flash-crowd 0"));
    assert!(estimate.binds_first.is_none());
    assert!(estimate.cost.usd_per_million_events.is_none());
    let paid = estimate.cost.items.iter().filter(|item| item.usd_per_month > 0.001);
    let names: Vec<_> = paid.map(|item| item.name).collect();
    assert_eq!(names, ["SQS", "CloudWatch alarms", "Secrets Manager"]);
}

#[test]
fn functions_at_work_and_members_present_follow_from_rate_and_time() {
    let assumed = "--assume warm-ms=20 --assume stay=10 --assume repeats=0";
    let demand = demand(&format!("{assumed} --assume events-per-callback=2"));
    let rates = Rates::at(&demand, 1000.0);
    assert_close(rates.callbacks_per_second, 500.0);
    assert_close(rates.lambda_concurrency, 500.0 * 0.02);
    assert_close(load::Stored::of(&demand).present_members, 50.0 * 600.0);
}

#[test]
fn a_callback_takes_longer_with_more_changes_but_not_longer_than_its_budget() {
    for (users, seconds) in [(64, 0.01), (65, 0.02), (100_000, 3.5)] {
        let demand = demand(&format!("--users-per-event {users}"));
        assert_close(load::callback_seconds(&demand), seconds);
    }
}

#[test]
fn a_room_is_looked_at_with_every_join_at_most_and_every_five_seconds_at_least() {
    let reads = |options, events| Rates::at(&demand(options), events).reads_per_second;
    assert!(reads("--assume rooms=1", 0.002) > 0.000_99, "joins are far apart");
    let busy = reads("--assume rooms=1 --assume warm-ms=1", 1000.0);
    assert!(busy < 0.2 && busy > 0.199, "{busy}: one function, one room");
}

#[test]
fn rooms_that_end_sweep_nobody_who_never_joined() {
    let demand = demand("--assume room-churn=1e12 --assume repeats=0");
    assert_close(Rates::at(&demand, 100.0).by_user_writes_per_second, 150.0);
}

#[test]
fn what_a_crowded_partition_does_not_take_before_the_last_deadline_is_deferred() {
    let demand = demand("--assume cold-ms=500");
    let crowd = FlashCrowd::of(&demand, 10_000.0);
    assert_close(crowd.partition_seconds, 10.0);
    assert_close(crowd.deferred_users, 6000.0);
    // Half of them came before the first was answered; after that 1,000 per second were written.
    assert_close(crowd.cold_starts, 5000.0 + 4500.0);
    let small = FlashCrowd::of(&demand, 1000.0);
    assert_close(small.cold_starts, 500.0);
    assert_close(small.deferred_users, 0.0);
}

#[test]
fn a_limit_binds_at_the_load_that_needs_just_as_much_as_it_allows() {
    for options in [
        "",
        "--users-per-event 7 --assume room-churn=50 --assume events-per-callback=3",
        "--assume flash-seconds=30 --assume partition-writes=30",
    ] {
        for (at, limit) in limits::of(&demand(options)).into_iter().enumerate() {
            let option = if limit.of == "flashCrowdUsers" { "flash-crowd" } else { "peak" };
            let met = demand(&format!("{options} --{option} {}", limit.binds_at));
            let (rates, crowd) =
                (Rates::at(&met, limit.binds_at), FlashCrowd::of(&met, met.flash_crowd));
            assert_close(limits::of(&met)[at].needed, limit.allowed);
            let (found, expected) = match limit.unit {
                "requests/s" => (rates.callbacks_per_second, limit.allowed),
                "cold starts" => (crowd.cold_starts, limit.allowed),
                "write units in time" => (crowd.partition_seconds, crowd.writing_seconds),
                _ => continue,
            };
            assert_close(found, expected);
        }
    }
}

#[test]
fn a_figure_shows_three_digits_that_count_and_commas() {
    let shown = [0.0, 0.0495, 4.25, 14.286, 20.0, 999.6, 1e6, 12_345_678.9].map(report::figure);
    let expected = ["0", "0.0495", "4.25", "14.3", "20", "1,000", "1,000,000", "12,345,679"];
    assert_eq!(shown, expected);
    assert_eq!(report::dollars(1234.5), "$1,234.50");
}
