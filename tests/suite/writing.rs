//! Rows that single events lead to, attribute by attribute.

use chatroom_status_sync::{
    callback::keyring::Secret,
    domain::{
        event::{Event, Kind, Version},
        ids::{RoomId, UserId},
        plan::Plan,
    },
    local::im_server::{APP_KEY, SignedCallback, body_of},
};
use tokio::time::Instant;

use crate::support::{
    EventBuilder, Row, active_rooms, app, applied, at, counts_of, create, deployment,
    deployment_with, destroy, expiry, join, leave, member_row, now, post, room_row, rows, send,
    stale, time, version,
};

fn expected(pairs: &[(&str, &str)]) -> Row {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn a_join_is_a_member_row_with_every_documented_attribute_and_no_other() {
    let stack = deployment().await;
    send(&stack, &[join("room", "ann")]).await;
    let rows = rows(&stack.table).await;
    let join = expected(&[
        ("pk", "ROOM#someappKey#room"),
        ("sk", "USER#ann"),
        ("kind", "member"),
        ("appKey", "someappKey"),
        ("chatRoomId", "room"),
        ("userId", "ann"),
        ("membership", "joined"),
        ("reason", "requested"),
        ("joinedAt", "1700000000000"),
        ("version", "170000000000010"),
        ("userKey", "USER#someappKey#ann"),
    ]);
    assert_eq!(member_row(&rows, "room", "ann"), &join);
}

#[tokio::test]
async fn a_leave_is_a_tombstone_that_expires_and_stands_in_no_index() {
    let stack = deployment().await;
    send(&stack, &[join("room", "ann")]).await;
    send(&stack, &[leave("room", "ann").banned().at(1000)]).await;
    let rows = rows(&stack.table).await;
    let member = member_row(&rows, "room", "ann");
    assert_eq!(member["membership"], "left");
    assert_eq!(member["reason"], "banned");
    assert_eq!(member["leftAt"], time(1000));
    assert_eq!(member["joinedAt"], time(0));
    assert_eq!(member["expiresAt"], expiry(1000));
    assert!(!member.contains_key("userKey"));
}

#[tokio::test]
async fn a_member_who_comes_back_is_joined_again_and_no_longer_expires() {
    let stack = deployment().await;
    send(&stack, &[leave("room", "ann")]).await;
    send(&stack, &[join("room", "ann").at(1)]).await;
    let rows = rows(&stack.table).await;
    let member = member_row(&rows, "room", "ann");
    assert_eq!(member["membership"], "joined");
    assert!(member.contains_key("userKey") && !member.contains_key("expiresAt"));
}

#[tokio::test]
async fn a_create_is_a_room_row_with_every_documented_attribute_and_no_other() {
    let stack = deployment().await;
    send(&stack, &[create("room")]).await;
    let rows = rows(&stack.table).await;
    let create = expected(&[
        ("pk", "ROOM#someappKey#room"),
        ("sk", "ROOM"),
        ("kind", "room"),
        ("appKey", "someappKey"),
        ("chatRoomId", "room"),
        ("lifecycle", "active"),
        ("createdAt", "1700000000000"),
        ("version", "170000000000000"),
        ("roomsKey", "ROOMS#someappKey#07"),
    ]);
    assert_eq!(room_row(&rows, "room"), &create);
}

#[tokio::test]
async fn a_destroyed_room_tells_when_and_why_and_stands_in_no_index() {
    let stack = deployment().await;
    send(&stack, &[create("room")]).await;
    send(&stack, &[destroy("room").auto_destroyed().at(5)]).await;
    let rows = rows(&stack.table).await;
    let room = room_row(&rows, "room");
    assert_eq!(room["lifecycle"], "destroyed");
    assert_eq!(room["destroyReason"], "auto_destroyed");
    assert_eq!(room["destroyedAt"], time(5));
    assert_eq!(room["destroyVersion"], version(&destroy("room").auto_destroyed().at(5)));
    assert!(!room.contains_key("roomsKey"));
}

#[tokio::test]
async fn a_repeat_is_stale_and_changes_nothing() {
    let stack = deployment().await;
    let callback = [
        create("room"),
        join("room", ["ann", "ben"]).at(1),
        leave("room", "ben").auto_exit().at(2),
    ];
    assert_eq!(counts_of(&send(&stack, &callback).await.1), applied(3));
    let before = rows(&stack.table).await;
    assert_eq!(counts_of(&send(&stack, &callback).await.1), stale(3));
    assert_eq!(rows(&stack.table).await, before);
}

#[tokio::test]
async fn a_late_leave_is_recorded_but_removes_nobody_who_is_back() {
    let stack = deployment().await;
    send(&stack, &[join("room", "ann").at(9)]).await;
    let (_, answer) = send(&stack, &[leave("room", "ann").at(5)]).await;
    assert_eq!(counts_of(&answer), stale(1));
    let rows = rows(&stack.table).await;
    let member = member_row(&rows, "room", "ann");
    assert_eq!(member["membership"], "joined");
    assert_eq!(member["leftAt"], time(5));
    assert_eq!(member["version"], version(&join("room", "ann").at(9)));
}

#[tokio::test]
async fn a_late_join_is_recorded_but_brings_nobody_back() {
    let stack = deployment().await;
    send(&stack, &[leave("room", "ann").at(9)]).await;
    send(&stack, &[join("room", "ann").at(5)]).await;
    let rows = rows(&stack.table).await;
    let member = member_row(&rows, "room", "ann");
    assert_eq!(member["membership"], "left");
    assert_eq!(member["joinedAt"], time(5));
}

#[tokio::test]
async fn a_folded_change_replaces_an_older_time_of_the_item() {
    let stack = deployment().await;
    send(&stack, &[leave("room", "ann").at(1)]).await;
    send(&stack, &[leave("room", "ann").at(5), join("room", "ann").at(7)]).await;
    let rows = rows(&stack.table).await;
    let member = member_row(&rows, "room", "ann");
    assert_eq!(member["membership"], "joined");
    assert_eq!(member["leftAt"], time(5));
}

#[tokio::test]
async fn a_folded_change_keeps_a_newer_time_of_the_item() {
    let stack = deployment().await;
    send(&stack, &[leave("room", "ann").at(5)]).await;
    send(&stack, &[leave("room", "ann").at(1), join("room", "ann").at(7)]).await;
    let rows = rows(&stack.table).await;
    assert_eq!(member_row(&rows, "room", "ann")["leftAt"], time(5));
}

#[tokio::test]
async fn a_join_implies_a_room_whose_create_was_lost() {
    let stack = deployment().await;
    let (_, answer) = send(&stack, &[join("room", "ann")]).await;
    assert_eq!(counts_of(&answer), applied(1), "the room is no change of the callback's");
    let implied = rows(&stack.table).await;
    let room = room_row(&implied, "room");
    assert_eq!(room["lifecycle"], "active");
    assert!(room.contains_key("roomsKey") && !room.contains_key("createdAt"));
    assert!(!room.contains_key("joinedAt") && !room.contains_key("userId"));

    send(&stack, &[create("room")]).await;
    let healed = rows(&stack.table).await;
    assert_eq!(room_row(&healed, "room")["createdAt"], time(0));
}

#[tokio::test]
async fn a_join_after_a_destroy_brings_the_room_back_to_life() {
    let stack = deployment().await;
    send(&stack, &[destroy("room").at(1)]).await;
    send(&stack, &[join("room", "ann").at(2)]).await;
    let rows = rows(&stack.table).await;
    let room = room_row(&rows, "room");
    assert_eq!(room["lifecycle"], "active");
    assert_eq!(room["destroyedAt"], time(1));
    assert!(!room.contains_key("expiresAt"));
}

#[tokio::test]
async fn a_join_from_before_the_rooms_end_is_ended_at_once() {
    let stack = deployment().await;
    send(&stack, &[destroy("room").at(9)]).await;
    for _ in 0..2 {
        send(&stack, &[join("room", "ann").at(5)]).await;
        let rows = rows(&stack.table).await;
        let member = member_row(&rows, "room", "ann");
        assert_eq!(member["membership"], "left");
        assert_eq!(member["reason"], "room_destroyed");
        assert_eq!(member["version"], version(&join("room", "ann").at(5)));
        assert!(member.contains_key("joinedAt") && !member.contains_key("leftAt"));
        assert!(!member.contains_key("userKey"));
        assert_eq!(room_row(&rows, "room")["lifecycle"], "destroyed");
    }
}

#[tokio::test]
async fn a_leave_reported_after_the_rooms_end_still_tells_when_and_why() {
    let stack = deployment().await;
    send(&stack, &[destroy("room").at(9)]).await;
    send(&stack, &[join("room", "ann").at(5)]).await;
    send(&stack, &[leave("room", "ann").auto_exit().at(7)]).await;
    let rows = rows(&stack.table).await;
    let member = member_row(&rows, "room", "ann");
    assert_eq!(member["reason"], "auto_exit");
    assert_eq!(member["leftAt"], time(7));
}

#[tokio::test]
async fn an_older_destroy_does_not_replace_a_newer_one() {
    let stack = deployment().await;
    send(&stack, &[destroy("room").at(9)]).await;
    send(&stack, &[create("room").at(12), destroy("room").auto_destroyed().at(5)]).await;
    let rows = rows(&stack.table).await;
    let room = room_row(&rows, "room");
    assert_eq!(room["lifecycle"], "active");
    assert_eq!(room["destroyReason"], "requested");
    assert_eq!(room["destroyedAt"], time(9));
}

#[tokio::test]
async fn every_status_has_its_reason() {
    let stack = deployment().await;
    let reasons = [
        (0, "requested"),
        (1, "auto_exit"),
        (2, "banned"),
        (3, "auto_destroyed"),
        (4, "status_4"),
        (8, "status_8"),
        (9, "status_9"),
        (250, "status_9"),
    ];
    for (status, reason) in reasons {
        let user = format!("u{status}");
        send(&stack, &[leave("room", &user).status(status)]).await;
        assert_eq!(member_row(&rows(&stack.table).await, "room", &user)["reason"], reason);
    }
}

#[tokio::test]
async fn all_users_of_an_event_are_written_and_listed() {
    let stack = deployment().await;
    let users: Vec<_> = (0..300).map(|n| format!("user-{n:04}")).collect();
    let (_, answer) = send(&stack, &[join("room", &users)]).await;
    assert_eq!(counts_of(&answer), applied(300));
    let collection =
        stack.table.reader().collection(&app(), &RoomId::new("room").unwrap()).await.unwrap();
    let listed: Vec<_> = collection.present().map(|member| member.user_id.as_str()).collect();
    assert_eq!(listed, users);
}

#[tokio::test]
async fn changes_not_written_in_time_are_given_back_whole() {
    let stack = deployment().await;
    let users = (0..20_000).map(|n| UserId::new(format!("user-{n}")).unwrap()).collect();
    let room = RoomId::new("room").unwrap();
    let version = Version::new(at(0), Kind::Join, 0);
    let plan = Plan::of([Event { room, users, version }]);
    let late = Instant::now();
    let outcome = stack.table.apply(&app(), plan.clone(), late).await;
    assert_eq!((outcome.applied, outcome.stale), (0, 0));
    assert_eq!(outcome.unwritten, plan);
    assert!(outcome.failure.is_some());
}

#[tokio::test]
async fn ids_may_have_any_characters() {
    let stack = deployment().await;
    let odd = "a#b\"c\\\u{1F600}\u{0}\n'{}";
    let (status, answer) = send(&stack, &[join(odd, [odd, "plain"])]).await;
    assert_eq!((status, counts_of(&answer)), (200, applied(2)));
    let rows = rows(&stack.table).await;
    assert_eq!(member_row(&rows, odd, odd)["userId"], odd);
}

#[tokio::test]
async fn the_readers_find_rooms_members_and_a_users_rooms() {
    let stack = deployment().await;
    send(&stack, &[join("a", ["ann", "ben"]).at(1), join("b", "ann").at(1)]).await;
    send(&stack, &[join("c", "ann").at(1)]).await;
    send(&stack, &[destroy("c").at(2), leave("a", "ben").at(2)]).await;
    let rooms_of =
        stack.table.reader().rooms_of(&app(), &UserId::new("ann").unwrap()).await.unwrap();
    let rooms: Vec<_> = rooms_of.iter().map(|member| member.chat_room_id.as_str()).collect();
    assert_eq!(rooms, ["a", "b"], "room c ended, whether or not its members' items say so");
    assert_eq!(active_rooms(&stack.table.reader()).await, ["a", "b"]);
    let unknown =
        stack.table.reader().collection(&app(), &RoomId::new("z").unwrap()).await.unwrap();
    assert!(unknown.room.is_none() && unknown.members.is_empty());
}

#[tokio::test]
async fn apps_do_not_see_each_other() {
    let stack = deployment_with(&[("APP_SECRETS", r#"{"one":"s1","two":"s2"}"#)]).await;
    for (app, secret, user) in [("one", "s1", "ann"), ("two", "s2", "ben")] {
        let body = body_of(&[join("room", user)]);
        let signed = SignedCallback::new(app, &Secret::new(secret), "1", now(), body);
        assert_eq!(post(&stack, signed).await.0, 200);
    }
    let rows = rows(&stack.table).await;
    assert_eq!(rows.keys().filter(|(pk, _)| pk == "ROOM#one#room").count(), 2);
    assert!(rows.contains_key(&("ROOM#two#room".to_owned(), "USER#ben".to_owned())));
    assert!(!rows.keys().any(|(pk, _)| pk.contains(APP_KEY)));
}

#[tokio::test]
async fn a_user_who_leaves_on_one_of_two_devices_is_shown_as_gone() {
    let stack = deployment().await;
    for event in [join("room", "ann").at(1), join("room", "ann").at(2), leave("room", "ann").at(3)]
    {
        send(&stack, &[event]).await;
    }
    assert_eq!(member_row(&rows(&stack.table).await, "room", "ann")["membership"], "left");
}

#[tokio::test]
async fn the_table_holds_only_what_is_reported() {
    let stack = deployment().await;
    send(&stack, &[join("room", "ann")]).await;
    let rows = rows(&stack.table).await;
    let keys: Vec<_> = rows.keys().map(|(_, sort)| sort.as_str()).collect();
    assert_eq!(keys, ["ROOM", "USER#ann"]);
}
