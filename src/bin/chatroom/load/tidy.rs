//! Ends the rooms of a run. Members who are in a room never expire; those whose room ended do, and
//! so does the room.

use std::time::SystemTime;

use chatroom_status_sync::{
    domain::{event::Kind, time::Timestamp},
    local::im_server::WireEvent,
};
use futures_util::{StreamExt, stream};
use tokio::time::{Duration, Instant};

use super::{sender::Sender, traffic::Delivery};

/// Rooms in one callback.
const BATCH: usize = 10;
/// Callbacks under way at once.
const CONCURRENCY: usize = 4;

/// Reports the end of rooms. Gives how many ends were not accepted.
pub async fn destroy(sender: &Sender, rooms: &[&str]) -> usize {
    let batches = rooms.chunks(BATCH).enumerate();
    let left = batches.map(async |(number, rooms)| {
        let now = Timestamp::from(SystemTime::now());
        let end = |room: &&str| WireEvent::new(room, &[], Kind::Destroy.number(), 0, now);
        let delivery = Delivery {
            due: Duration::ZERO,
            events: rooms.iter().map(end).collect(),
            nonce: number.to_string(),
        };
        let outcome = sender.deliver(delivery, Instant::now()).await;
        outcome.accepted.map_or(rooms.len(), |_| 0)
    });
    let left = stream::iter(left).buffer_unordered(CONCURRENCY);
    left.fold(0, async |sum, left| sum + left).await
}
