//! Sweeps, which carry a room's end to its members.

use std::time::Duration;

use chatroom_status_sync::{
    aws::{Aws, moment::Moment},
    domain::{
        event::{Kind, Version},
        ids::RoomId,
        room_state::RoomState,
        sweep::Sweep,
    },
    env::Environment,
    functions::{settings::StorageSettings, worker::Worker},
    local::{Stack, sqs::DEFERRED},
    table::{
        room_cache::{AGE, RoomCache},
        sweep::Swept,
    },
    wire::deferred,
};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{
    EventBuilder, Rows, another_function, app, at, create, deferred_messages, deployment,
    deployment_with, destroy, expiry, hand, join, leave, member_row, now, oracle::present,
    room_row, rows, send, time, version,
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
    assert_eq!(stack.sqs.bodies(DEFERRED).len(), 1);
    let rows = drained(&stack).await;
    assert_eq!(member_row(&rows, "room", "ann")["membership"], "joined");
    assert_eq!(stack.sqs.bodies(DEFERRED).len(), 1);
}

#[tokio::test]
async fn a_repeated_destroy_asks_for_its_sweep_again_and_an_older_one_does_not() {
    let stack = deployment().await;
    for millis in [5, 5, 3] {
        send(&stack, &[destroy("room").at(millis)]).await;
    }
    let newest: u64 = version(&destroy("room").at(5)).parse().unwrap();
    let sweep = json!({
        "appKey": "someappKey",
        "sweep": {"chatRoomId": "room", "destroyVersion": newest},
    });
    assert_eq!(deferred_messages(&stack), [sweep.clone(), sweep]);
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
async fn a_sweep_goes_on_page_by_page_until_its_time_is_over() {
    let stack = deployment().await;
    let sweep = destroyed_room(&stack, 1_400).await;
    let swept = stack.table.sweep(&app(), sweep, Instant::now()).await.unwrap();
    let Swept::Unfinished { rest, why: None } = swept else {
        panic!("{swept:?} in no time at all")
    };
    assert_eq!(rest.after.as_ref().unwrap().as_str(), "user-000999");
    let later = Instant::now() + Duration::from_mins(1);
    assert_eq!(stack.table.sweep(&app(), rest, later).await.unwrap(), Swept::Done { ended: 400 });
    assert!(
        rows(&stack.table)
            .await
            .values()
            .all(|row| row.get("membership") != Some(&"joined".into()))
    );
}

#[tokio::test]
async fn a_worker_out_of_time_queues_the_rest_of_the_sweep() {
    let stack = deployment().await;
    // A page is a thousand members; those who left already take no time.
    let left: Vec<_> = (0..1_000).map(|number| format!("gone-{number:03}")).collect();
    for chunk in left.chunks(200) {
        send(&stack, &[leave("room", chunk).at(1)]).await;
    }
    send(&stack, &[join("room", ["anna", "zoe"]).at(1)]).await;
    send(&stack, &[destroy("room").at(5)]).await;
    let env = Environment::new(|name| stack.variable(name));
    let worker = Worker::new(StorageSettings::read(&env).unwrap(), &Aws::from_env(&env).unwrap());
    let event = json!({"Records": [{"messageId": "m", "body": deferred::sweep_message(&app(), &whole_sweep())}]});
    let event = serde_json::from_value(event).unwrap();
    // The last five seconds are for finishing, so there is no time for a second page.
    let deadline = Instant::now() + Duration::from_secs(5);
    let (response, _) = worker.work(event, now(), deadline).await;
    assert!(response.batch_item_failures.is_empty());
    let queued = stack.sqs.bodies(DEFERRED);
    assert!(queued.last().unwrap().contains(r#""after":"gone-998""#), "{queued:?}");
    let rows_so_far = rows(&stack.table).await;
    assert_eq!(member_row(&rows_so_far, "room", "anna")["membership"], "left");
    assert_eq!(member_row(&rows_so_far, "room", "zoe")["membership"], "joined");
    let rows = drained(&stack).await;
    assert!(rows.values().all(|row| row.get("membership") != Some(&"joined".into())));
}

#[tokio::test]
#[ignore = "slow: a hundred thousand members are written and swept"]
async fn a_room_of_a_hundred_thousand_members_is_swept() {
    let stack = deployment().await;
    let sweep = destroyed_room(&stack, 100_000).await;
    let later = Instant::now() + Duration::from_mins(30);
    let before = resident_kib();
    assert_eq!(
        stack.table.sweep(&app(), sweep, later).await.unwrap(),
        Swept::Done { ended: 100_000 }
    );
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
    let active = RoomState { active: true, destroyed: None };
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
