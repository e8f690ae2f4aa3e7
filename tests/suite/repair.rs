//! `chatroom repair`, which undoes events that never happened.

use std::{
    cell::Cell,
    collections::BTreeSet,
    process::{Output, Stdio},
};

use chatroom_status_sync::{
    domain::time::Timestamp,
    local::{Stack, im_server::WireEvent},
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use tokio::{process::Command, runtime::Runtime};

use crate::support::{
    EventBuilder, active_rooms, at, chatroom, create, dead_letters, deployment, destroy,
    history::{History, history},
    join, leave, member_row, now,
    oracle::present,
    room_row, rows, send, time,
};

/// Runs `chatroom repair` without a terminal.
async fn run(stack: &Stack, arguments: &[&str]) -> Output {
    Command::from(chatroom())
        .args(["repair", "--url", stack.api_gateway.url()])
        .args(["--endpoint-url", stack.dynamodb.url(), "--table", stack.table.name()])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

/// Repairs without a question.
async fn repair(stack: &Stack, arguments: &[&str]) -> String {
    let output = run(stack, &[arguments, &["--yes"]].concat()).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn failure(stack: &Stack, arguments: &[&str]) -> String {
    let output = run(stack, arguments).await;
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

async fn accepted(stack: &Stack, events: &[WireEvent]) {
    let (status, answer) = send(stack, events).await;
    assert_eq!(status, 200, "{answer}");
}

async fn drain(stack: &Stack) {
    stack.drain().await.unwrap();
}

/// The users in all rooms, by the rule for readers.
async fn everybody(stack: &Stack) -> BTreeSet<(String, String)> {
    present(&rows(&stack.table).await)
}

/// The users in a room.
async fn users_in(stack: &Stack, room: &str) -> Vec<String> {
    everybody(stack).await.into_iter().filter(|(of, _)| of == room).map(|(_, user)| user).collect()
}

/// A lobby with Ann and Ben, which Carl left.
async fn lobby() -> Stack {
    let stack = deployment().await;
    let joins = join("lobby", ["ann", "ben", "carl"]).at(1);
    accepted(&stack, &[create("lobby"), joins, leave("lobby", "carl").at(2)]).await;
    stack
}

#[tokio::test]
async fn after_a_forged_destroy_those_come_back_who_were_in_the_room_swept_or_not() {
    for is_swept in [false, true] {
        let stack = lobby().await;
        accepted(&stack, &[destroy("lobby").at(100)]).await;
        if is_swept {
            drain(&stack).await;
            let rows = rows(&stack.table).await;
            assert_eq!(member_row(&rows, "lobby", "ann")["reason"], "room_destroyed");
        }
        let told = repair(&stack, &["lobby"]).await;
        assert!(told.contains("destroy, requested"), "{told}");
        assert!(told.contains("2 of 2 members in room lobby again"), "{told}");
        for _ in 0..2 {
            let rows = rows(&stack.table).await;
            assert_eq!(users_in(&stack, "lobby").await, ["ann", "ben"]);
            assert_eq!(room_row(&rows, "lobby")["lifecycle"], "active");
            assert_eq!(room_row(&rows, "lobby")["createdAt"], time(0));
            assert!(!room_row(&rows, "lobby").contains_key("expiresAt"));
            let ann = member_row(&rows, "lobby", "ann");
            assert_eq!(ann["joinedAt"], time(101));
            assert!(ann.contains_key("userKey") && !ann.contains_key("expiresAt"));
            assert_eq!(member_row(&rows, "lobby", "carl")["reason"], "requested");
            drain(&stack).await;
        }
        assert_eq!(active_rooms(&stack.table.reader()).await.len(), 1);
        let told = repair(&stack, &["lobby"]).await;
        assert!(told.contains("nobody has to come back to room lobby"), "{told}");
    }
}

#[tokio::test]
async fn only_those_come_back_whom_that_very_destroy_removed() {
    let stack = deployment().await;
    accepted(&stack, &[join("room", ["old", "both"]), destroy("room").at(5000)]).await;
    drain(&stack).await;
    accepted(&stack, &[join("room", ["both", "new", "gone"]).at(6000)]).await;
    accepted(&stack, &[destroy("room").at(7000), leave("room", "gone").at(8000)]).await;
    accepted(&stack, &[join("room", "next").at(9000)]).await;
    // Now it is active, so its item does not tell when those expire whom its end removed.
    drain(&stack).await;
    assert_eq!(users_in(&stack, "room").await, ["next"]);
    repair(&stack, &["room"]).await;
    assert_eq!(users_in(&stack, "room").await, ["both", "new", "next"]);
    let rows = rows(&stack.table).await;
    assert_eq!(member_row(&rows, "room", "next")["joinedAt"], time(9000));
}

#[test]
fn a_destroy_after_any_history_is_undone() {
    let runtime = Runtime::new().unwrap();
    let stack = runtime.block_on(deployment());
    let case = Cell::new(0);
    let config =
        ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let is_undone = |(history, is_swept): (History, bool)| {
        case.set(case.get() + 1);
        let history = history.in_rooms_of(&case.get().to_string());
        runtime.block_on(async {
            for callback in &history.callbacks {
                accepted(&stack, callback).await;
            }
            drain(&stack).await;
            let before = everybody(&stack).await;
            let rooms: BTreeSet<_> =
                history.events().into_iter().map(|event| event.chat_room_id).collect();
            for room in &rooms {
                accepted(&stack, &[destroy(room).at(100_000)]).await;
            }
            if is_swept {
                drain(&stack).await;
            }
            for room in &rooms {
                repair(&stack, &[room]).await;
            }
            prop_assert_eq!(&before, &everybody(&stack).await);
            drain(&stack).await;
            prop_assert_eq!(before, everybody(&stack).await);
            Ok(())
        })
    };
    TestRunner::new(config).run(&(history(), any::<bool>()), is_undone).unwrap();
}

#[tokio::test]
async fn a_banned_user_comes_back_and_nobody_else() {
    let stack = lobby().await;
    accepted(&stack, &[leave("lobby", ["ann", "ben"]).banned().at(50)]).await;
    accepted(&stack, &[leave("lobby", "ben").at(60), join("lobby", "dora").at(70)]).await;
    let told = repair(&stack, &["lobby", "--user", "ann", "--user", "ben", "--user", "dora"]).await;
    assert!(told.contains("leave, banned") && told.contains("2 of 2 members"), "{told}");
    assert_eq!(users_in(&stack, "lobby").await, ["ann", "ben", "dora"]);
    let rows = rows(&stack.table).await;
    for (user, back) in [("ann", 51), ("ben", 61), ("dora", 70)] {
        assert_eq!(member_row(&rows, "lobby", user)["joinedAt"], time(back));
    }
}

#[tokio::test]
async fn a_ban_before_a_destroy_that_was_wrong_too_is_undone_in_two_steps_in_either_order() {
    for steps in
        [[&["lobby", "--user", "ann"][..], &["lobby"]], [&["lobby"], &["lobby", "--user", "ann"]]]
    {
        let stack = lobby().await;
        accepted(&stack, &[leave("lobby", "ann").banned().at(50)]).await;
        accepted(&stack, &[destroy("lobby").at(100)]).await;
        drain(&stack).await;
        let mut told = String::new();
        for step in steps {
            told += &repair(&stack, step).await;
        }
        assert!(told.contains("The room was destroyed after that"), "{told}");
        repair(&stack, &["lobby"]).await;
        assert_eq!(users_in(&stack, "lobby").await, ["ann", "ben"]);
    }
}

#[tokio::test]
async fn whatever_really_happens_after_the_wrong_event_wins_over_the_repair() {
    let stack = lobby().await;
    accepted(&stack, &[destroy("lobby").at(100)]).await;
    repair(&stack, &["lobby"]).await;
    accepted(&stack, &[leave("lobby", "ann").at(101)]).await;
    assert_eq!(users_in(&stack, "lobby").await, ["ben"]);
    accepted(&stack, &[destroy("lobby").at(102)]).await;
    assert!(users_in(&stack, "lobby").await.is_empty());
    drain(&stack).await;
    assert_eq!(room_row(&rows(&stack.table).await, "lobby")["lifecycle"], "destroyed");
}

#[tokio::test]
async fn the_wrong_event_itself_changes_nothing_when_it_comes_again() {
    let stack = lobby().await;
    accepted(&stack, &[destroy("lobby").at(100)]).await;
    repair(&stack, &["lobby"]).await;
    accepted(&stack, &[destroy("lobby").at(100)]).await;
    drain(&stack).await;
    assert_eq!(users_in(&stack, "lobby").await, ["ann", "ben"]);
}

#[tokio::test]
async fn a_wrong_event_of_the_future_is_undone_in_the_future_which_is_said() {
    let stack = lobby().await;
    let ahead = Timestamp::from_millis(now().millis() + 240_000).unwrap();
    accepted(&stack, &[WireEvent { time: ahead, ..destroy("lobby") }]).await;
    accepted(&stack, &[WireEvent { time: now(), ..join("lobby", "dora") }]).await;
    let told = repair(&stack, &["lobby"]).await;
    assert!(told.contains("The wrong event lies ahead of now, so the repair does too"), "{told}");
    assert_eq!(users_in(&stack, "lobby").await, ["ann", "ben", "dora"]);
    assert!(dead_letters(&stack).is_empty());
}

#[tokio::test]
async fn a_large_room_comes_back_in_callbacks_of_a_thousand_users() {
    let stack = deployment().await;
    let users: Vec<_> = (0..1500).map(|number| format!("user-{number:04}")).collect();
    accepted(&stack, &[join("room", &users), destroy("room").at(5)]).await;
    let shown = run(&stack, &["room", "--dry-run"]).await.stdout;
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains("user-0019") && !shown.contains("user-0020"), "{shown}");
    assert!(shown.contains("and 1480 more"), "{shown}");
    let told: Value = serde_json::from_str(&repair(&stack, &["room", "--json"]).await).unwrap();
    // Of a callback that is answered late and repeated, the second answer counts.
    assert_eq!(told["sent"]["callbacks"], 2);
    assert_eq!(told["back"], 1500);
    assert_eq!(users_in(&stack, "room").await, users);
}

#[tokio::test]
async fn nothing_is_sent_when_it_is_dry_or_nobody_can_be_asked_or_the_secret_is_wrong() {
    let stack = lobby().await;
    accepted(&stack, &[destroy("lobby").at(100)]).await;
    let before = rows(&stack.table).await;
    let dry = run(&stack, &["lobby", "--dry-run", "--json"]).await;
    let told: Value = serde_json::from_slice(&dry.stdout).unwrap();
    assert_eq!(
        told["joins"][1],
        json!({"userId": "ben", "joinAt": at(101), "wrongVersion": 170_000_000_010_030_u64})
    );
    assert!(failure(&stack, &["lobby"]).await.contains("say --yes to repair"));
    let said = failure(&stack, &["lobby", "--yes", "--secret", "wrong"]).await;
    assert!(said.contains("a callback was not accepted") && said.contains("401"), "{said}");
    assert_eq!(rows(&stack.table).await, before);
}

#[tokio::test]
async fn what_cannot_be_undone_is_refused_with_a_reason() {
    let stack = lobby().await;
    let join = join("stage", ["ann", "ben"]);
    accepted(&stack, &[join, leave("stage", "carl").at(1), destroy("stage").at(5)]).await;
    accepted(&stack, &[leave("stage", "ben").at(6)]).await;
    for (arguments, why) in [
        (&["nowhere"][..], "nothing is known of room nowhere"),
        (&["lobby"], "room lobby was never destroyed"),
        (&["lobby", "--user", "zoe"], "nothing is known of user zoe in room lobby"),
        (&["stage", "--user", "ann"], "was in it when it was destroyed"),
        (&["stage", "--user", "ben"], "the room had been destroyed at 2023-11-14 22:13:20.005"),
        (&["stage", "--user", "carl"], "no join of user carl in room stage is known"),
    ] {
        let said = failure(&stack, &[arguments, &["--yes"]].concat()).await;
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn an_empty_room_is_made_active_by_a_create_which_is_said() {
    let stack = deployment().await;
    accepted(&stack, &[create("room"), destroy("room").at(5)]).await;
    let told = repair(&stack, &["room"]).await;
    let create = format!("chatroom event create --room room --time {}", time(6));
    assert!(told.contains(&create), "{told}");
}
