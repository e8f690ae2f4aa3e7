//! Hops of a sweep: how far one goes, and how the next goes on.

use std::time::Duration;

use chatroom_status_sync::{
    aws::Aws,
    domain::{
        event::{Kind, Version},
        ids::RoomId,
        sweep::Sweep,
    },
    env::Environment,
    functions::{settings::StorageSettings, worker::Worker},
    local::{
        Stack,
        sqs::{SWEEPS, arn_of},
    },
    table::{key::Key, sweep::Swept, update},
    wire::{deferred, sqs::SqsEvent},
};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    support::{
        EventBuilder, app, at, deployment, destroy, join, member_row, now, queued_sweeps, room_row,
        rows, send,
    },
    sweeping::{drained, lose_sweeps},
};

/// Lets so many users join a room, and destroys it. Gives the sweep that is due.
async fn destroyed_room(stack: &Stack, users: usize) -> Sweep {
    let names: Vec<_> = (0..users).map(|number| format!("user-{number:06}")).collect();
    for chunk in names.chunks(200) {
        assert_eq!(send(stack, &[join("room", chunk).at(1)]).await.0, 200);
    }
    send(stack, &[destroy("room").at(5)]).await;
    whole_sweep()
}

/// The sweep of that room, from its first member on.
pub fn whole_sweep() -> Sweep {
    let destroy = Version::new(at(5), Kind::Destroy, 0);
    Sweep { room: RoomId::new("room").unwrap(), destroy, after: None }
}

#[tokio::test]
async fn a_sweep_goes_on_page_by_page_until_all_members_are_done() {
    let stack = deployment().await;
    let sweep = destroyed_room(&stack, 1_400).await;
    let later = Instant::now() + Duration::from_mins(1);
    assert_eq!(stack.table.sweep(&app(), sweep, later).await, Swept::Done { ended: 1_400 });
    let rows = rows(&stack.table).await;
    assert!(rows.values().all(|row| row.get("membership") != Some(&"joined".into())));
    assert!(!room_row(&rows, "room").contains_key("sweepUntil"));
}

#[tokio::test]
async fn a_sweep_without_time_ends_nobody_and_says_where_to_go_on() {
    let stack = deployment().await;
    let sweep = destroyed_room(&stack, 3).await;
    let swept = stack.table.sweep(&app(), sweep.clone(), Instant::now()).await;
    assert_eq!(swept, Swept::Unfinished { rest: sweep, ended: 0, why: None });
}

/// A worker in front of a deployment.
fn worker(stack: &Stack) -> Worker {
    let env = Environment::new(|name| stack.variable(name));
    Worker::new(StorageSettings::read(&env).unwrap(), &Aws::from_env(&env).unwrap())
}

fn sweep_event(sweep: &Sweep) -> SqsEvent {
    let body = deferred::sweep_message(&app(), sweep);
    let record = json!({"messageId": "m", "body": body, "eventSourceARN": arn_of(SWEEPS)});
    serde_json::from_value(json!({"Records": [record]})).unwrap()
}

#[tokio::test]
async fn a_worker_out_of_time_queues_the_rest_of_the_sweep() {
    let stack = deployment().await;
    let sweep = destroyed_room(&stack, 5_000).await;
    lose_sweeps(&stack).await;
    // What is left of this time is for the queue: there is none for the whole room.
    let killed = Instant::now() + Duration::from_millis(6_500);
    let (response, lines) = worker(&stack).work(sweep_event(&sweep), now(), killed).await;
    assert!(response.batch_item_failures.is_empty(), "{lines:?}");
    let swept = lines[0].swept.unwrap();
    assert!(swept > 0 && swept < 5_000, "{lines:?}");
    assert_eq!(queued_sweeps(&stack).len(), 1);
    let rows = drained(&stack).await;
    assert!(rows.values().all(|row| row.get("membership") != Some(&"joined".into())));
    assert!(!room_row(&rows, "room").contains_key("sweepUntil"));
}

#[tokio::test]
async fn a_sweep_steps_back_while_another_one_is_sweeping_the_room() {
    let stack = deployment().await;
    let sweep = destroyed_room(&stack, 1_400).await;
    lose_sweeps(&stack).await;
    let until = now().after(Duration::from_secs(20));
    let claim = update::claim(now(), until);
    stack
        .table
        .client()
        .update_item()
        .table_name(stack.table.name())
        .set_key(Some(Key::room(&app(), &sweep.room).attributes()))
        .update_expression(claim.expression)
        .set_expression_attribute_values(claim.values.map(|mut values| {
            values.remove(":now");
            values
        }))
        .send()
        .await
        .unwrap();
    let killed = Instant::now() + Duration::from_secs(30);
    let (response, lines) = worker(&stack).work(sweep_event(&sweep), now(), killed).await;
    assert!(response.batch_item_failures.is_empty(), "{lines:?}");
    assert_eq!(lines[0].swept, None);
    let hidden = stack.sqs.make_visible(SWEEPS);
    assert!(hidden.len() == 1 && hidden[0] > Duration::from_secs(15), "{hidden:?}");
    let rows = rows(&stack.table).await;
    assert_eq!(member_row(&rows, "room", "user-000000")["membership"], "joined");
}

#[tokio::test]
#[ignore = "slow: a hundred thousand members are written and swept"]
async fn a_room_of_a_hundred_thousand_members_is_swept() {
    let stack = deployment().await;
    let sweep = destroyed_room(&stack, 100_000).await;
    let later = Instant::now() + Duration::from_mins(30);
    let before = resident_kib();
    assert_eq!(stack.table.sweep(&app(), sweep, later).await, Swept::Done { ended: 100_000 });
    println!("memory grew by {} KiB", resident_kib().saturating_sub(before));
}

/// The memory of this process, which includes the embedded engine and its data.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}
