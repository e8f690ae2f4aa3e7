//! How a room's end reaches its members.

use std::time::Duration;

use chatroom_status_sync::{
    aws::Aws,
    domain::sweep::Sweep,
    domain::{
        event::{Kind, Version},
        ids::RoomId,
    },
    env::Environment,
    functions::{settings::StorageSettings, worker::Worker},
    local::{Stack, sqs::DEFERRED},
    table::{
        room_cache::{AGE, Moment, RoomCache},
        sweep::Swept,
    },
    wire::deferred,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{
    CREATE, DESTROY, JOIN, LEAVE, Rows, START, another_function, app, at, deployment,
    deployment_with, event, hand, now, oracle::present, row, rows, send,
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
    send(&stack, &[event("r", &["u", "v"], JOIN, 0, 1), event("r", &["v"], LEAVE, 0, 2)]).await;
    send(&stack, &[event("r", &["v"], JOIN, 0, 3), event("r", &[], DESTROY, 0, 5)]).await;
    let before = rows(&stack.table).await;
    assert!(present(&before).is_empty());
    assert_eq!(row(&before, "r", Some("u"))["membership"], "joined");

    let after = drained(&stack).await;
    for user in ["u", "v"] {
        let member = row(&after, "r", Some(user));
        assert_eq!((&*member["membership"], &*member["reason"]), ("left", "room_destroyed"));
        assert!(!member.contains_key("userKey"));
        assert_eq!(member["expiresAt"], (START / 1000 + 30 * 86_400).to_string());
    }
    let member = row(&after, "r", Some("v"));
    assert_eq!(member["version"], format!("{}10", START + 3), "no event about v was reported");
    assert_eq!(member["joinedAt"], (START + 3).to_string());
    assert_eq!(member["leftAt"], (START + 2).to_string());
}

#[tokio::test]
async fn who_joined_the_rooms_next_life_stays() {
    let stack = deployment().await;
    send(&stack, &[event("r", &["old", "both"], JOIN, 0, 1), event("r", &[], DESTROY, 0, 5)]).await;
    send(&stack, &[event("r", &["new", "both"], JOIN, 0, 6)]).await;
    let rows = drained(&stack).await;
    assert!(is_in(&rows, "r", "new") && is_in(&rows, "r", "both") && !is_in(&rows, "r", "old"));
    assert_eq!(row(&rows, "r", Some("old"))["membership"], "left");
    assert_eq!(row(&rows, "r", None)["lifecycle"], "active");
}

#[tokio::test]
async fn a_destroy_that_comes_late_into_a_living_room_is_healed() {
    let stack = deployment().await;
    send(&stack, &[event("r", &[], CREATE, 0, 0)]).await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 9)]).await;
    send(&stack, &[event("r", &[], DESTROY, 0, 5)]).await;
    assert!(is_in(&rows(&stack.table).await, "r", "u"));
    let rows = drained(&stack).await;
    let room = row(&rows, "r", None);
    assert_eq!((&*room["lifecycle"], &*room["destroyedAt"]), ("active", &*(START + 5).to_string()));
    assert!(room.contains_key("roomsKey") && !room.contains_key("expiresAt"));
    assert!(is_in(&rows, "r", "u"));
}

#[tokio::test]
async fn a_room_lives_on_by_a_join_after_its_destroy_even_if_that_member_left_again() {
    let stack = deployment().await;
    send(&stack, &[event("r", &[], CREATE, 0, 0)]).await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 9), event("r", &["u"], LEAVE, 0, 10)]).await;
    send(&stack, &[event("r", &[], DESTROY, 0, 5)]).await;
    assert_eq!(row(&drained(&stack).await, "r", None)["lifecycle"], "active");
}

#[tokio::test]
async fn a_function_that_remembers_a_room_as_alive_is_corrected_by_the_sweep() {
    let stack = deployment().await;
    let (warm, other) = (another_function(&stack).await, another_function(&stack).await);
    hand(&warm, &[event("r", &["u"], JOIN, 0, 1)]).await;
    hand(&other, &[event("r", &[], DESTROY, 0, 9)]).await;
    hand(&warm, &[event("r", &["late"], JOIN, 0, 5)]).await;
    let before = rows(&stack.table).await;
    assert_eq!(row(&before, "r", Some("late"))["membership"], "joined", "it did not look");
    assert!(!is_in(&before, "r", "late"), "but readers know");
    let after = drained(&stack).await;
    assert_eq!(row(&after, "r", Some("late"))["reason"], "room_destroyed");
}

#[tokio::test]
async fn a_late_join_is_ended_by_a_function_that_only_remembers_the_room() {
    let stack = deployment().await;
    let warm = another_function(&stack).await;
    hand(&warm, &[event("r", &[], DESTROY, 0, 5)]).await;
    hand(&warm, &[event("r", &["new"], JOIN, 0, 9)]).await;
    drained(&stack).await;
    hand(&warm, &[event("r", &["late"], JOIN, 0, 3)]).await;
    let rows = rows(&stack.table).await;
    assert_eq!(row(&rows, "r", Some("late"))["reason"], "room_destroyed", "no sweep comes for it");
}

#[tokio::test]
async fn a_late_join_of_a_rooms_old_life_does_not_end_the_new_one() {
    let stack = deployment().await;
    send(&stack, &[event("r", &[], DESTROY, 0, 5)]).await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 9)]).await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 3)]).await;
    assert!(is_in(&drained(&stack).await, "r", "u"));
}

#[tokio::test]
async fn a_sweep_is_delayed() {
    let stack = deployment_with(&[("SWEEP_DELAY_SECONDS", "900")]).await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 1)]).await;
    send(&stack, &[event("r", &[], DESTROY, 0, 5)]).await;
    assert_eq!(stack.sqs.bodies(DEFERRED).len(), 1);
    let rows = drained(&stack).await;
    assert_eq!(row(&rows, "r", Some("u"))["membership"], "joined");
    assert_eq!(stack.sqs.bodies(DEFERRED).len(), 1);
}

#[tokio::test]
async fn a_repeated_destroy_asks_for_its_sweep_again_and_an_older_one_does_not() {
    let stack = deployment().await;
    for millis in [5, 5, 3] {
        send(&stack, &[event("r", &[], DESTROY, 0, millis)]).await;
    }
    let sweep = json!({
        "appKey": "someappKey",
        "sweep": {"chatRoomId": "r", "destroyVersion": (START + 5) * 100 + 30},
    });
    let queued: Vec<Value> =
        stack.sqs.bodies(DEFERRED).iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(queued, [sweep.clone(), sweep]);
}

#[tokio::test]
async fn a_destroy_older_than_the_rooms_new_life_still_ends_the_members_of_the_old_one() {
    let stack = deployment().await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 1)]).await;
    send(&stack, &[event("r", &[], CREATE, 0, 9)]).await;
    send(&stack, &[event("r", &[], DESTROY, 0, 5)]).await;
    let rows = drained(&stack).await;
    assert_eq!(row(&rows, "r", None)["lifecycle"], "active");
    assert_eq!(row(&rows, "r", Some("u"))["reason"], "room_destroyed");
}

/// As many members as users are asked for, and a destroy after all of them joined.
async fn full_room(stack: &Stack, users: usize) -> Sweep {
    let names: Vec<_> = (0..users).map(|number| format!("user-{number:06}")).collect();
    for chunk in names.chunks(200) {
        let users: Vec<_> = chunk.iter().map(String::as_str).collect();
        assert_eq!(send(stack, &[event("r", &users, JOIN, 0, 1)]).await.0, 200);
    }
    send(stack, &[event("r", &[], DESTROY, 0, 5)]).await;
    let destroy = Version::new(at(5), Kind::Destroy, 0);
    Sweep { room: RoomId::new("r").unwrap(), destroy, after: None }
}

#[tokio::test]
async fn a_sweep_goes_on_page_by_page_until_its_time_is_over() {
    let stack = deployment().await;
    let sweep = full_room(&stack, 1_400).await;
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
async fn a_worker_out_of_time_asks_for_the_rest_before_it_is_done() {
    let stack = deployment().await;
    // A page is a thousand members; those who left already take no time.
    let left: Vec<_> = (0..1_000).map(|number| format!("gone-{number:03}")).collect();
    for chunk in left.chunks(200) {
        let users: Vec<_> = chunk.iter().map(String::as_str).collect();
        send(&stack, &[event("r", &users, LEAVE, 0, 1)]).await;
    }
    send(&stack, &[event("r", &["anna", "zoe"], JOIN, 0, 1)]).await;
    send(&stack, &[event("r", &[], DESTROY, 0, 5)]).await;
    let destroy = Version::new(at(5), Kind::Destroy, 0);
    let sweep = Sweep { room: RoomId::new("r").unwrap(), destroy, after: None };
    let env = Environment::new(|name| stack.variable(name));
    let worker = Worker::new(StorageSettings::read(&env).unwrap(), &Aws::from_env(&env).unwrap());
    let event =
        json!({"Records": [{"messageId": "m", "body": deferred::sweep_message(&app(), &sweep)}]});
    let event = serde_json::from_value(event).unwrap();
    // The last five seconds are for finishing, so there is no time for a second page.
    let deadline = Instant::now() + Duration::from_secs(5);
    let (response, _) = worker.work(event, now(), deadline).await;
    assert!(response.batch_item_failures.is_empty());
    let queued = stack.sqs.bodies(DEFERRED);
    assert!(queued.last().unwrap().contains(r#""after":"gone-998""#), "{queued:?}");
    let rows_so_far = rows(&stack.table).await;
    assert_eq!(row(&rows_so_far, "r", Some("anna"))["membership"], "left");
    assert_eq!(row(&rows_so_far, "r", Some("zoe"))["membership"], "joined");
    let rows = drained(&stack).await;
    assert!(rows.values().all(|row| row.get("membership") != Some(&"joined".into())));
}

#[tokio::test]
#[ignore = "slow: a hundred thousand members are written and swept"]
async fn a_room_of_a_hundred_thousand_members_is_swept() {
    let stack = deployment().await;
    let sweep = full_room(&stack, 100_000).await;
    let later = Instant::now() + Duration::from_mins(30);
    let before = resident_kib();
    assert_eq!(
        stack.table.sweep(&app(), sweep, later).await.unwrap(),
        Swept::Done { ended: 100_000 }
    );
    println!("memory grew by {} KiB", resident_kib().saturating_sub(before));
}

/// What this process keeps in memory, the embedded engine and its data included.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_room_is_remembered_for_five_seconds_and_only_while_it_is_active() {
    let active =
        chatroom_status_sync::domain::room_state::RoomState { active: true, destroyed: None };
    let memory = RoomCache::default();
    memory.note("r".into(), active, Moment::now());
    assert_eq!(memory.recall("r"), Some(active));
    assert_eq!(memory.recall("another"), None);
    tokio::time::advance(AGE).await;
    assert_eq!(memory.recall("r"), None);

    memory.note("r".into(), active, Moment::now());
    memory.note(
        "r".into(),
        chatroom_status_sync::domain::room_state::RoomState::default(),
        Moment::now(),
    );
    assert_eq!(memory.recall("r"), None, "it was seen destroyed");
}
