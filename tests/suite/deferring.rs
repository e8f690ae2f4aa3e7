//! Changes that the table does not confirm in time. They are queued, the answer leaves in time, and
//! the worker applies them later.

use chatroom_status_sync::{
    domain::{plan::Plan, time::Timestamp},
    functions::deadlines::Deadlines,
    local::{
        api_gateway::event_of,
        im_server::{SignedCallback, WireEvent},
    },
    wire::packing,
};
use proptest::prelude::*;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

use crate::support::{
    EventBuilder, app, applied, counts_of, deferred, deferred_messages, deployment, destroy,
    functions::{answer_in, answer_to, in_front_of, response_to, silence},
    history::history,
    join, leave, member_row, now, oracle, read, rows, signed,
};

/// Variables of a function whose table never answers.
async fn without_a_table() -> [(&'static str, String); 2] {
    [("AWS_ENDPOINT_URL_DYNAMODB", silence().await), ("BUDGET_MS", "300".to_owned())]
}

fn borrowed<'a>(variables: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test]
async fn changes_that_a_silent_table_does_not_confirm_are_queued_and_applied_later() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &borrowed(&without_a_table().await)).await;
    let events = [
        join("room", ["ann", "ben"]).at(1),
        leave("room", "ben").banned().at(2),
        join("stage", "cid").at(1),
        destroy("stage").auto_destroyed().at(5),
    ];
    let response = response_to(&mut function, &signed(&events)).await;
    assert_eq!(response["statusCode"], 200);
    assert_eq!(counts_of(&answer_in(&response)), deferred(4));
    let line: Value = serde_json::from_str(function.end().unwrap().trim()).unwrap();
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["deferred"], 4);
    assert_eq!(line["error"], "the table did not answer in time");

    assert!(rows(&stack.table).await.is_empty());
    stack.drain().await.unwrap();
    let mut expected = oracle::table_after(&events);
    let mut found = rows(&stack.table).await;
    for row in expected.values_mut().chain(found.values_mut()) {
        if row["sk"] == "ROOM" {
            row.remove("version");
        }
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_table_that_refuses_everything_loses_nothing() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[("TABLE_NAME", "no-such-table")]).await;
    let answer = answer_to(&mut function, &[join("room", "ann")]).await;
    assert_eq!(counts_of(&answer), deferred(1));
    assert_eq!(deferred_messages(&stack).len(), 1);
    stack.drain().await.unwrap();
    assert_eq!(member_row(&rows(&stack.table).await, "room", "ann")["membership"], "joined");
}

#[tokio::test]
async fn with_table_and_queue_out_of_reach_the_answer_is_503_and_a_time_to_retry() {
    let stack = deployment().await;
    let mut variables = without_a_table().await.to_vec();
    variables.push(("AWS_ENDPOINT_URL_SQS", silence().await));
    let mut function = in_front_of(&stack, &borrowed(&variables)).await;
    let callback = signed(&[join("room", "ann")]);
    let response = response_to(&mut function, &callback).await;
    assert_eq!(response["statusCode"], 503);
    assert_eq!(response["headers"]["retry-after"], "1");
    assert_eq!(answer_in(&response)["error"], "unavailable");
    let line: Value = serde_json::from_str(function.end().unwrap().trim()).unwrap();
    let error = line["error"].as_str().unwrap();
    assert!(error.starts_with("1 changes unwritten: the table did not answer in time"), "{error}");

    let mut function = in_front_of(&stack, &[]).await;
    let response = response_to(&mut function, &callback).await;
    assert_eq!(
        counts_of(&answer_in(&response)),
        applied(1),
        "a retry with the same nonce is welcome"
    );
}

#[tokio::test]
async fn a_dead_letter_queue_out_of_reach_gives_503_and_never_a_lost_event() {
    let stack = deployment().await;
    let silence = silence().await;
    let variables = [("AWS_ENDPOINT_URL_SQS", silence.as_str()), ("BUDGET_MS", "300")];
    let mut function = in_front_of(&stack, &variables).await;
    for body in [join("room", "ann").of_type(7).to_string(), "no json".to_owned()] {
        let response = response_to(&mut function, &SignedCallback::now(body)).await;
        assert_eq!(response["statusCode"], 503);
    }
}

#[tokio::test]
async fn a_queue_out_of_reach_does_no_harm_while_nothing_is_deferred() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[("AWS_ENDPOINT_URL_SQS", &silence().await)]).await;
    let answer = answer_to(&mut function, &[join("room", "ann")]).await;
    assert_eq!(counts_of(&answer), applied(1));
}

fn milliseconds_ago(milliseconds: u64) -> Timestamp {
    Timestamp::from_millis(now().millis() - milliseconds).unwrap()
}

#[tokio::test]
async fn a_request_that_comes_too_late_for_the_table_is_deferred_while_the_sender_still_waits() {
    let stack = deployment().await;
    let variables = [("BUDGET_MS", "4000"), ("AWS_ENDPOINT_URL_DYNAMODB", &silence().await)];
    let mut function = in_front_of(&stack, &variables).await;
    let late = event_of(&signed(&[join("room", "ann")]), "late", milliseconds_ago(3_900));
    let response = function.invoke(late.to_string()).await.unwrap();
    assert_eq!(counts_of(&answer_in(&response)), deferred(1));
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_any_more_is_stored_all_the_same() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    let late = event_of(&signed(&[join("room", "ann")]), "late", milliseconds_ago(6_000));
    let response = function.invoke(late.to_string()).await.unwrap();
    assert_eq!(counts_of(&answer_in(&response)), applied(1));
}

#[tokio::test]
async fn a_sample_event_of_long_ago_or_of_tomorrow_has_a_budget_of_its_own() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    let tomorrow = Timestamp::from_millis(now().millis() + 86_400_000).unwrap();
    for taken in [milliseconds_ago(31_000), milliseconds_ago(86_400_000), tomorrow] {
        let sample = event_of(&signed(&[join("room", "ann")]), "sample", taken);
        let response = function.invoke(sample.to_string()).await.unwrap();
        assert_eq!(response["statusCode"], 200);
    }
}

#[test]
fn every_answer_leaves_in_time_while_somebody_waits() {
    let (now, millis) = (Instant::now(), Duration::from_millis);
    for budget in (100..=4000).step_by(100).map(millis) {
        for waited in (0..=4500).step_by(100).map(millis) {
            let deadlines = Deadlines::of_callback(now, budget, waited, None);
            let (for_table, for_queues) = (deadlines.table - now, deadlines.queues - now);
            let is_queue_cut = for_queues < for_table + millis(300);
            assert!(!is_queue_cut || deadlines.is_late);
            let answered = waited + for_queues;
            let nobody_waits = waited >= millis(4300);
            assert!(answered <= millis(4500) || nobody_waits, "{budget:?} {waited:?}");
            let is_in_budget = for_table <= budget.saturating_sub(waited);
            assert!(is_in_budget || deadlines.is_late || nobody_waits);
            assert_eq!(deadlines.is_late, waited >= budget && !nobody_waits);
        }
    }
    let killed = Some(millis(1300));
    let deadlines = Deadlines::of_callback(now, millis(3500), millis(0), killed);
    assert_eq!(deadlines.table, now + millis(700), "and the function's own end counts");
    assert_eq!(deadlines.queues, now + millis(1000), "less the time for the answer");
}

fn folded(events: &[WireEvent]) -> Plan {
    Plan::of(events.iter().map(read))
}

proptest! {
    #[test]
    fn deferred_changes_fold_into_the_same_plan_again(history in history()) {
        let plan = folded(&history.events());
        let events: Vec<_> = plan.clone().into_events().collect();
        prop_assert_eq!(Plan::of(events), plan);
    }
}

/// The events of messages, as the worker reads them.
fn events_in(messages: &[String]) -> Vec<WireEvent> {
    let mut events = Vec::new();
    for message in messages {
        assert!(message.len() <= 256 * 1024);
        let message: Value = serde_json::from_str(message).unwrap();
        assert_eq!(message["appKey"], app().as_str());
        for event in message["events"].as_array().unwrap() {
            let users: Vec<_> = event["userIds"]
                .as_array()
                .unwrap()
                .iter()
                .map(|user| user.as_str().unwrap())
                .collect();
            let [kind, status, time] =
                ["type", "status", "time"].map(|name| event[name].as_u64().unwrap());
            events.push(WireEvent::new(
                event["chatRoomId"].as_str().unwrap(),
                &users,
                kind,
                status,
                Timestamp::from_millis(time).unwrap(),
            ));
        }
    }
    events
}

#[test]
fn changes_are_deferred_in_as_few_messages_as_hold_them() {
    let users: Vec<_> = (0..100_000).map(|n| format!("user-{n:06}")).collect();
    let users: Vec<_> = users.iter().map(String::as_str).collect();
    let plan = folded(&[join("room", &users).at(1), leave("room", &users[..3]).at(2)]);
    let messages = packing::event_messages(&app(), plan.clone().into_events());
    // 14 bytes for each: a quoted id and a comma.
    assert_eq!(messages.len(), 1_400_000_usize.div_ceil(256 * 1024));
    assert_eq!(folded(&events_in(&messages)), plan);

    let rooms: Vec<_> = (0..10_000).map(|n| join(&format!("room-{n}"), "ann").at(n)).collect();
    let plan = folded(&rooms);
    let messages = packing::event_messages(&app(), plan.clone().into_events());
    let bytes: usize = messages.iter().map(String::len).sum();
    assert_eq!(messages.len(), bytes.div_ceil(256 * 1024));
    assert_eq!(folded(&events_in(&messages)), plan);
    assert!(packing::event_messages(&app(), []).is_empty());
}

#[test]
fn deferred_messages_have_no_characters_that_sqs_refuses() {
    let odd = "\u{fffe}\u{ffff}\u{0}\u{7}";
    let plan = folded(&[join(odd, odd).at(1), destroy(odd).at(2)]);
    let messages = packing::event_messages(&app(), plan.clone().into_events());
    assert!(!messages[0].contains(['\u{fffe}', '\u{ffff}', '\u{0}', '\u{7}']));
    assert_eq!(folded(&events_in(&messages)), plan);
}
