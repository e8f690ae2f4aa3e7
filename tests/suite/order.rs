//! Any order, any repetition, any batching, any interleaving: the same table.

use std::collections::BTreeSet;

use chatroom_status_sync::{
    local::{Stack, TABLE, sample::WireEvent},
    table::schema,
};
use futures_util::future::join_all;
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};
use tokio::runtime::Runtime;

use crate::support::{
    Row, Rows, counts, deployment,
    history::history,
    oracle::{present, table_after},
    rows, send,
};

/// Checks a property of many histories, each on an empty table.
fn property(
    cases: u32,
    test: impl AsyncFn(&Stack, Vec<Vec<WireEvent>>) -> Result<(), TestCaseError>,
) {
    let runtime = Runtime::new().unwrap();
    let stack = runtime.block_on(deployment());
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let in_empty_table = |history| {
        runtime.block_on(async {
            let client = stack.table.client();
            client
                .delete_table()
                .table_name(TABLE)
                .send()
                .await
                .unwrap();
            schema::create(client, TABLE).await.unwrap();
            test(&stack, history).await
        })
    };
    TestRunner::new(config)
        .run(&history(), in_empty_table)
        .unwrap();
}

async fn deliver(stack: &Stack, callback: &[WireEvent]) {
    let (status, answer) = send(stack, callback).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(counts(&answer)[2..], [0, 0]);
}

/// What is the same before and after a room's end has reached its members and its own item.
fn settled(rows: &Rows) -> Vec<(&(String, String), Row)> {
    let passing = [
        "membership",
        "reason",
        "userKey",
        "expiresAt",
        "lifecycle",
        "roomsKey",
    ];
    let settled = |(key, row): (_, &Row)| {
        let mut row = row.clone();
        row.retain(|name, _| !passing.contains(&name.as_str()));
        if row["kind"] == "room" {
            row.remove("version");
        }
        (key, row)
    };
    rows.iter().map(settled).collect()
}

/// Members' rows that no room's end is on its way to.
fn members_in_living_rooms(rows: &Rows, of: &Rows) -> Vec<Row> {
    let ended: BTreeSet<_> = of
        .iter()
        .filter(|(_, row)| {
            row.get("reason")
                .is_some_and(|reason| reason == "room_destroyed")
        })
        .map(|(key, _)| key)
        .collect();
    let members = rows
        .iter()
        .filter(|(key, row)| row["kind"] == "member" && !ended.contains(key));
    members.map(|(_, row)| row.clone()).collect()
}

fn assert_same(rows: &Rows, expected: &Rows) -> Result<(), TestCaseError> {
    prop_assert_eq!(present(rows), present(expected), "who is in which room");
    prop_assert_eq!(settled(rows), settled(expected), "versions, times and ids");
    let living = |of| members_in_living_rooms(of, expected);
    prop_assert_eq!(
        living(rows),
        living(expected),
        "members, with every attribute"
    );
    Ok(())
}

#[test]
fn callbacks_in_any_order_end_in_the_table_that_the_oracle_describes() {
    property(100, async |stack, history| {
        for callback in &history {
            deliver(stack, callback).await;
        }
        assert_same(&rows(&stack.table).await, &table_after(&history.concat()))
    });
}

#[test]
fn concurrent_callbacks_end_in_the_table_that_the_oracle_describes() {
    property(100, async |stack, history| {
        join_all(history.iter().map(|callback| deliver(stack, callback))).await;
        assert_same(&rows(&stack.table).await, &table_after(&history.concat()))
    });
}

#[test]
fn at_every_moment_the_readers_sentence_tells_who_is_in_a_room() {
    property(100, async |stack, history| {
        for sent in 1..=history.len() {
            deliver(stack, &history[sent - 1]).await;
            let expected = table_after(&history[..sent].concat());
            prop_assert_eq!(present(&rows(&stack.table).await), present(&expected));
        }
        Ok(())
    });
}
