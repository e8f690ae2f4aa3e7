//! Faults on purpose: the real binaries behind proxies that fail as networks and services do. Each
//! run ends with an audit: every event that was answered 200 is in the table or in a dead letter.
//!
//! A run prints its seed, and `FAULT_SEED` replays it.

mod bad_days;
mod clock;
mod long;
pub mod proxy;
mod queues;
mod run;
mod traffic;

use proxy::{Fault, Weather};
use run::{NO_ANSWER, Record, Run};
use serde_json::json;
use traffic::{SMALL, Scale, traffic};

use crate::support::{
    CountsSum, applied, counts_of, deferred, deferred_messages,
    functions::{answer_in, answer_to, gateway_event},
    join, member_row, receive_deferred, rows, signed,
};
use chatroom_status_sync::{local::sqs::DEFERRED, wire::answer::Counts};

fn seed() -> u64 {
    let seed = std::env::var("FAULT_SEED").ok();
    seed.map_or(20_261_123, |seed| seed.parse().unwrap())
}

/// Sends traffic in this weather while a worker runs beside it, and audits.
async fn survive(weather: Weather, callbacks: u64) -> Record {
    let run = Run::start(weather).await;
    let (mut function, mut worker) = (run.callback().await, run.worker().await);
    for (number, callback) in traffic(seed(), Scale { callbacks, ..SMALL }).iter().enumerate() {
        run.send(&mut function, callback).await;
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
        run.send(&mut function, &callback).await;
    }
    let requests = run.dynamodb.requests();
    let record = run.audit().await;
    let changes = record.counts.changes() as u64;
    println!("{requests} requests for {changes} changes");
    // The reads of rooms count, too, and what is throttled is not tried again.
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

/// Sends one callback about a room of 300, whose requests suffer a fault, and about fifty other
/// rooms, whose requests do not. Gives the number of requests.
async fn one_hot_room(fault: Fault) -> u64 {
    let mut run =
        Run::start(Weather { only: "hot-room".to_owned(), ..Weather::of(seed(), fault, 1000) })
            .await;
    run.sqs.set(Weather::default());
    // The other rooms need no more than that, even on a slow machine.
    run.variables.push(("BUDGET_MS", "4000".to_owned()));
    let mut function = run.callback().await;
    let users: Vec<_> = (0..300).map(|n| format!("u{n}")).collect();
    let mut events = vec![join("hot-room", &users)];
    events.extend((0..50).map(|n| join(&format!("room-{n}"), "ann")));
    let answer = answer_to(&mut function, &events).await;
    assert_eq!(counts_of(&answer), applied(50).and(deferred(300)));
    run.stack.sqs.make_visible(DEFERRED);
    let message = receive_deferred(&run.stack).await.to_string();
    assert!(message.contains("hot-room") && !message.contains("room-1"));
    run.dynamodb.requests()
}

#[tokio::test]
async fn a_hot_partition_defers_its_own_changes_and_nobody_elses() {
    let requests = one_hot_room(Fault::Throttle).await;
    // What is throttled is not tried again, and the room is then left alone.
    assert!(requests < 50 * 2 + 300 * 2 + 10, "{requests} requests");
}

#[tokio::test]
async fn a_partition_that_does_not_answer_holds_nobody_else_up() {
    one_hot_room(Fault::Stall).await;
}

#[tokio::test]
async fn where_requests_come_side_by_side_one_that_waits_holds_up_no_other() {
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
        function.send(gateway_event(&callback).to_string());
    }
    let first = function.receive().await.unwrap();
    assert_eq!(counts_of(&answer_in(&first)), applied(1));
    let second = function.receive().await.unwrap();
    assert_eq!(counts_of(&answer_in(&second)), deferred(1));
}

#[tokio::test]
async fn a_join_is_deferred_while_its_room_cannot_be_read() {
    let run = Run::start(Weather {
        only: r#""sk":{"S":"ROOM"}"#.to_owned(),
        ..Weather::of(seed(), Fault::Throttle, 1000)
    })
    .await;
    let mut function = run.callback().await;
    run.send(&mut function, &[join("room", "ann")]).await;
    assert_eq!(run.audit().await.counts, deferred(1));
}

#[tokio::test]
async fn a_join_is_deferred_while_its_room_cannot_be_written_as_active() {
    let run = Run::start(Weather {
        only: "lifecycle = :state".to_owned(),
        ..Weather::of(seed(), Fault::Throttle, 1000)
    })
    .await;
    let mut function = run.callback().await;
    run.send(&mut function, &[join("room", "ann")]).await;
    assert_eq!(run.audit().await.counts, deferred(1));
}

/// Services that are down.
struct Down {
    table: bool,
    queue: bool,
}

#[tokio::test]
async fn a_table_that_is_down_defers_everything_and_a_queue_that_is_down_harms_nobody() {
    let run = Run::start(Weather::default()).await;
    let mut function = run.callback().await;
    let callbacks = traffic(seed(), SMALL);
    let phases = [
        Down { table: false, queue: false },
        Down { table: true, queue: false },
        Down { table: false, queue: true },
        Down { table: true, queue: true },
        Down { table: false, queue: false },
    ];
    for (down, callbacks) in phases.into_iter().zip(callbacks.chunks(12)) {
        run.dynamodb.set_down(down.table);
        run.sqs.set_down(down.queue);
        for callback in callbacks {
            run.send(&mut function, callback).await;
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
        match number as u64 % 9 {
            0 => run.send(&mut function, callback).await,
            requests => run.send_and_kill(&mut function, callback, requests).await,
        }
    }
    let record = run.audit().await;
    assert!(record.answers[&NO_ANSWER] > 10, "{:?}", record.answers);
}

#[tokio::test]
async fn nothing_is_lost_when_the_worker_is_killed_at_any_moment() {
    let run = Run::start(Weather::default()).await;
    run.dynamodb.set_down(true);
    let mut function = run.callback().await;
    for callback in traffic(seed(), Scale { callbacks: 20, ..SMALL }) {
        run.send(&mut function, &callback).await;
    }
    run.dynamodb.set_down(false);
    for requests in [1, 2, 5, 10, 20, 50] {
        let mut worker = run.worker().await;
        run.stack.sqs.make_visible(DEFERRED);
        let event = receive_deferred(&run.stack).await.to_string();
        let alarm = run.dynamodb.after_requests(requests);
        tokio::select! {
            _ = worker.invoke(event) => {}
            () = alarm.notified() => worker.kill().unwrap(),
        }
    }
    let record = run.audit().await;
    let Counts { applied, stale, .. } = record.counts;
    assert_eq!((applied, stale), (0, 0), "all of it was the worker's");
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
    run.send(&mut function, &[join("room", ["u6", "u7", "u8"])]).await;
    run.dynamodb.set_down(false);
    assert_eq!(run.work(&mut run.worker().await).await, 1);
    let found = rows(&run.stack.table).await;
    assert_eq!(member_row(&found, "room", "u6")["membership"], "joined");
    run.stack.sqs.make_visible(DEFERRED);
    let rest = &deferred_messages(&run.stack)[0];
    assert_eq!(rest["events"][0]["userIds"], json!(["u7"]));
    run.audit().await;
}
