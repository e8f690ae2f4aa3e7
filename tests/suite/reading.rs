//! The answers of the library's reader, before and after sweeps, beside those of the oracle.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, Router, routing::post};
use chatroom_status_sync::{
    aws::Aws,
    domain::ids::{RoomId, UserId},
    env::Environment,
    local::{
        Stack,
        im_server::{APP_KEY, WireEvent},
    },
    table::read::{
        Reader,
        consumed::Consumed,
        count::CountedRoom,
        everything::{Entry, Place},
        members::{MemberFilter, Presence},
    },
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::support::{
    EventBuilder, Rows, active_rooms, app, at, create, deployment, destroy,
    history::{History, history},
    join, leave,
    oracle::table_after,
    send,
};

fn room(id: &str) -> RoomId {
    RoomId::new(id).unwrap()
}

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// The members that a filter lets through, as texts of user and reason.
async fn members(reader: &Reader, id: &str, filter: MemberFilter) -> Vec<String> {
    let mut members = reader.members(&app(), &room(id), filter).await.unwrap();
    let mut all = Vec::new();
    while let Some(page) = members.next_page().await.unwrap() {
        let texts = page.members.iter().map(|one| format!("{} {}", one.user_id, one.reason));
        all.extend(texts);
    }
    all
}

async fn count(reader: &Reader, id: &str) -> u64 {
    reader.count(&app(), &room(id)).await.unwrap().map_or(0, |counted| counted.members)
}

/// Everything of the app, from a place on.
async fn everything(reader: &Reader, after: Option<Place>) -> Vec<Entry> {
    let (mut everything, mut all) = (reader.everything(&app(), after), Vec::new());
    while let Some(page) = everything.next_page().await.unwrap() {
        all.extend(page.entries);
    }
    all
}

/// The rows of the members of a room, by user.
fn rows_of<'a>(rows: &'a Rows, id: &str) -> BTreeMap<&'a str, &'a BTreeMap<String, String>> {
    let of_room = rows.values().filter(|row| row["chatRoomId"] == id && row["kind"] == "member");
    of_room.map(|row| (row["userId"].as_str(), row)).collect()
}

/// Compares every answer about members with what the table must hold in the end.
async fn compare_members(reader: &Reader, end: &Rows) {
    for id in ids_of(end) {
        let rows = rows_of(end, id);
        for (presence, side) in [
            (Presence::Joined, Some("joined")),
            (Presence::Left, Some("left")),
            (Presence::Any, None),
        ] {
            let filter = MemberFilter { presence, ..MemberFilter::default() };
            let wanted: Vec<_> = rows
                .iter()
                .filter(|(_, row)| side.is_none_or(|side| row["membership"] == side))
                .map(|(user, row)| format!("{user} {}", row["reason"]))
                .collect();
            assert_eq!(members(reader, id, filter).await, wanted, "{presence:?} of {id}");
        }
        assert_eq!(count(reader, id).await, size_of(end, id), "the size of {id}");
        for (name, row) in rows {
            let member = reader.member(&app(), &room(id), &user(name)).await.unwrap().unwrap();
            let number = |name: &str| row.get(name).map(|text| text.parse().unwrap());
            assert_eq!(member.membership, row["membership"]);
            assert_eq!(member.reason, row["reason"]);
            assert_eq!((member.joined_at, member.left_at), (number("joinedAt"), number("leftAt")));
        }
    }
    for name in ["u1", "u2", "u3", "u4"] {
        let rooms = reader.rooms_of(&app(), &user(name)).await.unwrap();
        let rooms: Vec<_> = rooms.iter().map(|member| member.chat_room_id.as_str()).collect();
        let is_in =
            |id: &&str| rows_of(end, id).get(name).is_some_and(|row| row["membership"] == "joined");
        let wanted: Vec<_> = ids_of(end).into_iter().filter(is_in).collect();
        assert_eq!(rooms, wanted, "the rooms of {name}");
    }
    let found = everything(reader, None).await.into_iter().filter_map(|entry| match entry {
        Entry::Room(_) => None,
        Entry::Member(one) => Some(((one.chat_room_id, one.user_id), one.reason)),
    });
    let wanted = end
        .values()
        .filter(|row| row["kind"] == "member")
        .map(|row| ((row["chatRoomId"].clone(), row["userId"].clone()), row["reason"].clone()));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), wanted.collect());
}

/// Compares every answer about rooms with what the table must hold in the end.
async fn compare_rooms(reader: &Reader, end: &Rows) {
    let rooms = || end.values().filter(|row| row["kind"] == "room");
    let active = rooms().filter(|row| row["lifecycle"] == "active");
    let mut active: Vec<_> = active.map(|row| row["chatRoomId"].as_str()).collect();
    assert_eq!(active_rooms(reader).await, active);
    active.sort_by_key(|id| (u64::MAX - size_of(end, id), *id));
    active.truncate(2);
    let fullest = reader.fullest(&app(), 2).await.unwrap();
    let fullest: Vec<_> = fullest.iter().map(|one| one.room.chat_room_id.as_str()).collect();
    assert_eq!(fullest, active);
    let found = everything(reader, None).await.into_iter().filter_map(|entry| match entry {
        Entry::Room(room) => Some((room.chat_room_id, room.lifecycle)),
        Entry::Member(_) => None,
    });
    let wanted = rooms().map(|row| (row["chatRoomId"].clone(), row["lifecycle"].clone()));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), wanted.collect());
}

fn ids_of(rows: &Rows) -> BTreeSet<&str> {
    rows.values().map(|row| row["chatRoomId"].as_str()).collect()
}

/// The number of those who are in a room.
fn size_of(rows: &Rows, id: &str) -> u64 {
    rows_of(rows, id).values().filter(|row| row["membership"] == "joined").count() as u64
}

async fn compare_around_sweeps(history: History) {
    let stack = deployment().await;
    for callback in &history.callbacks {
        send(&stack, callback).await;
    }
    let (reader, end) = (stack.table.reader(), table_after(&history.events()));
    compare_members(&reader, &end).await;
    stack.drain().await.unwrap();
    compare_members(&reader, &end).await;
    // A destroy that came late into a living room shows until the sweep.
    compare_rooms(&reader, &end).await;
}

#[test]
fn every_answer_about_members_is_that_of_the_oracle_before_and_after_sweeps() {
    let runtime = Runtime::new().unwrap();
    let config = ProptestConfig { cases: 24, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&history(), |history| {
            runtime.block_on(compare_around_sweeps(history));
            Ok(())
        })
        .unwrap();
}

/// A room of several pages, from which every third member left.
async fn large_room() -> (Stack, Vec<String>) {
    let stack = deployment().await;
    let users: Vec<_> = (0..2500).map(|number| format!("user-{number:04}")).collect();
    send(&stack, &[create("large"), join("large", &users).at(1)]).await;
    let gone: Vec<_> = users.iter().step_by(3).cloned().collect();
    send(&stack, &[leave("large", &gone).at(2)]).await;
    let stayed = users.into_iter().filter(|user| !gone.contains(user)).collect();
    (stack, stayed)
}

#[tokio::test]
async fn a_room_of_several_pages_is_read_and_counted_to_its_end() {
    let (stack, stayed) = large_room().await;
    let reader = stack.table.reader();
    let listed = members(&reader, "large", MemberFilter::default()).await;
    assert_eq!(listed, stayed.iter().map(|user| format!("{user} requested")).collect::<Vec<_>>());
    assert_eq!(count(&reader, "large").await, stayed.len() as u64);
}

#[tokio::test]
async fn no_member_who_stayed_is_missed_or_told_twice_whoever_comes_and_goes_between_pages() {
    let (stack, stayed) = large_room().await;
    let reader = stack.table.reader();
    let mut told = Vec::new();
    let mut after = None;
    for step in 0.. {
        let filter = MemberFilter { after: after.clone(), ..MemberFilter::default() };
        let mut pages = reader.members(&app(), &room("large"), filter).await.unwrap();
        let page = pages.next_page().await.unwrap().unwrap();
        told.extend(page.members.into_iter().map(|member| member.user_id));
        after = page.next;
        let Some(UserId { .. }) = &after else { break };
        // The very member at whom the next page begins leaves, and others come around them.
        let last = after.as_ref().unwrap().as_str();
        let new = [format!("{last}-a"), format!("user-{step}"), format!("zzz-{step}")];
        send(&stack, &[join("large", new).at(10), leave("large", last).at(11)]).await;
    }
    let new = |user: &String| stayed.contains(user);
    let of_those_who_stayed: Vec<_> = told.into_iter().filter(new).collect();
    let wanted: BTreeSet<_> = stayed.iter().collect();
    assert_eq!(of_those_who_stayed.len(), wanted.len());
    assert_eq!(of_those_who_stayed.iter().collect::<BTreeSet<_>>(), wanted);
}

#[tokio::test]
async fn members_are_chosen_by_reason_and_by_time() {
    let stack = deployment().await;
    send(&stack, &[join("r", ["ann", "ben", "carl"]).at(1), join("r", "dora").at(9)]).await;
    send(&stack, &[leave("r", "ben").banned().at(5), leave("r", "carl").auto_exit().at(6)]).await;
    let reader = stack.table.reader();
    let left = MemberFilter { presence: Presence::Left, ..MemberFilter::default() };
    let banned = MemberFilter { reason: Some("banned".to_owned()), ..left.clone() };
    assert_eq!(members(&reader, "r", banned).await, ["ben banned"]);
    let lately = MemberFilter { since: Some(at(6)), ..left };
    assert_eq!(members(&reader, "r", lately).await, ["carl auto_exit"]);
    let new = MemberFilter { since: Some(at(2)), ..MemberFilter::default() };
    assert_eq!(members(&reader, "r", new).await, ["dora requested"]);
}

#[tokio::test]
async fn a_member_whom_the_rooms_end_removed_was_gone_then_and_not_at_an_older_leave() {
    let stack = deployment().await;
    let events = [leave("r", "ann").at(1), join("r", "ann").at(2), destroy("r").at(7)];
    send(&stack, &events).await;
    let reader = stack.table.reader();
    let gone = reader.member(&app(), &room("r"), &user("ann")).await.unwrap().unwrap();
    assert_eq!((&*gone.membership, &*gone.reason), ("left", "room_destroyed"));
    assert_eq!(gone.left_at, Some(at(1).millis()));
    assert_eq!(gone.since(), Some(at(7).millis()));
    assert_eq!(reader.member(&app(), &room("r"), &user("ben")).await.unwrap(), None);
}

#[tokio::test]
async fn one_member_takes_one_request_and_one_read_unit() {
    let stack = deployment().await;
    send(&stack, &[join("r", "ann")]).await;
    let reader = stack.table.reader();
    reader.member(&app(), &room("r"), &user("ann")).await.unwrap().unwrap();
    assert_eq!(reader.consumed(), Consumed { requests: 1, read_units: 1.0 });
    let consistent = stack.table.reader().consistent();
    consistent.member(&app(), &room("r"), &user("ann")).await.unwrap().unwrap();
    assert_eq!(consistent.consumed(), Consumed { requests: 1, read_units: 2.0 });
}

#[tokio::test]
async fn keys_that_an_answer_leaves_out_are_asked_for_again() {
    let stack = deployment().await;
    let url = busy_table().await;
    let variables = |name: &str| match name {
        "AWS_ENDPOINT_URL_DYNAMODB" => Some(url.clone()),
        _ => stack.variable(name),
    };
    let aws = Aws::from_env(&Environment::new(variables)).unwrap();
    let reader = Reader::new(aws.dynamodb_for_readers(), "busy");
    let gone = reader.member(&app(), &room("r"), &user("ann")).await.unwrap().unwrap();
    assert_eq!(gone.reason, "room_destroyed", "the room's item came with the second answer");
    assert_eq!(reader.consumed(), Consumed { requests: 2, read_units: 1.0 });
}

/// Serves a table that gives one item of a batch at a time, as DynamoDB may under load; the embedded
/// engine never does. It has a room that ended with Ann in it, and is not swept.
async fn busy_table() -> String {
    async fn answer(body: String) -> Json<Value> {
        let mut asked: Value = serde_json::from_str(&body).unwrap();
        let keys = asked["RequestItems"]["busy"]["Keys"].as_array_mut().unwrap();
        let mut item = keys.remove(0);
        let kind = if item["sk"]["S"] == "ROOM" { "room" } else { "member" };
        for (name, value) in [
            ("kind", json!({"S": kind})),
            ("appKey", json!({"S": APP_KEY})),
            ("chatRoomId", json!({"S": "r"})),
            ("membership", json!({"S": "joined"})),
            ("version", json!({"N": "1"})),
            ("destroyVersion", json!({"N": "2"})),
        ] {
            item[name] = value;
        }
        let left_out = if keys.is_empty() { json!({}) } else { asked["RequestItems"].take() };
        let consumed = json!([{"TableName": "busy", "CapacityUnits": 0.5}]);
        let found = json!({"busy": [item]});
        Json(json!({"Responses": found, "UnprocessedKeys": left_out, "ConsumedCapacity": consumed}))
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().route("/", post(answer));
    tokio::spawn(async { axum::serve(listener, routes).await });
    url
}

#[tokio::test]
async fn a_count_consumes_half_of_what_reading_the_room_consumes() {
    let (stack, _) = large_room().await;
    let (counting, reading) = (stack.table.reader(), stack.table.reader());
    count(&counting, "large").await;
    reading.collection(&app(), &room("large")).await.unwrap();
    let (counted, read) = (counting.consumed().read_units, reading.consumed().read_units);
    assert!(counted <= read / 2.0 + 1.0, "{counted} units beside {read}");
}

#[tokio::test]
async fn a_room_that_was_never_heard_of_is_told_from_an_empty_one() {
    let stack = deployment().await;
    send(&stack, &[create("empty")]).await;
    let reader = stack.table.reader();
    assert!(reader.room(&app(), &room("nowhere")).await.unwrap().is_none());
    assert!(reader.count(&app(), &room("nowhere")).await.unwrap().is_none());
    let CountedRoom { room, members } =
        reader.count(&app(), &room("empty")).await.unwrap().unwrap();
    assert_eq!((&*room.lifecycle, members), ("active", 0));
}

#[tokio::test]
async fn active_rooms_of_all_shards_are_listed_by_id_and_from_any_room_on() {
    let stack = deployment().await;
    let ids: Vec<_> = (0..700).map(|number| format!("room-{number:03}")).collect();
    let events: Vec<WireEvent> = ids.iter().map(|id| create(id)).collect();
    send(&stack, &events).await;
    assert_eq!(active_rooms(&stack.table.reader()).await, ids);
    let mut rooms = stack.table.reader().active_rooms(&app(), Some(&room("room-350"))).expecting(5);
    let mut after = Vec::new();
    while let Some(room) = rooms.next().await.unwrap() {
        after.push(room.chat_room_id);
    }
    assert_eq!(after, ids[351..]);
}

#[tokio::test]
async fn everything_goes_on_from_the_middle_of_a_room_that_ended() {
    let stack = deployment().await;
    let users: Vec<_> = (0..2500).map(|number| format!("user-{number:04}")).collect();
    send(&stack, &[join("r", &users).at(1)]).await;
    send(&stack, &[destroy("r").at(2)]).await;
    let reader = stack.table.reader();
    let mut first = reader.everything(&app(), None);
    let page = first.next_page().await.unwrap().unwrap();
    let rest = everything(&reader, page.next).await;
    assert_eq!(page.entries.len() + rest.len(), users.len() + 1);
    for entry in &rest {
        let Entry::Member(member) = entry else { panic!("{entry:?} is no member") };
        assert_eq!((&*member.membership, member.gone_at), ("left", Some(at(2).millis())));
    }
}
