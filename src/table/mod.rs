//! The table: one item per member and per room, each a last-writer-wins register.
//!
//! Every change is one `UpdateItem` under the condition that the item is older than the change. The
//! modules, in the order in which a change passes them:
//!
//! * [`key`]: where an item lives.
//! * [`update`]: what is written, as expressions.
//! * [`item`]: what an item that was there already says.
//! * [`write`]: the protocol for one item: write, and where the item was newer, raise what it
//!   lacks.
//! * [`room_cache`]: which rooms were active a moment ago.
//! * [`apply`]: the protocol for a whole plan: everything at once, then what the rooms' own items
//!   call for.
//! * [`sweep`]: the protocol for a room's end.

pub mod apply;
pub mod item;
pub mod key;
pub mod progress;
#[cfg(feature = "cli")]
pub mod read;
pub mod room_cache;
#[cfg(feature = "cli")]
pub mod schema;
pub mod sweep;
pub mod update;
pub mod write;

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use room_cache::RoomCache;

/// An item as the SDK gives it.
pub type Attributes = HashMap<String, AttributeValue>;

/// A handle on the table: cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
    retention_seconds: u64,
    memory: Arc<RoomCache>,
}

impl Table {
    /// The table `name`, whose tombstones and destroyed rooms are kept for `retention_days`.
    pub fn new(client: Client, name: impl Into<String>, retention_days: u32) -> Self {
        Self {
            client,
            name: name.into(),
            retention_seconds: u64::from(retention_days) * 24 * 60 * 60,
            memory: Arc::default(),
        }
    }

    /// The client that it uses.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The table's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}
