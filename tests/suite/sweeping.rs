//! Sweeps, which carry a room's end to its members.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;
use chatroom_status_sync::{
    aws::moment::Moment,
    domain::{ids::RoomId, room_state::RoomState, time::Timestamp},
    local::{Stack, im_server::WireEvent, sqs::SWEEPS},
    table::{
        key::Key,
        room_cache::{AGE, RoomCache},
        sweep::Swept,
    },
};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    hops::whole_sweep,
    support::{
        EventBuilder, Rows, another_function, app, create, deployment, deployment_with, destroy,
        expiry, hand, join, leave, member_row, now, oracle::present, queued_sweeps, receive,
        room_row, rows, send, sqs, time, version,
    },
};

pub async fn drained(stack: &Stack) -> Rows {
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
pub async fn lose_sweeps(stack: &Stack) {
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
