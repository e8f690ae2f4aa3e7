//! Faults on purpose: the real binaries behind proxies that do what networks and services do. Each
//! run ends with an audit: everything that was answered 200 is in the table, or with the dead
//! letters.
//!
//! The seed is printed; `FAULT_SEED` replays it.

mod clock;
mod long;
mod proxy;
mod run;
mod traffic;

use proxy::{Fault, Weather};
use run::{Record, Run};
use serde_json::json;
use traffic::{SMALL, Scale, traffic};

use crate::support::{
    CountsSum, applied, counts_of, deferred,
    functions::{answer, answer_to, gateway},
    join, member_row, receive_deferred, rows, signed,
};
use chatroom_status_sync::local::sqs::DEFERRED;

fn seed() -> u64 {
    let seed = std::env::var("FAULT_SEED").ok();
    seed.map_or(20_261_123, |seed| seed.parse().unwrap())
}

/// Sends some traffic in this weather, lets a worker run beside it, and audits.
async fn survive(weather: Weather, callbacks: u64) -> Record {
    let run = Run::start(weather).await;
    let (mut function, mut worker) = (run.callback().await, run.worker().await);
    for (number, callback) in traffic(seed(), Scale { callbacks, ..SMALL }).iter().enumerate() {
        run.send(&mut function, callback, None).await;
        if number % 10 == 9 {
            run.work(&mut worker).await;
        }
    }
    run.audit().await
}

#[tokio::test]
async fn nothing_is_lost_when_the_engine_throttles_and_no_storm_of_retries_follows() {
    let run = Run::start(Weather::of(seed(), Fault::Throttle, 500)).await;
    let mut function = run.callback().await;
    for callback in traffic(seed(), SMALL) {
        run.send(&mut function, &callback, None).await;
    }
    let requests = run.dynamodb.requests();
    let record = run.audit().await;
    let changes = record.counts.changes() as u64;
    println!("{requests} requests for {changes} changes");
    // A look at the room for each room of a callback, and at most three attempts at each request.
    assert!(requests <= changes * 4);
    assert!(record.counts.deferred > 0, "something was deferred");
}

#[tokio::test]
async fn nothing_is_lost_when_the_engine_fails() {
    survive(Weather::of(seed(), Fault::Error, 300), 60).await;
}

#[tokio::test]
async fn nothing_is_lost_when_connections_are_reset() {
    survive(Weather::of(seed(), Fault::Reset, 200), 60).await;
}

#[tokio::test]
async fn nothing_is_lost_when_responses_are_cut_off() {
    survive(Weather::of(seed(), Fault::Cut, 200), 60).await;
}

#[tokio::test]
async fn nothing_is_lost_when_confirmations_are_lost() {
    survive(Weather::of(seed(), Fault::Unconfirmed, 200), 60).await;
}

#[tokio::test]
async fn nothing_is_lost_when_requests_stall() {
    let stall = Weather {
        faults: vec![(Fault::Stall, 10), (Fault::StallAfter, 10)],
        ..Weather::of(seed(), Fault::None, 0)
    };
    survive(stall, 40).await;
}

#[tokio::test]
async fn nothing_is_lost_in_a_storm_of_everything() {
    survive(Weather::storm(seed(), 20), 100).await;
}

/// A room of 300 whose requests suffer a fault, and fifty rooms beside it, in one callback. Gives
/// the number of requests.
async fn one_hot_room(fault: Fault) -> u64 {
    let mut run =
        Run::start(Weather { only: "hot-room".to_owned(), ..Weather::of(seed(), fault, 1000) })
            .await;
    run.sqs.set(Weather::default());
    // Enough for everybody else on a slow machine, too.
    run.variables.push(("BUDGET_MS", "4000".to_owned()));
    let mut function = run.callback().await;
    let users: Vec<_> = (0..300).map(|n| format!("u{n}")).collect();
    let mut events = vec![join("hot-room", &users)];
    events.extend((0..50).map(|n| join(&format!("room-{n}"), "ann")));
    let answer = answer_to(&mut function, &events).await;
    assert_eq!(counts_of(&answer), applied(50).and(deferred(300)));
    let message = receive_deferred(&run.stack).await.to_string();
    assert!(message.contains("hot-room") && !message.contains("room-1"));
    run.dynamodb.requests()
}

#[tokio::test]
async fn a_hot_partition_defers_its_own_changes_and_nobody_elses() {
    let requests = one_hot_room(Fault::Throttle).await;
    // Far more requests are refused than tried again: the SDK's retries have a budget, too.
    assert!(requests < 50 * 2 + 300 * 2 + 10, "{requests} requests");
}

#[tokio::test]
async fn a_partition_that_does_not_answer_holds_nobody_else_up() {
    one_hot_room(Fault::Stall).await;
}

#[tokio::test]
async fn on_a_managed_instance_a_callback_that_waits_holds_up_no_other() {
    let mut run = Run::start(Weather {
        only: "slow-room".to_owned(),
        ..Weather::of(seed(), Fault::Stall, 1000)
    })
    .await;
    run.sqs.set(Weather::default());
    run.variables.push(("AWS_LAMBDA_MAX_CONCURRENCY", "2".to_owned()));
    let mut function = run.callback().await;
    for room in ["slow-room", "room"] {
        let callback = signed(&[join(room, "ann")]);
        function.send(gateway(&callback).to_string());
    }
    let first = function.receive().await.unwrap();
    assert_eq!(counts_of(&answer(&first)), applied(1));
    let second = function.receive().await.unwrap();
    assert_eq!(counts_of(&answer(&second)), deferred(1));
}

#[tokio::test]
async fn a_join_is_deferred_while_its_room_cannot_be_read() {
    let run = Run::start(Weather {
        only: r#""sk":{"S":"ROOM"}"#.to_owned(),
        ..Weather::of(seed(), Fault::Throttle, 1000)
    })
    .await;
    let mut function = run.callback().await;
    run.send(&mut function, &[join("room", "ann")], None).await;
    assert_eq!(run.audit().await.counts, deferred(1));
}

#[tokio::test]
async fn a_table_that_is_down_defers_everything_and_a_queue_that_is_down_harms_nobody() {
    let run = Run::start(Weather::default()).await;
    let mut function = run.callback().await;
    let callbacks = traffic(seed(), SMALL);
    let phases = [(false, false), (true, false), (false, true), (true, true), (false, false)];
    for ((no_table, no_queue), callbacks) in phases.into_iter().zip(callbacks.chunks(12)) {
        run.dynamodb.set_down(no_table);
        run.sqs.set_down(no_queue);
        for callback in callbacks {
            run.send(&mut function, callback, None).await;
        }
    }
    let record = run.audit().await;
    assert!(record.counts.deferred > 0, "something was deferred");
    assert!(record.answers[&503] > 0, "with both down, the sender was told");
    assert!(!record.uncertain.is_empty());
}

#[tokio::test]
async fn nothing_is_lost_when_the_function_is_killed_at_any_moment() {
    let run = Run::start(Weather::default()).await;
    let mut function = run.callback().await;
    for (number, callback) in traffic(seed(), Scale { callbacks: 40, ..SMALL }).iter().enumerate() {
        let moment = number as u64 % 9;
        run.send(&mut function, callback, (moment > 0).then_some(moment)).await;
    }
    let record = run.audit().await;
    assert!(record.answers[&0] > 10, "{:?}", record.answers);
}

#[tokio::test]
async fn nothing_is_lost_when_the_worker_is_killed_at_any_moment() {
    let run = Run::start(Weather::default()).await;
    run.dynamodb.set_down(true);
    let mut function = run.callback().await;
    for callback in traffic(seed(), Scale { callbacks: 20, ..SMALL }) {
        run.send(&mut function, &callback, None).await;
    }
    run.dynamodb.set_down(false);
    for requests in [1, 2, 5, 10, 20, 50] {
        let mut worker = run.worker().await;
        run.stack.sqs.make_visible(DEFERRED);
        let event = receive_deferred(&run.stack).await.to_string();
        let alarm = run.dynamodb.after_requests(requests);
        tokio::select! {
            _ = worker.invoke(event) => {}
            () = alarm.notified() => worker.kill(),
        }
    }
    let record = run.audit().await;
    assert_eq!((record.counts.applied, record.counts.stale), (0, 0), "all of it was the worker's");
}

#[tokio::test]
async fn a_message_that_was_applied_in_part_is_replaced_by_the_rest() {
    let run = Run::start(Weather {
        only: "USER#u7".to_owned(),
        ..Weather::of(seed(), Fault::Throttle, 1000)
    })
    .await;
    run.dynamodb.set_down(true);
    let mut function = run.callback().await;
    run.send(&mut function, &[join("room", ["u6", "u7", "u8"])], None).await;
    run.dynamodb.set_down(false);
    assert_eq!(run.work(&mut run.worker().await).await, 1);
    let found = rows(&run.stack.table).await;
    assert_eq!(member_row(&found, "room", "u6")["membership"], "joined");
    run.stack.sqs.make_visible(DEFERRED);
    let left = receive_deferred(&run.stack).await;
    let body: serde_json::Value =
        serde_json::from_str(left["Records"][0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["events"][0]["userIds"], json!(["u7"]));
    run.audit().await;
}
