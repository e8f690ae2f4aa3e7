//! Sweeps, which carry a room's end to its members.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;
use chatroom_status_sync::{
    aws::{Aws, moment::Moment},
    domain::{
        event::{Kind, Version},
        ids::RoomId,
        room_state::RoomState,
        sweep::Sweep,
        time::Timestamp,
    },
    env::Environment,
    functions::{settings::StorageSettings, worker::Worker},
    local::{
        Stack,
        im_server::WireEvent,
        sqs::{SWEEPS, arn_of},
    },
    table::{
        key::Key,
        room_cache::{AGE, RoomCache},
        sweep::Swept,
        update,
    },
    wire::{deferred, sqs::SqsEvent},
};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{
    EventBuilder, Rows, another_function, app, at, create, deployment, deployment_with, destroy,
    expiry, hand, join, leave, member_row, now, oracle::present, queued_sweeps, receive, room_row,
    rows, send, sqs, time, version,
};

async fn drained(stack: &Stack) -> Rows {
    stack.drain().await.unwrap();
    rows(&stack.table).await
}

fn is_in(rows: &Rows, room: &str, user: &str) -> bool {
    present(rows).contains(&(room.to_owned(), user.to_owned()))
}

#[tokio::test]
async fn a_destroy_says_at_once_that_everybody_is_gone_and_once_swept_every_item_says_so() {
    let stack = deployment().await;
    send(&stack, &[join("room", ["ann", "ben"]).at(1), leave("room", "ben").at(2)]).await;
    send(&stack, &[join("room", "ben").at(3), destroy("room").at(5)]).await;
    let before = rows(&stack.table).await;
    assert!(present(&before).is_empty());
    assert_eq!(member_row(&before, "room", "ann")["membership"], "joined");

    let after = drained(&stack).await;
    for user in ["ann", "ben"] {
        let member = member_row(&after, "room", user);
        assert_eq!(member["membership"], "left");
        assert_eq!(member["reason"], "room_destroyed");
        assert!(!member.contains_key("userKey"));
        assert_eq!(member["expiresAt"], expiry(0));
    }
    let ben = member_row(&after, "room", "ben");
    assert_eq!(ben["version"], version(&join("room", "ben").at(3)), "no newer event is about ben");
    assert_eq!(ben["joinedAt"], time(3));
    assert_eq!(ben["leftAt"], time(2));
}

#[tokio::test]
async fn members_of_the_rooms_next_life_stay() {
    let stack = deployment().await;
    send(&stack, &[join("room", ["old", "both"]).at(1), destroy("room").at(5)]).await;
    send(&stack, &[join("room", ["new", "both"]).at(6)]).await;
    let rows = drained(&stack).await;
    assert!(
        is_in(&rows, "room", "new") && is_in(&rows, "room", "both") && !is_in(&rows, "room", "old")
    );
    assert_eq!(member_row(&rows, "room", "old")["membership"], "left");
    assert_eq!(room_row(&rows, "room")["lifecycle"], "active");
}

#[tokio::test]
async fn a_destroy_that_comes_late_into_a_living_room_is_healed() {
    let stack = deployment().await;
    send(&stack, &[create("room")]).await;
    send(&stack, &[join("room", "ann").at(9)]).await;
    send(&stack, &[destroy("room").at(5)]).await;
    assert!(is_in(&rows(&stack.table).await, "room", "ann"));
    let rows = drained(&stack).await;
    let room = room_row(&rows, "room");
    assert_eq!(room["lifecycle"], "active");
    assert_eq!(room["destroyedAt"], time(5));
    assert!(room.contains_key("roomsKey") && !room.contains_key("expiresAt"));
    assert!(is_in(&rows, "room", "ann"));
}

#[tokio::test]
async fn a_room_lives_on_by_a_join_after_its_destroy_even_if_that_member_left_again() {
    let stack = deployment().await;
    send(&stack, &[create("room")]).await;
    send(&stack, &[join("room", "ann").at(9), leave("room", "ann").at(10)]).await;
    send(&stack, &[destroy("room").at(5)]).await;
    assert_eq!(room_row(&drained(&stack).await, "room")["lifecycle"], "active");
}

#[tokio::test]
async fn a_function_that_remembers_a_room_as_alive_is_corrected_by_the_sweep() {
    let stack = deployment().await;
    let (warm, other) = (another_function(&stack).await, another_function(&stack).await);
    hand(&warm, &[join("room", "ann").at(1)]).await;
    hand(&other, &[destroy("room").at(9)]).await;
    hand(&warm, &[join("room", "late").at(5)]).await;
    let before = rows(&stack.table).await;
    assert_eq!(member_row(&before, "room", "late")["membership"], "joined", "it did not look");
    assert!(!is_in(&before, "room", "late"), "but readers know");
    let after = drained(&stack).await;
    assert_eq!(member_row(&after, "room", "late")["reason"], "room_destroyed");
}

#[tokio::test]
async fn a_late_join_is_ended_by_a_function_that_only_remembers_the_room() {
    let stack = deployment().await;
    let warm = another_function(&stack).await;
    hand(&warm, &[destroy("room").at(5)]).await;
    hand(&warm, &[join("room", "new").at(9)]).await;
    drained(&stack).await;
    hand(&warm, &[join("room", "late").at(3)]).await;
    let rows = rows(&stack.table).await;
    assert_eq!(
        member_row(&rows, "room", "late")["reason"],
        "room_destroyed",
        "no sweep comes for it"
    );
}

#[tokio::test]
async fn a_late_join_of_a_rooms_old_life_does_not_end_the_new_one() {
    let stack = deployment().await;
    send(&stack, &[destroy("room").at(5)]).await;
    send(&stack, &[join("room", "ann").at(9)]).await;
    send(&stack, &[join("room", "ann").at(3)]).await;
    assert!(is_in(&drained(&stack).await, "room", "ann"));
}

#[tokio::test]
async fn a_sweep_is_delayed() {
    let stack = deployment_with(&[("SWEEP_DELAY_SECONDS", "900")]).await;
    send(&stack, &[join("room", "ann").at(1)]).await;
    send(&stack, &[destroy("room").at(5)]).await;
    assert_eq!(stack.sqs.bodies(SWEEPS).len(), 1);
    let rows = drained(&stack).await;
    assert_eq!(member_row(&rows, "room", "ann")["membership"], "joined");
    assert_eq!(stack.sqs.bodies(SWEEPS).len(), 1);
}

#[tokio::test]
async fn a_repeated_destroy_asks_for_its_sweep_again_and_an_older_one_does_not() {
    let stack = deployment().await;
    let newest = WireEvent { time: now(), ..destroy("room") };
    let minute_before = Timestamp::from(SystemTime::now() - Duration::from_mins(1));
    let older = WireEvent { time: minute_before, ..destroy("room") };
    for event in [&newest, &newest, &older] {
        send(&stack, std::slice::from_ref(event)).await;
    }
    let newest: u64 = version(&newest).parse().unwrap();
    let sweep = json!({
        "appKey": "someappKey",
        "sweep": {"chatRoomId": "room", "destroyVersion": newest},
    });
    assert_eq!(queued_sweeps(&stack), [sweep.clone(), sweep]);
}

#[tokio::test]
async fn a_destroy_older_than_the_rooms_new_life_still_ends_the_members_of_the_old_one() {
    let stack = deployment().await;
    send(&stack, &[join("room", "ann").at(1)]).await;
    send(&stack, &[create("room").at(9)]).await;
    send(&stack, &[destroy("room").at(5)]).await;
    let rows = drained(&stack).await;
    assert_eq!(room_row(&rows, "room")["lifecycle"], "active");
    assert_eq!(member_row(&rows, "room", "ann")["reason"], "room_destroyed");
}

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
fn whole_sweep() -> Sweep {
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

#[tokio::test]
async fn a_destroyed_room_expires_once_its_members_know_and_not_before() {
    let stack = deployment().await;
    send(&stack, &[join("room", "ann").at(1)]).await;
    send(&stack, &[destroy("room").at(5)]).await;
    assert!(!room_row(&rows(&stack.table).await, "room").contains_key("expiresAt"));
    assert_eq!(room_row(&drained(&stack).await, "room")["expiresAt"], expiry(5));

    send(&stack, &[destroy("room").at(9)]).await;
    let ended_again = rows(&stack.table).await;
    assert!(!room_row(&ended_again, "room").contains_key("expiresAt"), "a newer end is not swept");
    let old = stack.table.sweep(&app(), whole_sweep(), later()).await;
    assert_eq!(old, Swept::Done { ended: 0 });
    let swept_by_the_old = rows(&stack.table).await;
    assert!(!room_row(&swept_by_the_old, "room").contains_key("expiresAt"));
    assert_eq!(room_row(&drained(&stack).await, "room")["expiresAt"], expiry(9));
}

fn later() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

/// Forgets all sweeps that are queued.
async fn lose_sweeps(stack: &Stack) {
    while let [message, ..] = &receive(stack, SWEEPS).await["Records"].as_array().unwrap()[..] {
        let client = sqs(stack.sqs.url());
        let receipt = message["receiptHandle"].as_str().unwrap();
        let lost = client.delete_message().queue_url(stack.sqs.url_of(SWEEPS));
        lost.receipt_handle(receipt).send().await.unwrap();
    }
    assert!(stack.sqs.bodies(SWEEPS).is_empty());
}

#[tokio::test]
async fn a_lost_sweep_is_asked_for_again_by_whoever_meets_the_room() {
    for meets in [
        join("room", "late").at(3),
        destroy("room").at(5),
        join("room", "new").at(9),
        create("room").at(9),
    ] {
        let stack = deployment().await;
        send(&stack, &[join("room", "ann").at(1)]).await;
        send(&stack, &[destroy("room").at(5)]).await;
        lose_sweeps(&stack).await;
        hand(&another_function(&stack).await, &[meets]).await;
        let rows = drained(&stack).await;
        assert_eq!(member_row(&rows, "room", "ann")["reason"], "room_destroyed");
        assert!(!member_row(&rows, "room", "ann").contains_key("userKey"));
    }
}

#[tokio::test]
async fn a_function_that_meets_a_lost_sweep_again_and_again_asks_for_it_once() {
    let stack = deployment().await;
    send(&stack, &[destroy("room").at(5)]).await;
    lose_sweeps(&stack).await;
    let function = another_function(&stack).await;
    for user in ["ann", "ben", "cid"] {
        hand(&function, &[join("room", user).at(3)]).await;
    }
    assert_eq!(queued_sweeps(&stack).len(), 1);
}

#[tokio::test]
async fn nobody_asks_for_a_sweep_that_is_still_to_come() {
    let stack = deployment().await;
    let minute = Duration::from_mins(1);
    let end = WireEvent { time: now(), ..destroy("room") };
    send(&stack, std::slice::from_ref(&end)).await;
    lose_sweeps(&stack).await;
    let late =
        WireEvent { time: Timestamp::from(SystemTime::now() - minute), ..join("room", "late") };
    hand(&another_function(&stack).await, &[late]).await;
    assert!(queued_sweeps(&stack).is_empty(), "it is not overdue");
    hand(&another_function(&stack).await, &[end]).await;
    assert_eq!(queued_sweeps(&stack).len(), 1, "but the sender's retry asks for it");
}

#[tokio::test]
async fn a_destroy_that_is_repeated_after_its_sweep_asks_for_no_other() {
    let stack = deployment().await;
    send(&stack, &[destroy("room").at(5)]).await;
    drained(&stack).await;
    send(&stack, &[destroy("room").at(5)]).await;
    assert!(queued_sweeps(&stack).is_empty());
}

#[tokio::test]
async fn a_room_that_only_seems_to_be_swept_is_swept_when_asked() {
    let stack = deployment().await;
    send(&stack, &[join("room", "ann").at(1)]).await;
    send(&stack, &[destroy("room").at(5)]).await;
    // So the destroy of an earlier state of this project left it.
    let client = stack.table.client();
    let room = RoomId::new("room").unwrap();
    let item = client.update_item().table_name(stack.table.name());
    item.set_key(Some(Key::room(&app(), &room).attributes()))
        .update_expression("SET expiresAt = :expires")
        .expression_attribute_values(":expires", AttributeValue::N(expiry(5)))
        .send()
        .await
        .unwrap();
    let rows = drained(&stack).await;
    assert_eq!(member_row(&rows, "room", "ann")["reason"], "room_destroyed");
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
    let killed = Instant::now() + Duration::from_millis(5_200);
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

#[tokio::test(start_paused = true)]
async fn a_room_is_cached_for_five_seconds_and_only_while_it_is_active() {
    let active = RoomState { active: true, ..RoomState::default() };
    let cache = RoomCache::default();
    cache.note("room".into(), active, Moment::now());
    assert_eq!(cache.recall("room"), Some(active));
    assert_eq!(cache.recall("another"), None);
    tokio::time::advance(AGE).await;
    assert_eq!(cache.recall("room"), None);

    cache.note("room".into(), active, Moment::now());
    cache.note("room".into(), RoomState::default(), Moment::now());
    assert_eq!(cache.recall("room"), None, "it was seen destroyed");
}
