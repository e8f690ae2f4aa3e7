//! What single events do to single rows, attribute by attribute.

use chatroom_status_sync::{
    domain::{
        event::{Event, Kind, Version},
        ids::{RoomId, UserId},
        plan::Plan,
    },
    local::im_server::APP_KEY,
};

use tokio::time::Instant;

use crate::support::{
    CREATE, DESTROY, JOIN, LEAVE, Row, START, app, at, counts, deployment, event, now, row, rows,
    send,
};

fn expected(pairs: &[(&str, &str)]) -> Row {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn a_join_is_a_member_row_with_every_documented_attribute_and_no_other() {
    let stack = deployment().await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 0)]).await;
    let rows = rows(&stack.table).await;
    let join = expected(&[
        ("pk", "ROOM#someappKey#r"),
        ("sk", "USER#u"),
        ("kind", "member"),
        ("appKey", "someappKey"),
        ("chatRoomId", "r"),
        ("userId", "u"),
        ("membership", "joined"),
        ("reason", "requested"),
        ("joinedAt", "1700000000000"),
        ("version", "170000000000010"),
        ("userKey", "USER#someappKey#u"),
    ]);
    assert_eq!(row(&rows, "r", Some("u")), &join);
}

#[tokio::test]
async fn a_leave_is_a_tombstone_that_expires_and_stands_in_no_index() {
    let stack = deployment().await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 0)]).await;
    send(&stack, &[event("r", &["u"], LEAVE, 2, 1000)]).await;
    let rows = rows(&stack.table).await;
    let member = row(&rows, "r", Some("u"));
    assert_eq!((&*member["membership"], &*member["reason"]), ("left", "banned"));
    assert_eq!(member["leftAt"], (START + 1000).to_string());
    assert_eq!(member["joinedAt"], START.to_string());
    assert_eq!(member["expiresAt"], ((START + 1000) / 1000 + 30 * 86_400).to_string());
    assert!(!member.contains_key("userKey"));
}

#[tokio::test]
async fn who_comes_back_is_joined_again_and_expires_no_more() {
    let stack = deployment().await;
    send(&stack, &[event("r", &["u"], LEAVE, 0, 0)]).await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 1)]).await;
    let rows = rows(&stack.table).await;
    let member = row(&rows, "r", Some("u"));
    assert_eq!(member["membership"], "joined");
    assert!(member.contains_key("userKey") && !member.contains_key("expiresAt"));
}

#[tokio::test]
async fn a_create_is_a_room_row_with_every_documented_attribute_and_no_other() {
    let stack = deployment().await;
    send(&stack, &[event("r", &[], CREATE, 0, 0)]).await;
    let rows = rows(&stack.table).await;
    let create = expected(&[
        ("pk", "ROOM#someappKey#r"),
        ("sk", "ROOM"),
        ("kind", "room"),
        ("appKey", "someappKey"),
        ("chatRoomId", "r"),
        ("lifecycle", "active"),
        ("createdAt", "1700000000000"),
        ("version", "170000000000000"),
        ("roomsKey", "ROOMS#someappKey#13"),
    ]);
    assert_eq!(row(&rows, "r", None), &create);
}

#[tokio::test]
async fn a_destroy_keeps_what_it_is_about_and_leaves_the_index() {
    let stack = deployment().await;
    send(&stack, &[event("r", &[], CREATE, 0, 0)]).await;
    send(&stack, &[event("r", &[], DESTROY, 3, 5)]).await;
    let rows = rows(&stack.table).await;
    let room = row(&rows, "r", None);
    assert_eq!((&*room["lifecycle"], &*room["destroyReason"]), ("destroyed", "auto_destroyed"));
    assert_eq!(room["destroyedAt"], (START + 5).to_string());
    assert_eq!(room["destroyVersion"], format!("{}33", START + 5));
    assert_eq!(room["expiresAt"], (START / 1000 + 30 * 86_400).to_string());
    assert!(!room.contains_key("roomsKey"));
}

#[tokio::test]
async fn a_repeat_is_stale_and_changes_nothing() {
    let stack = deployment().await;
    let callback = [
        event("r", &[], CREATE, 0, 0),
        event("r", &["u", "v"], JOIN, 0, 1),
        event("r", &["v"], LEAVE, 1, 2),
    ];
    assert_eq!(counts(&send(&stack, &callback).await.1), [3, 0, 0, 0]);
    let before = rows(&stack.table).await;
    assert_eq!(counts(&send(&stack, &callback).await.1), [0, 3, 0, 0]);
    assert_eq!(rows(&stack.table).await, before);
}

#[tokio::test]
async fn a_late_leave_does_not_remove_who_is_back_but_is_remembered() {
    let stack = deployment().await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 9)]).await;
    let (_, answer) = send(&stack, &[event("r", &["u"], LEAVE, 0, 5)]).await;
    assert_eq!(counts(&answer), [0, 1, 0, 0]);
    let rows = rows(&stack.table).await;
    let member = row(&rows, "r", Some("u"));
    assert_eq!(member["membership"], "joined");
    assert_eq!(member["leftAt"], (START + 5).to_string());
    assert_eq!(member["version"], format!("{}10", START + 9));
}

#[tokio::test]
async fn a_late_join_brings_no_ghost_back_but_is_remembered() {
    let stack = deployment().await;
    send(&stack, &[event("r", &["u"], LEAVE, 0, 9)]).await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 5)]).await;
    let rows = rows(&stack.table).await;
    let member = row(&rows, "r", Some("u"));
    assert_eq!((&*member["membership"], &*member["joinedAt"]), ("left", &*(START + 5).to_string()));
}

#[tokio::test]
async fn a_folded_change_raises_a_time_that_the_item_knows_an_older_value_of() {
    let stack = deployment().await;
    send(&stack, &[event("r", &["u"], LEAVE, 0, 1)]).await;
    send(&stack, &[event("r", &["u"], LEAVE, 0, 5), event("r", &["u"], JOIN, 0, 7)]).await;
    let rows = rows(&stack.table).await;
    let member = row(&rows, "r", Some("u"));
    assert_eq!((&*member["membership"], &*member["leftAt"]), ("joined", &*(START + 5).to_string()));
}

#[tokio::test]
async fn a_folded_change_lowers_nothing_that_the_item_knows_a_newer_value_of() {
    let stack = deployment().await;
    send(&stack, &[event("r", &["u"], LEAVE, 0, 5)]).await;
    send(&stack, &[event("r", &["u"], LEAVE, 0, 1), event("r", &["u"], JOIN, 0, 7)]).await;
    let rows = rows(&stack.table).await;
    assert_eq!(row(&rows, "r", Some("u"))["leftAt"], (START + 5).to_string());
}

#[tokio::test]
async fn a_join_implies_a_room_whose_create_was_lost() {
    let stack = deployment().await;
    let (_, answer) = send(&stack, &[event("r", &["u"], JOIN, 0, 0)]).await;
    assert_eq!(counts(&answer), [1, 0, 0, 0], "the room is no change of the callback's");
    let implied = rows(&stack.table).await;
    let room = row(&implied, "r", None);
    assert_eq!(room["lifecycle"], "active");
    assert!(room.contains_key("roomsKey") && !room.contains_key("createdAt"));
    assert!(!room.contains_key("joinedAt") && !room.contains_key("userId"));

    send(&stack, &[event("r", &[], CREATE, 0, 0)]).await;
    let healed = rows(&stack.table).await;
    assert_eq!(row(&healed, "r", None)["createdAt"], START.to_string());
}

#[tokio::test]
async fn a_join_after_a_destroy_brings_the_room_back_to_life() {
    let stack = deployment().await;
    send(&stack, &[event("r", &[], DESTROY, 0, 1)]).await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 2)]).await;
    let rows = rows(&stack.table).await;
    let room = row(&rows, "r", None);
    assert_eq!(room["lifecycle"], "active");
    assert_eq!(room["destroyedAt"], (START + 1).to_string());
    assert!(!room.contains_key("expiresAt"));
}

#[tokio::test]
async fn a_join_from_before_the_rooms_end_is_ended_at_once() {
    let stack = deployment().await;
    send(&stack, &[event("r", &[], DESTROY, 0, 9)]).await;
    for _ in 0..2 {
        send(&stack, &[event("r", &["u"], JOIN, 0, 5)]).await;
        let rows = rows(&stack.table).await;
        let member = row(&rows, "r", Some("u"));
        assert_eq!((&*member["membership"], &*member["reason"]), ("left", "room_destroyed"));
        assert_eq!(member["version"], format!("{}10", START + 5));
        assert!(member.contains_key("joinedAt") && !member.contains_key("leftAt"));
        assert!(!member.contains_key("userKey"));
        assert_eq!(row(&rows, "r", None)["lifecycle"], "destroyed");
    }
}

#[tokio::test]
async fn a_late_leave_still_tells_what_it_knows_of_a_member_whose_room_ended() {
    let stack = deployment().await;
    send(&stack, &[event("r", &[], DESTROY, 0, 9)]).await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 5)]).await;
    send(&stack, &[event("r", &["u"], LEAVE, 1, 7)]).await;
    let rows = rows(&stack.table).await;
    let member = row(&rows, "r", Some("u"));
    assert_eq!((&*member["reason"], &*member["leftAt"]), ("auto_exit", &*(START + 7).to_string()));
}

#[tokio::test]
async fn an_older_destroy_does_not_lower_the_one_that_is_stored() {
    let stack = deployment().await;
    send(&stack, &[event("r", &[], DESTROY, 0, 9)]).await;
    send(&stack, &[event("r", &[], CREATE, 0, 12), event("r", &[], DESTROY, 3, 5)]).await;
    let rows = rows(&stack.table).await;
    let room = row(&rows, "r", None);
    assert_eq!((&*room["lifecycle"], &*room["destroyReason"]), ("active", "requested"));
    assert_eq!(room["destroyedAt"], (START + 9).to_string());
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
        send(&stack, &[event("r", &[&user], LEAVE, status, 0)]).await;
        assert_eq!(row(&rows(&stack.table).await, "r", Some(&user))["reason"], reason);
    }
}

#[tokio::test]
async fn all_users_of_an_event_are_written_and_listed() {
    let stack = deployment().await;
    let users: Vec<_> = (0..300).map(|n| format!("user-{n:04}")).collect();
    let names: Vec<_> = users.iter().map(String::as_str).collect();
    let (_, answer) = send(&stack, &[event("r", &names, JOIN, 0, 0)]).await;
    assert_eq!(counts(&answer), [300, 0, 0, 0]);
    let collection = stack.table.room(&app(), &RoomId::new("r").unwrap()).await.unwrap();
    let listed: Vec<_> = collection.present().map(|member| member.user_id.as_str()).collect();
    assert_eq!(listed, names);
}

#[tokio::test]
async fn what_is_not_written_in_time_is_given_back_whole() {
    let stack = deployment().await;
    let users = (0..20_000).map(|n| UserId::new(format!("user-{n}")).unwrap()).collect();
    let room = RoomId::new("r").unwrap();
    let version = Version::new(at(0), Kind::Join, 0);
    let plan = Plan::of([Event { room, users, version }]);
    let late = Instant::now();
    let outcome = stack.table.apply(&app(), &plan, late).await;
    assert_eq!((outcome.applied, outcome.stale), (0, 0));
    assert_eq!(outcome.unwritten, plan);
    assert!(outcome.failure.is_some());
}

#[tokio::test]
async fn ids_may_have_any_characters() {
    let stack = deployment().await;
    let odd = "a#b\"c\\\u{1F600}\u{0}\n'{}";
    let (status, answer) = send(&stack, &[event(odd, &[odd, "plain"], JOIN, 0, 0)]).await;
    assert_eq!((status, counts(&answer)), (200, [2, 0, 0, 0]));
    let rows = rows(&stack.table).await;
    assert_eq!(row(&rows, odd, Some(odd))["userId"], odd);
}

#[tokio::test]
async fn the_readers_find_rooms_members_and_a_users_rooms() {
    let stack = deployment().await;
    send(&stack, &[event("a", &["u", "v"], JOIN, 0, 1), event("b", &["u"], JOIN, 0, 1)]).await;
    send(&stack, &[event("c", &["u"], JOIN, 0, 1)]).await;
    send(&stack, &[event("c", &[], DESTROY, 0, 2), event("a", &["v"], LEAVE, 0, 2)]).await;
    let rooms_of = stack.table.rooms_of(&app(), &UserId::new("u").unwrap()).await.unwrap();
    let rooms: Vec<_> = rooms_of.iter().map(|member| member.chat_room_id.as_str()).collect();
    assert_eq!(rooms, ["a", "b"], "room c ended, whether or not its members' items say so");
    let active = stack.table.active_rooms(&app()).await.unwrap();
    let active: Vec<_> = active.iter().map(|room| room.chat_room_id.as_str()).collect();
    assert_eq!(active, ["a", "b"]);
    let unknown = stack.table.room(&app(), &RoomId::new("z").unwrap()).await.unwrap();
    assert!(unknown.room.is_none() && unknown.members.is_empty());
}

#[tokio::test]
async fn apps_do_not_see_each_other() {
    let stack =
        crate::support::deployment_with(&[("APP_SECRETS", r#"{"one":"s1","two":"s2"}"#)]).await;
    for (app, secret, user) in [("one", "s1", "u"), ("two", "s2", "v")] {
        use chatroom_status_sync::{callback::keyring::Secret, local::im_server};
        let body = im_server::body_of(&[event("r", &[user], JOIN, 0, 0)]);
        let signed = im_server::SignedCallback::new(app, &Secret::new(secret), "1", now(), body);
        assert_eq!(crate::support::post(&stack, signed).await.0, 200);
    }
    let rows = rows(&stack.table).await;
    assert_eq!(rows.keys().filter(|(pk, _)| pk == "ROOM#one#r").count(), 2);
    assert!(rows.contains_key(&("ROOM#two#r".to_owned(), "USER#v".to_owned())));
    assert!(!rows.keys().any(|(pk, _)| pk.contains(APP_KEY)));
}

#[tokio::test]
async fn a_user_who_leaves_on_one_of_two_devices_is_shown_as_gone() {
    let stack = deployment().await;
    for (kind, millis) in [(JOIN, 1), (JOIN, 2), (LEAVE, 3)] {
        send(&stack, &[event("r", &["u"], kind, 0, millis)]).await;
    }
    assert_eq!(row(&rows(&stack.table).await, "r", Some("u"))["membership"], "left");
}

#[tokio::test]
async fn what_is_not_reported_is_not_there() {
    let stack = deployment().await;
    send(&stack, &[event("r", &["u"], JOIN, 0, 0)]).await;
    let rows = rows(&stack.table).await;
    let keys: Vec<_> = rows.keys().map(|(_, sort)| sort.as_str()).collect();
    assert_eq!(keys, ["ROOM", "USER#u"]);
}
