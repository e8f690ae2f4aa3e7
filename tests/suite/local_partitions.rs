//! The local partitions, which stand in for those of a DynamoDB table: each allows so many writes,
//! and throttles the others.

use std::time::Duration;

use chatroom_status_sync::local::partitions::{Allowance, PartitionSettings, Partitions, Refusal};

use crate::support::{
    applied, counts_of, deferred, deployment,
    functions::{answer_to, in_front_of},
    join, rows, stale,
};

/// Allows so many writes, and never one more.
fn only(writes: u32, refusal: Refusal) -> PartitionSettings {
    let allowance = Allowance { rate: 0.0, burst: writes.into() };
    PartitionSettings { allowance, refusal, latency: Duration::ZERO }
}

#[tokio::test]
async fn each_partition_allows_its_writes_and_throttles_the_others() {
    for refusal in [Refusal::Throttling, Refusal::ProvisionedThroughputExceeded] {
        let stack = deployment().await;
        let partitions = Partitions::start(stack.dynamodb.url(), only(2, refusal)).await.unwrap();
        let url = [("AWS_ENDPOINT_URL_DYNAMODB", partitions.url()), ("BUDGET_MS", "1000")];
        let mut function = in_front_of(&stack, &url).await;

        // A join takes two writes: the member's, and the one that proves the room alive.
        let joins = [join("room", "ann"), join("other room", "ann")];
        let counts = counts_of(&answer_to(&mut function, &joins).await);
        assert_eq!(counts, applied(2));
        let counts = counts_of(&answer_to(&mut function, &[join("room", "ben")]).await);
        assert_eq!(counts, deferred(1));

        assert_eq!(rows(&stack.table).await.len(), 4, "two rooms, with ann in each");
        let counts = partitions.counts();
        assert_eq!((counts.granted, counts.changed), (4, 4));
        assert_eq!(counts.throttled, counts.requests["UpdateItem"] - 4);
        assert_eq!(partitions.granted_by("key"), 4, "by the function's access key");
        assert!(counts.requests["GetItem"] >= 2);
    }
}

#[tokio::test]
async fn a_write_whose_condition_fails_costs_as_much_as_any() {
    let stack = deployment().await;
    let settings = only(3, Refusal::Throttling);
    let partitions = Partitions::start(stack.dynamodb.url(), settings).await.unwrap();
    let url = [("AWS_ENDPOINT_URL_DYNAMODB", partitions.url())];
    let mut function = in_front_of(&stack, &url).await;
    let ann = [join("room", "ann")];
    answer_to(&mut function, &ann).await;
    let counts = counts_of(&answer_to(&mut function, &ann).await);
    assert_eq!(counts, stale(1));
    assert_eq!((partitions.counts().granted, partitions.changed()), (3, 2));
}
