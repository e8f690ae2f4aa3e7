//! Bad days: dead connections, silent and slow tables, bodies that are too large.

use std::time::Duration;

use chatroom_status_sync::local::{im_server::WireEvent, sqs::DEFERRED};
use futures_util::future::join_all;
use serde_json::Value;

use super::{
    proxy::{Death, Fault, Weather},
    run::Run,
    seed,
};
use crate::support::{
    applied, counts_of, deferred, deferred_messages, destroy,
    functions::{answer_to, response_to},
    join, member_row, receive_deferred, rows, signed,
};

/// Starts a run with the budget of a deployment.
pub async fn run() -> Run {
    let mut run = Run::start(Weather::default()).await;
    run.variables.push(("BUDGET_MS", "3500".to_owned()));
    run
}

fn users(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("user-{number:06}")).collect()
}

#[tokio::test]
async fn a_pool_of_dead_connections_defers_nothing_on_a_healthy_table() {
    for death in [Death::Silent, Death::Reset] {
        let run = run().await;
        let mut function = run.callback().await;
        let answer = answer_to(&mut function, &[join("room", &users(64))]).await;
        assert_eq!(counts_of(&answer), applied(64));
        assert!(run.dynamodb.end_connections(death) >= 32, "many connections were open");
        for user in ["ann", "ben", "cid", "dan"] {
            let answer = answer_to(&mut function, &[join("room", user)]).await;
            assert_eq!(counts_of(&answer), applied(1), "{death:?}");
        }
    }
}

#[tokio::test]
async fn dead_connections_to_table_and_queue_lose_nothing() {
    for death in [Death::Silent, Death::Reset] {
        let run = run().await;
        let mut function = run.callback().await;
        run.dynamodb.set(Weather::of(seed(), Fault::Throttle, 1000));
        for room in ["one", "two"] {
            let answer = answer_to(&mut function, &[join(room, "ann")]).await;
            assert_eq!(counts_of(&answer), deferred(1));
        }
        run.dynamodb.end_connections(death);
        run.sqs.end_connections(death);
        for room in ["three", "four"] {
            let response = response_to(&mut function, &signed(&[join(room, "ann")])).await;
            assert_eq!(response["statusCode"], 200, "{death:?}: {response}");
        }
        assert_eq!(deferred_messages(&run.stack).len(), 4);
    }
}

#[tokio::test]
async fn a_silent_table_is_asked_once_by_each_callback_until_it_answers_again() {
    let run = run().await;
    let mut function = run.callback().await;
    run.dynamodb.set(Weather::of(seed(), Fault::Stall, 1000));
    answer_to(&mut function, &[join("room", "first")]).await;
    let before = run.dynamodb.requests();
    for user in ["ann", "ben", "cid"] {
        let answer = answer_to(&mut function, &[join("room", user)]).await;
        assert_eq!(counts_of(&answer), deferred(1));
    }
    let requests = run.dynamodb.requests() - before;
    assert_eq!(requests, 6, "each wrote and looked at its room, once");
    run.dynamodb.set(Weather::default());
    for user in ["dan", "eve"] {
        let answer = answer_to(&mut function, &[join("room", user)]).await;
        assert_eq!(counts_of(&answer), applied(1));
    }
}

#[tokio::test]
async fn a_throttled_change_is_deferred_at_its_first_throttle_and_comes_back_seconds_later() {
    let run = run().await;
    let mut function = run.callback().await;
    answer_to(&mut function, &[join("room", "ann")]).await;
    let only = "UpdateExpression".to_owned();
    run.dynamodb.set(Weather { only, ..Weather::of(seed(), Fault::Throttle, 1000) });
    let before = run.dynamodb.requests();
    let answer = answer_to(&mut function, &[join("room", "ben")]).await;
    assert_eq!(counts_of(&answer), deferred(1));
    assert_eq!(run.dynamodb.requests() - before, 1, "the room is remembered");
    let hidden = run.stack.sqs.make_visible(DEFERRED)[0].as_secs();
    assert!((3..15).contains(&hidden), "{hidden} s");
}

#[tokio::test]
async fn a_worker_sends_what_is_throttled_again_until_it_is_written() {
    let run = run().await;
    let mut function = run.callback().await;
    run.dynamodb.set(Weather::of(seed(), Fault::Throttle, 1000));
    let answer = answer_to(&mut function, &[join("room", &users(15))]).await;
    assert_eq!(counts_of(&answer), deferred(15));
    run.dynamodb.set(Weather::of(seed(), Fault::Throttle, 600));
    run.stack.sqs.make_visible(DEFERRED);
    let mut worker = run.worker().await;
    assert_eq!(run.work(&mut worker).await, 1);
    assert!(run.stack.sqs.bodies(DEFERRED).is_empty());
    assert_eq!(rows(&run.stack.table).await.len(), 16);
}

#[tokio::test]
async fn a_table_that_stalls_under_load_is_left_alone_and_nothing_is_lost() {
    let run = run().await;
    run.dynamodb.set(Weather::of(seed(), Fault::Stall, 1000));
    let before = run.dynamodb.requests();
    let functions = (0..6).map(async |number| {
        let mut function = run.callback().await;
        for call in 0..6 {
            run.send(&mut function, &[join(&format!("room-{number}"), &format!("u{call}"))]).await;
        }
    });
    join_all(functions).await;
    let requests = run.dynamodb.requests() - before;
    assert_eq!(requests, 6 * (2 + 6 * 2), "two at each start, and two for each join");
    let record = run.audit().await;
    assert_eq!((record.counts, record.answers[&200]), (deferred(36), 36));
}

#[tokio::test]
async fn a_function_that_starts_while_the_table_is_silent_asks_it_once() {
    let run = run().await;
    run.dynamodb.set(Weather::of(seed(), Fault::Stall, 1000));
    let mut function = run.callback().await;
    let answer = answer_to(&mut function, &[join("room", "ann")]).await;
    assert_eq!(counts_of(&answer), deferred(1));
    assert_eq!(run.dynamodb.requests(), 4, "two at the start, and two for the join");
}

/// Has ten messages handled, while the table answers one request after the other. Gives the number
/// of invocations.
async fn work_on_a_slow_table(messages: [Vec<WireEvent>; 10]) -> (Run, usize) {
    let run = run().await;
    let mut function = run.callback().await;
    run.dynamodb.set(Weather::of(seed(), Fault::Throttle, 1000));
    for events in messages {
        answer_to(&mut function, &events).await;
    }
    run.dynamodb.set(Weather { takes: Duration::from_millis(20), ..Weather::default() });
    let mut worker = run.worker().await;
    let (mut invocations, mut before) = (0, None);
    while !run.stack.sqs.bodies(DEFERRED).is_empty() {
        run.stack.sqs.make_visible(DEFERRED);
        run.work(&mut worker).await;
        // A change may be written in one invocation, and confirmed in another.
        let queued = run.stack.sqs.bodies(DEFERRED).concat().len();
        let now = Some((rows(&run.stack.table).await.len(), queued));
        assert_ne!(now, before, "invocation {invocations} did nothing");
        (invocations, before) = (invocations + 1, now);
    }
    (run, invocations)
}

#[tokio::test]
async fn a_worker_makes_progress_on_a_table_that_answers_one_request_after_the_other() {
    let room = |room| vec![join(&format!("room-{room}"), &users(100))];
    let (run, invocations) = work_on_a_slow_table(std::array::from_fn(room)).await;
    assert!(invocations < 10, "{invocations} invocations");
    assert_eq!(rows(&run.stack.table).await.len(), 10 * (100 + 1), "all members, and their rooms");
}

#[tokio::test]
async fn a_worker_makes_progress_on_a_slow_table_in_messages_about_many_rooms() {
    let rooms = |message| {
        let room = |room| join(&format!("room-{message}-{room}"), "ann");
        (0..40).map(room).collect()
    };
    let (run, invocations) = work_on_a_slow_table(std::array::from_fn(rooms)).await;
    assert!(invocations < 20, "{invocations} invocations");
    assert_eq!(rows(&run.stack.table).await.len(), 10 * 40 * 2, "all members, and their rooms");
}

#[tokio::test]
async fn on_a_slow_table_a_large_room_keeps_no_small_one_waiting() {
    let run = run().await;
    let mut function = run.callback().await;
    answer_to(&mut function, &[join("warm", "ann")]).await;
    run.dynamodb.set(Weather { takes: Duration::from_millis(50), ..Weather::default() });
    let events = [join("large", &users(400)), join("small", "ann")];
    let answer = answer_to(&mut function, &events).await;
    assert!(counts_of(&answer).deferred > 0, "the table had no time for all");
    assert_eq!(member_row(&rows(&run.stack.table).await, "small", "ann")["membership"], "joined");
}

#[tokio::test]
async fn a_deadline_in_the_middle_of_a_callback_leaves_no_room_unknown() {
    let mut run = run().await;
    run.variables.push(("BUDGET_MS", "700".to_owned()));
    let mut function = run.callback().await;
    run.send(&mut function, &[join("warm", "ann")]).await;
    run.dynamodb.set(Weather { takes: Duration::from_millis(10), ..Weather::default() });
    let rooms: Vec<_> = (0..60).map(|room| join(&format!("room-{room}"), "ann")).collect();
    run.send(&mut function, &rooms).await;
    let record = run.audit().await;
    assert!(record.counts.deferred > 0, "the deadline came in the middle");
}

#[tokio::test]
async fn what_a_large_body_says_beyond_ten_thousand_changes_is_queued_at_once() {
    let mut run = run().await;
    // The table has no time, so that all of it is in the queue.
    run.dynamodb.set_down(true);
    run.variables.push(("BUDGET_MS", "100".to_owned()));
    let mut function = run.callback().await;
    let events = [join("room", &users(9_999)), destroy("room"), join("stage", &users(5_000))];
    let answer = answer_to(&mut function, &events).await;
    assert_eq!(counts_of(&answer), deferred(15_000));
    let mut found = 0;
    let event = receive_deferred(&run.stack).await;
    for record in event["Records"].as_array().unwrap() {
        let body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
        for event in body["events"].as_array().unwrap() {
            found += event["userIds"].as_array().unwrap().len();
        }
    }
    assert_eq!(found, 14_999);
}
