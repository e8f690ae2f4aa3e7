//! The table that events end in: the same for any order, repetition, batching and interleaving.

use std::cell::Cell;

use chatroom_status_sync::{
    functions::receiver::Receiver,
    local::{Stack, im_server::WireEvent},
    table::schema,
};
use futures_util::future::join_all;
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};
use tokio::runtime::Runtime;

use crate::support::{
    Rows, another_function, counts_of, deployment, hand,
    history::{History, history},
    oracle::{comparable, present, table_after},
    rows, second_engine,
};

/// Functions that take turns: each has a room cache of its own, as each process of a Lambda has.
const FUNCTIONS: usize = 3;

struct Fleet {
    stack: Stack,
    functions: Vec<Receiver>,
}

impl Fleet {
    async fn deliver(&self, number: usize, callback: &[WireEvent]) {
        let (status, answer) = hand(&self.functions[number % FUNCTIONS], callback).await;
        assert_eq!(status, 200, "{answer}");
        let counts = counts_of(&answer);
        assert_eq!((counts.deferred, counts.quarantined), (0, 0));
    }

    async fn rows(&self) -> Rows {
        rows(&self.stack.table).await
    }

    /// Compares the table with the oracle, once all is written and the queue has drained.
    async fn ends_as_the_oracle_says(&self, history: &History) -> Result<(), TestCaseError> {
        self.stack.drain().await.unwrap();
        let events = history.events();
        let (rows, expected) = comparable(self.rows().await, &events);
        prop_assert_eq!(rows, expected);
        Ok(())
    }
}

/// Checks a property of many histories, each on an empty table and in rooms that no function has
/// seen before.
fn property(cases: u32, test: impl AsyncFn(&Fleet, &History) -> Result<(), TestCaseError>) {
    let runtime = Runtime::new().unwrap();
    let fleet = runtime.block_on(async {
        let stack = deployment().await;
        let functions = join_all((0..FUNCTIONS).map(|_| another_function(&stack))).await;
        Fleet { stack, functions }
    });
    // Other engines are slower.
    let cases = if second_engine().is_some() { cases / 5 } else { cases };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let case = Cell::new(0);
    let in_empty_table = |history: History| {
        case.set(case.get() + 1);
        let history = history.in_rooms_of(&case.get().to_string());
        runtime.block_on(async {
            let client = fleet.stack.table.client();
            client.delete_table().table_name(fleet.stack.table.name()).send().await.unwrap();
            schema::create(client, fleet.stack.table.name()).await.unwrap();
            test(&fleet, &history).await
        })
    };
    TestRunner::new(config).run(&history(), in_empty_table).unwrap();
}

#[test]
fn callbacks_in_any_order_end_in_the_table_that_the_oracle_describes() {
    property(150, async |fleet, history| {
        for (number, callback) in history.callbacks.iter().enumerate() {
            fleet.deliver(number, callback).await;
        }
        fleet.ends_as_the_oracle_says(history).await
    });
}

#[test]
fn concurrent_callbacks_end_in_the_table_that_the_oracle_describes() {
    property(150, async |fleet, history| {
        let callbacks = history.callbacks.iter().enumerate();
        join_all(callbacks.map(|(number, callback)| fleet.deliver(number, callback))).await;
        fleet.ends_as_the_oracle_says(history).await
    });
}

#[test]
fn membership_and_versions_tell_at_every_moment_who_is_in_a_room() {
    property(60, async |fleet, history| {
        for sent in 1..=history.callbacks.len() {
            fleet.deliver(sent, &history.callbacks[sent - 1]).await;
            let expected = table_after(&history.callbacks[..sent].concat());
            prop_assert_eq!(present(&fleet.rows().await), present(&expected));
        }
        Ok(())
    });
}
