//! `chatroom estimate`, compared with what the functions do and with what the template says.

use std::process::Output;

use aws_sdk_dynamodb::types::AttributeValue;
use chatroom_status_sync::{local::im_server::APP_KEY, table::Attributes};
use dynoxide::types::{Item, item_size};
use serde_json::{Value, json};

use crate::support::{
    EventBuilder, chatroom, create, deployment, destroy, join, leave, meter::Meter, send,
};

fn run(arguments: &[&str]) -> Output {
    chatroom().arg("estimate").args(arguments).output().unwrap()
}

/// The estimate for programs.
fn estimate(arguments: &[&str]) -> Value {
    let output = run(&[&["--json"], arguments].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The estimate for options in one line, as a shell takes them.
fn estimate_for(options: &str) -> Value {
    estimate(&options.split_whitespace().collect::<Vec<_>>())
}

fn assert_close(found: &Value, expected: f64) {
    let difference = (found.as_f64().unwrap() - expected).abs();
    assert!(difference <= expected.abs() * 1e-6, "{found} is not {expected}");
}

#[tokio::test]
async fn every_change_uses_the_units_that_the_estimate_says() {
    for (length, per_write) in [(24, 1.0), (256, 2.0)] {
        let said = &estimate(&["--assume", &format!("id-bytes={length}")])["unitsPerChange"];
        let [room, anna, ben] = ["r", "a", "b"].map(|letter| letter.repeat(length));
        let (meter, stack) = Meter::deployment().await;
        let used_by = async |event| meter.of(&stack, event).await.units();
        let mut repeated_join = said["repeat"].clone();
        repeated_join["reads"] = said["join"]["reads"].clone();

        assert_eq!(used_by(create(&room)).await, said["create"]);
        assert_eq!(used_by(join(&room, &anna).at(1)).await, said["join"]);
        assert_eq!(used_by(join(&room, &anna).at(1)).await, repeated_join);
        assert_eq!(used_by(leave(&room, &anna).at(2)).await, said["leave"]);
        assert_eq!(used_by(leave(&room, &anna).at(2)).await, said["repeat"]);
        assert_eq!(used_by(join(&room, &anna).at(3)).await, said["join"]);
        assert_eq!(used_by(leave(&room, &anna).at(4)).await, said["leave"]);
        assert_eq!(used_by(join(&room, &ben).at(5)).await, said["join"]);
        assert_eq!(used_by(destroy(&room).at(6)).await, said["destroy"]);

        stack.drain().await.unwrap();
        let swept = meter.take().units();
        assert_eq!(swept["reads"], 2.0, "the page of members, and the room");
        for units in ["tableWrites", "indexWrites"] {
            let [member, room] = ["sweptMember", "sweptRoom"].map(|change| &said[change][units]);
            assert_close(&swept[units], member.as_f64().unwrap() + room.as_f64().unwrap());
        }
        let one_join = json!({"tableWrites": per_write, "indexWrites": per_write, "reads": 1.0});
        assert_eq!(said["join"], one_join);
    }
}

#[tokio::test]
async fn a_join_of_many_reads_their_room_once() {
    let (meter, stack) = Meter::deployment().await;
    meter.of(&stack, create("room")).await;
    let users: Vec<_> = (0..50).map(|number| format!("user-{number}")).collect();
    let used = meter.of(&stack, join("room", &users).at(1)).await;
    assert_eq!(used.units(), json!({"tableWrites": 50.0, "indexWrites": 50.0, "reads": 1.0}));
    assert_eq!(json!(used.requests), json!({"GetItem": 1, "UpdateItem": 50}));
}

#[tokio::test]
async fn items_are_as_large_as_the_estimate_says() {
    let stack = deployment().await;
    let [room, user] = ["r", "u"].map(|letter| letter.repeat(24));
    // No status is 0, because zeros at the end of a number take no room.
    for event in [
        create(&room).status(1).at(1),
        destroy(&room).status(3).at(2),
        create(&room).status(1).at(3),
        join(&room, &user).status(1).at(4),
        leave(&room, &user).status(1).at(5),
        join(&room, &user).status(1).at(6),
    ] {
        send(&stack, &[event]).await;
    }
    let scan = stack.table.client().scan().table_name(stack.table.name());
    let items = scan.send().await.unwrap().items.unwrap();
    let said = &estimate(&["--assume", "id-bytes=24"])["stored"];
    // The sample app's key, which stands in each item three times, is shorter than a real one.
    let shorter = 3.0 * (13.0 - f64::from(u32::try_from(APP_KEY.len()).unwrap()));
    assert_eq!(items.len(), 2);
    for item in items {
        let kind = item["kind"].as_s().unwrap();
        let said = said[format!("{kind}Bytes")].as_f64().unwrap() - shorter;
        let found = f64::from(u32::try_from(item_size(&as_engine(&item))).unwrap());
        assert!((found - said).abs() < 0.5, "{kind}: {found} of {said}");
    }
}

/// An item as the engine's own rules take it.
fn as_engine(item: &Attributes) -> Item {
    let attribute = |(name, value): (&String, &AttributeValue)| {
        let value = match value {
            AttributeValue::S(text) => json!({ "S": text }),
            AttributeValue::N(number) => json!({ "N": number }),
            other => panic!("no attribute of the table is a {other:?}"),
        };
        (name.clone(), value)
    };
    serde_json::from_value(Value::Object(item.iter().map(attribute).collect())).unwrap()
}

#[test]
fn programs_find_everything_under_its_name() {
    let estimate = estimate(&[]);
    let names: Vec<_> = estimate.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "assumptions",
            "average",
            "bindsFirst",
            "cost",
            "demand",
            "flashCrowd",
            "limits",
            "peak",
            "stored",
            "unitsPerChange",
            "warmThroughput"
        ]
    );
    let items = estimate["cost"]["items"].as_array().unwrap().iter();
    let sum: f64 = items.map(|item| item["usdPerMonth"].as_f64().unwrap()).sum();
    let total = estimate["cost"]["usdPerMonth"].as_f64().unwrap();
    assert!((sum - total).abs() < 1e-6 && total > 0.0, "{sum} {total}");
    assert_eq!(estimate["peak"]["eventsPerSecond"], 500.0);
    assert!(estimate["bindsFirst"]["bindsAt"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_defaults_and_the_alarms_are_those_of_the_template() {
    let template = include_str!("../../template.yaml");
    let default = |parameter: &str| {
        let (_, after) = template.split_once(&format!("\n  {parameter}:\n")).unwrap();
        let (_, after) = after.split_once("Default: ").unwrap();
        after.lines().next().unwrap().to_owned()
    };
    let estimate = estimate(&[]);
    let assumptions = estimate["assumptions"].as_array().unwrap();
    let assumed = |name| assumptions.iter().find(|assumption| assumption["name"] == name).unwrap();
    for (parameter, name) in
        [("MemorySize", "memory"), ("BudgetMs", "budget-ms"), ("RetentionDays", "retention")]
    {
        let value = &assumed(name)["value"];
        assert_eq!(value.to_string(), format!("{}.0", default(parameter)), "{name}");
    }
    let source = assumed("usd-per-million-gb-seconds")["source"].as_str().unwrap();
    assert!(source.ends_with(&format!(" {}", default("Architecture"))), "{source}");
    let mut items = estimate["cost"]["items"].as_array().unwrap().iter();
    let alarms = items.find(|item| item["unit"] == "alarms").unwrap();
    let found = template.matches("AWS::CloudWatch::Alarm").count();
    assert_eq!(alarms["amount"].to_string(), format!("{found}.0"));
}

#[test]
fn the_first_limit_changes_as_peak_and_flash_crowd_grow() {
    let first = |arguments: &[&str]| {
        let first = &estimate(arguments)["bindsFirst"];
        let [name, of] = ["name", "of"].map(|field| first[field].as_str().unwrap().to_owned());
        let is_exceeded = first["needed"].as_f64() > first["allowed"].as_f64();
        (name, of, is_exceeded)
    };
    let expect = |name: &str, of: &str, is_exceeded| (name.to_owned(), of.to_owned(), is_exceeded);
    let (peak, crowd) = ("peakEventsPerSecond", "flashCrowdUsers");
    let small = ["--flash-crowd", "10"];
    assert_eq!(first(&small), expect("a new table's throughput", peak, false));
    assert_eq!(
        first(&[&small[..], &["--peak", "5000"]].concat()),
        expect("a new table's throughput", peak, true)
    );
    assert_eq!(
        first(&[&small[..], &["--peak", "5000", "--busiest-room", "90"]].concat()),
        expect("the busiest room's partition", peak, true)
    );
    let large = ["--flash-crowd", "5000"];
    assert_eq!(first(&large), expect("the crowded room's partition", crowd, true));
    // Once DynamoDB has split the partition, functions are what is short.
    let split = [&large[..], &["--assume", "partition-writes=9000"]].concat();
    assert_eq!(first(&split), expect("Lambda concurrency", crowd, true));
    let raised = [&split[..], &["--assume", "lambda-concurrency=10000"]].concat();
    assert_eq!(first(&raised), expect("Lambda scaling rate", crowd, true));
}

#[test]
fn without_events_a_month_costs_what_stands_there_anyhow_and_no_limit_binds() {
    let estimate = estimate_for("--events-per-second 0 --flash-crowd 0");
    assert_eq!(estimate["bindsFirst"], Value::Null);
    assert_eq!(estimate["cost"]["usdPerMillionEvents"], Value::Null);
    let items = estimate["cost"]["items"].as_array().unwrap().iter();
    let paid = items.filter(|item| item["usdPerMonth"].as_f64().unwrap() > 0.001);
    let names: Vec<_> = paid.map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["SQS", "CloudWatch alarms", "Secrets Manager"]);
}

#[test]
fn functions_at_work_and_members_present_follow_from_rate_and_time() {
    let assumed = "--assume warm-ms=20 --assume stay=10 --assume repeats=0";
    let batched = "--events-per-second 100 --peak 1000 --assume events-per-callback=2";
    let estimate = estimate_for(&format!("{assumed} {batched}"));
    assert_close(&estimate["peak"]["callbacksPerSecond"], 500.0);
    assert_close(&estimate["peak"]["lambdaConcurrency"], 500.0 * 0.02);
    assert_close(&estimate["stored"]["presentMembers"], 50.0 * 600.0);
}

#[test]
fn a_callback_takes_longer_with_more_changes_but_not_longer_than_its_budget() {
    for (users, seconds) in [(64, 0.01), (65, 0.02), (100_000, 3.5)] {
        let estimate = estimate_for(&format!("--events-per-second 1 --users-per-event {users}"));
        assert_close(&estimate["average"]["lambdaConcurrency"], seconds);
    }
}

#[test]
fn a_room_is_looked_at_with_every_join_at_most_and_every_five_seconds_at_least() {
    let reads = |options| estimate_for(options)["average"]["reads"].as_f64().unwrap();
    let seldom = reads("--events-per-second 0.002 --assume rooms=1");
    assert!(seldom > 0.000_99, "joins are far apart");
    let busy = reads("--events-per-second 1000 --assume rooms=1 --assume warm-ms=1");
    assert!(busy < 0.2 && busy > 0.199, "{busy}: one function, one room");
}

#[test]
fn a_callback_of_a_crowd_holds_its_function_for_a_request_to_the_table_and_one_to_the_queue() {
    let of = |options: &str| {
        let mut estimate = estimate_for(&format!("--events-per-second 0 {options}"));
        estimate["flashCrowd"].take()
    };
    let crowd = of("--flash-crowd 50000 --assume flash-seconds=10");
    assert_close(&crowd["lambdaConcurrency"], 5000.0 * 0.014);
    // Those that come before the first is answered find no function.
    assert_close(&crowd["coldStarts"], 5000.0 * 0.25);
    let batched = of("--flash-crowd 50000 --assume flash-seconds=10 --users-per-event 2000");
    assert_close(&batched["lambdaConcurrency"], 2.5 * 0.324);
    assert_close(&batched["coldStarts"], 2.5 * 0.324);
    // No more functions than callbacks.
    let sudden = of("--flash-crowd 50 --assume flash-seconds=0.001");
    assert_close(&sudden["lambdaConcurrency"], 50.0);
    assert_close(&sudden["coldStarts"], 50.0);
}

#[test]
fn what_a_crowded_partition_does_not_take_at_once_is_deferred_and_comes_back_after_5_to_15_s() {
    for (users, seconds, deferred, right_after) in [
        (1000, 1.0, 0.0, 1.0),
        // The last who is deferred comes back last.
        (5000, 1.0, 4000.0, 16.0),
        // The partition is idle for four seconds.
        (50_000, 1.0, 49_000.0, 54.0),
        (50_000, 10.0, 40_000.0, 50.0),
        (50_000, 30.0, 20_000.0, 50.0),
        (50_000, 60.0, 0.0, 60.0),
    ] {
        let options = format!("--flash-crowd {users} --assume flash-seconds={seconds}");
        let crowd = &estimate_for(&options)["flashCrowd"];
        assert_close(&crowd["partitionSeconds"], f64::from(users) / 1000.0);
        assert_close(&crowd["deferredUsers"], deferred);
        assert_close(&crowd["rightAfterSeconds"], right_after);
    }
}

#[test]
fn a_limit_binds_at_the_load_that_needs_just_as_much_as_it_allows() {
    for (options, seconds) in [
        ("", 1.0),
        ("--users-per-event 7 --assume events-per-callback=3", 1.0),
        ("--assume flash-seconds=30 --assume partition-writes=30", 30.0),
    ] {
        for (at, limit) in estimate_for(options)["limits"].as_array().unwrap().iter().enumerate() {
            let option = if limit["of"] == "flashCrowdUsers" { "flash-crowd" } else { "peak" };
            let met = estimate_for(&format!("{options} --{option} {}", limit["bindsAt"]));
            let (allowed, crowd) = (limit["allowed"].as_f64().unwrap(), &met["flashCrowd"]);
            assert_close(&met["limits"][at]["needed"], allowed);
            match limit["unit"].as_str().unwrap() {
                "requests/s" => assert_close(&met["peak"]["callbacksPerSecond"], allowed),
                "cold starts" => assert_close(&crowd["coldStarts"], allowed),
                "write units in time" => {
                    assert_close(&crowd["partitionSeconds"], seconds);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn people_read_figures_with_units_and_which_limit_is_first() {
    let output = run(&["--flash-crowd", "20000"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    for part in [
        "20,000 join one room in 1 s",
        "1,000 functions at once",
        "GB-months",
        "$0.625 per million",
        "https://aws.amazon.com/dynamodb/pricing/on-demand/",
        "The first limit is the crowded room's partition: it binds at ",
        "per million events",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn every_assumption_is_printed_with_its_number_and_can_be_replaced() {
    let shown = String::from_utf8(run(&[]).stdout).unwrap();
    for assumption in estimate(&[])["assumptions"].as_array().unwrap() {
        let name = assumption["name"].as_str().unwrap();
        let line = shown.lines().find(|line| line.starts_with(&format!("│ {name} "))).unwrap();
        let value = assumption["value"].as_f64().unwrap();
        let [unit, source] = ["unit", "source"].map(|part| assumption[part].as_str().unwrap());
        for part in [&*format!(" {value} "), unit, source] {
            assert!(line.contains(part), "{name}: {line}");
        }
        let more = value + 1.0;
        let changed = estimate(&["--assume", &format!("{name}={more}")]);
        let mut changed = changed["assumptions"].as_array().unwrap().iter();
        assert_eq!(changed.find(|other| other["name"] == name).unwrap()["value"], more);
    }
}

#[test]
fn nonsense_is_refused_by_the_name_of_its_option() {
    for (option, value) in [
        ("--events-per-second", "-1"),
        ("--peak", "nan"),
        ("--peak", "inf"),
        ("--peak", "1"),
        ("--busiest-room", "101"),
        ("--flash-crowd", "-5"),
        ("--users-per-event", "0"),
        ("--assume", "rooms=0"),
        ("--assume", "rooms=1e13"),
        ("--assume", "flash-seconds=0"),
        ("--assume", "events-per-callback=many"),
        ("--assume", "repeats=-0.1"),
        ("--assume", "id-bytes=257"),
        ("--assume", "memory=64"),
        ("--assume", "warm-ms=0"),
        ("--assume", "budget-ms=4001"),
        ("--assume", "stay"),
        ("--assume", "architecture=mips"),
    ] {
        let output = run(&[option, value]);
        assert!(!output.status.success(), "{option} {value}");
        let said = String::from_utf8(output.stderr).unwrap();
        let name = value.split('=').next().unwrap();
        assert!(said.contains(option) && said.contains(name), "{option} {value}: {said}");
        assert!(output.stdout.is_empty());
    }
}
