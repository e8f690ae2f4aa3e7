//! The table: one item per member and per room, each a last-writer-wins register.
//!
//! Every change is one `UpdateItem` under the condition that the item is older than the change. The
//! modules, in the order in which a change passes them:
//!
//! * [`key`]: the place of an item.
//! * [`update`]: the expressions that change an item.
//! * [`item`]: reads what a stored item says.
//! * [`mod@write`]: the protocol for one item: write it, and where it was newer, raise what it
//!   lacks.
//! * [`room_cache`]: remembers which rooms were active a moment ago.
//! * `step`: the requests that a plan can call for, and what each of them confirms.
//! * `progress`: decides what follows from the steps that are confirmed.
//! * [`outcome`]: counts the confirmed changes of a plan, and keeps the others.
//! * [`apply`]: the protocol for a whole plan: takes all steps at once, then those that follow.
//! * [`sweep`]: the protocol for a room's end: ends its memberships.
//!
//! For readers: `presence` decides who is in a room, and `read` answers questions. `schema`
//! creates the table where no template does.

pub mod apply;
pub mod item;
pub mod key;
pub mod outcome;
#[cfg(feature = "cli")]
pub mod presence;
mod progress;
#[cfg(feature = "cli")]
pub mod read;
pub mod room_cache;
#[cfg(feature = "cli")]
pub mod schema;
mod step;
pub mod sweep;
pub mod update;
pub mod write;

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use room_cache::RoomCache;
use tokio::time::timeout;

/// The most requests of one callback, or of one sweep, that are under way at once.
pub const CONCURRENCY: usize = 64;
/// The limit for opening connections when a function starts.
const CONNECT: Duration = Duration::from_secs(1);

/// An item as the SDK gives it.
pub type Attributes = HashMap<String, AttributeValue>;

/// A handle on the table: cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
    retention_seconds: u64,
    cache: Arc<RoomCache>,
}

impl Table {
    /// Takes the table `name`, whose tombstones and destroyed rooms are kept for `retention_days`.
    pub fn new(client: Client, name: impl Into<String>, retention_days: u32) -> Self {
        Self {
            client,
            name: name.into(),
            retention_seconds: u64::from(retention_days) * 24 * 60 * 60,
            cache: Arc::default(),
        }
    }

    /// Gives the client that it uses.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Gives the table's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens connections before the first request needs them: a join's write and its read of the
    /// room use two. Nothing depends on the result, and an engine that does not answer delays
    /// the start by a second at most.
    pub async fn connect(&self) {
        let no_item = || AttributeValue::S("CONNECT".to_owned());
        let read = || {
            self.client
                .get_item()
                .table_name(&self.name)
                .key("pk", no_item())
                .key("sk", no_item())
                .send()
        };
        let _ = timeout(CONNECT, async { tokio::join!(read(), read()) }).await;
    }
}
