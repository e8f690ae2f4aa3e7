//! The shards of a stream, as they are split, closed, trimmed and forgotten while they are followed.

use std::{fs, time::Duration};

use chatroom_status_sync::local::im_server::WireEvent;
use serde_json::json;
use tokio::{io::AsyncReadExt, time::timeout};

use super::{Watch, argument, fake_stream::FakeStream, in_short, new_file};
use crate::support::{PATIENCE, at, leave, now};

/// A leave, as a fake stream has it.
fn left(user: &str) -> WireEvent {
    leave("lobby", user)
}

#[tokio::test]
async fn a_closed_shard_is_told_to_its_end_before_its_children() {
    let stream = FakeStream::start().await;
    stream.shard("shardId-3-child", Some("shardId-4-parent"), &[left("third"), left("fourth")]);
    stream.shard("shardId-4-parent", None, &[left("first"), left("second")]);
    stream.close("shardId-4-parent");
    let mut watch = Watch::start(stream.url(), "rooms", &["--from", "beginning", "--json"]).await;
    let users: Vec<_> = watch.json(4).await.iter().map(|change| change["userId"].clone()).collect();
    assert_eq!(users, ["first", "second", "third", "fourth"]);
}

#[tokio::test]
async fn a_shard_that_is_split_while_it_is_watched_loses_nothing() {
    let stream = FakeStream::start().await;
    stream.shard("shardId-1", None, &[left("before")]);
    let file = new_file("split.json");
    let resume = ["--json", "--resume", argument(&file)];
    let mut watch = Watch::start(stream.url(), "rooms", &resume).await;
    stream.write("shardId-1", &left("first"));
    assert_eq!(in_short(&watch.json(1).await), ["lobby first left"]);
    stream.shard("shardId-2", Some("shardId-1"), &[left("second")]);
    stream.shard("shardId-3", Some("shardId-1"), &[]);
    stream.close("shardId-1");
    assert_eq!(in_short(&watch.json(1).await), ["lobby second left"]);
    let (rest, _) = watch.stop().await;
    assert_eq!(rest, Vec::<String>::new());
    // The place is kept in all three.
    stream.write("shardId-3", &left("third"));
    stream.write("shardId-2", &left("fourth"));
    let mut watch = Watch::start(stream.url(), "rooms", &resume).await;
    let mut changes = in_short(&watch.json(2).await);
    changes.sort();
    assert_eq!(changes, ["lobby fourth left", "lobby third left"]);
    let (rest, notes) = watch.stop().await;
    assert!(rest.is_empty() && !notes.contains("missed"), "{rest:?} {notes}");
    fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_shard_in_which_nothing_happened_is_resumed_at_the_time_of_the_place() {
    let stream = FakeStream::start().await;
    stream.shard("shardId-1", None, &[left("old"), left("older"), left("new"), left("newer")]);
    for (index, seconds) in [(0, 90), (1, 80), (2, 40), (3, 30)] {
        stream.age("shardId-1", index, seconds);
    }
    let file = new_file("quiet.json");
    let place = json!({ "time": now().millis() - 60_000 });
    let checkpoint = json!({ "stream": stream.arn(), "shards": { "shardId-1": place } });
    fs::write(&file, checkpoint.to_string()).unwrap();
    let resume = ["--json", "--resume", argument(&file)];
    let mut watch = Watch::start(stream.url(), "rooms", &resume).await;
    assert_eq!(in_short(&watch.json(2).await), ["lobby new left", "lobby newer left"]);
    let (rest, _) = watch.stop().await;
    assert_eq!(rest, Vec::<String>::new());
    fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn iterators_that_are_too_old_and_requests_that_are_throttled_lose_nothing() {
    let stream = FakeStream::start().await;
    stream.shard("shardId-1", None, &[]);
    let mut watch = Watch::start(stream.url(), "rooms", &["--json"]).await;
    for (number, fault) in
        ["ExpiredIteratorException", "LimitExceededException", "InternalServerError"]
            .into_iter()
            .enumerate()
    {
        stream.fail_next_page(fault);
        stream.write("shardId-1", &left(&format!("u{number}")));
        assert_eq!(in_short(&watch.json(1).await), [format!("lobby u{number} left")]);
    }
}

#[tokio::test]
async fn pages_that_take_longer_than_the_time_between_two_writes_of_the_place_are_read() {
    let stream = FakeStream::start().await;
    stream.shard("shardId-1", None, &[left("ann")]);
    stream.slow_down(Duration::from_millis(1500));
    let file = new_file("slow.json");
    let resume = ["--from", "beginning", "--json", "--resume", argument(&file)];
    let mut watch = Watch::start(stream.url(), "rooms", &resume).await;
    let told =
        timeout(PATIENCE, watch.json(1)).await.expect("each page was dropped and asked anew");
    assert_eq!(in_short(&told), ["lobby ann left"]);
    watch.stop().await;
    let place = fs::read_to_string(&file).unwrap();
    assert!(place.contains(&FakeStream::sequence_number(0)), "{place}");
    fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_stream_that_no_longer_has_what_came_next_says_so_and_goes_on() {
    let stream = FakeStream::start().await;
    stream.shard("shardId-1", None, &[left("lost"), left("kept")]);
    stream.trim("shardId-1", 1);
    let file = new_file("trimmed.json");
    let day = 24 * 60 * 60 * 1000;
    let then = now().millis() - 2 * day;
    let place = json!({ "sequenceNumber": FakeStream::sequence_number(0), "time": then });
    let gone = json!({ "sequenceNumber": FakeStream::sequence_number(7), "time": then - day });
    let shards = json!({ "shardId-0": gone, "shardId-1": place });
    let checkpoint = json!({ "stream": stream.arn(), "shards": shards });
    fs::write(&file, checkpoint.to_string()).unwrap();
    let resume = ["--json", "--resume", argument(&file)];
    let mut watch = Watch::start(stream.url(), "rooms", &resume).await;
    let mut changes = watch.json(2).await;
    let (missed, change) = (changes.remove(0), changes.remove(0));
    // The shard that is gone, and the one that was trimmed, may be noticed one after the other.
    let (missed, change) = match change["change"].as_str() {
        Some("missed") => (missed, watch.json(1).await.remove(0)),
        _ => (missed, change),
    };
    assert_eq!(missed["change"], "missed");
    assert_eq!(missed["from"], then - day);
    let until = missed["until"].as_u64().unwrap();
    assert!(until <= now().millis() - day && until > then, "{missed}");
    assert_eq!(in_short(&[change]), ["lobby kept left"]);
    let (_, notes) = watch.stop().await;
    assert!(notes.contains("are lost: a stream keeps 24 hours"), "{notes}");
    fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_stream_that_forgets_without_a_word_is_found_out() {
    let stream = FakeStream::start().await;
    stream.shard("shardId-1", None, &[left("told"), left("lost"), left("kept")]);
    stream.forget("shardId-1", 2);
    let file = new_file("forgotten.json");
    let then = now().millis() - 2 * 24 * 60 * 60 * 1000;
    let place = json!({ "sequenceNumber": FakeStream::sequence_number(0), "time": then });
    let checkpoint = json!({ "stream": stream.arn(), "shards": { "shardId-1": place } });
    fs::write(&file, checkpoint.to_string()).unwrap();
    let resume = ["--json", "--resume", argument(&file)];
    let mut watch = Watch::start(stream.url(), "rooms", &resume).await;
    let changes = watch.json(2).await;
    assert_eq!((&changes[0]["change"], &changes[0]["from"]), (&json!("missed"), &json!(then)));
    assert_eq!(in_short(&changes[1..]), ["lobby kept left"]);
    fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_stream_that_was_switched_off_and_on_says_what_is_lost_and_is_told_from_its_beginning() {
    let stream = FakeStream::start().await;
    stream.shard("shardId-1", None, &[left("first")]);
    let file = new_file("switched.json");
    let place = json!({ "sequenceNumber": FakeStream::sequence_number(3), "time": at(0).millis() });
    let before = stream.arn().replace("/stream/", "/stream/before-");
    let checkpoint = json!({ "stream": before, "shards": { "shardId-9": place } });
    fs::write(&file, checkpoint.to_string()).unwrap();
    let resume = ["--json", "--resume", argument(&file)];
    let mut watch = Watch::start(stream.url(), "rooms", &resume).await;
    let changes = watch.json(2).await;
    assert_eq!(changes[0]["change"], "missed");
    assert_eq!(changes[0]["from"], at(0).millis());
    assert_eq!(in_short(&changes[1..]), ["lobby first left"]);
    fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_stream_that_is_switched_off_while_it_is_watched_ends_the_watch_with_a_reason() {
    let stream = FakeStream::start().await;
    stream.shard("shardId-1", None, &[]);
    let mut watch = Watch::start(stream.url(), "rooms", &[]).await;
    stream.switch_off();
    let status = watch.process.wait().await.unwrap();
    let mut notes = String::new();
    watch.notes.read_to_string(&mut notes).await.unwrap();
    assert!(!status.success() && notes.contains("was switched off"), "{notes}");
}
