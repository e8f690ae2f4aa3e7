//! The table: one item per member and per room, each a last-writer-wins register.
//!
//! Every change is one `UpdateItem` under the condition that the item is older than the change. The
//! modules, in the order in which a change passes them:
//!
//! * [`key`]: the place of an item.
//! * [`update`]: the expressions that change an item.
//! * [`item`]: reads what a stored item says.
//! * `attempt`, [`patience`], `pace`: how often, how long and how fast requests are sent; and
//!   [`unconfirmed`]: why one has no result.
//! * [`mod@write`]: the protocol for one item: write it, and where it was newer, raise what it
//!   lacks.
//! * [`room_cache`]: remembers which rooms were active a moment ago.
//! * `step`: the requests that a plan can call for, and what each of them confirms.
//! * `progress`: decides what follows from the steps that are confirmed.
//! * [`outcome`]: counts the confirmed changes of a plan, and keeps the others.
//! * [`apply`]: the protocol for a whole plan: takes all steps at once, then those that follow.
//! * [`sweep`], `page`: the protocol for a room's end: ends its memberships.
//!
//! For readers: `presence` decides who is in a room, and `read` answers questions. `schema`
//! creates the table where no template does; `changes` follows its stream.

pub mod apply;
mod attempt;
#[cfg(feature = "cli")]
pub mod changes;
pub mod item;
pub mod key;
pub mod outcome;
mod pace;
mod page;
pub mod patience;
#[cfg(feature = "reader")]
pub mod presence;
mod progress;
#[cfg(feature = "reader")]
pub mod read;
pub mod room_cache;
#[cfg(feature = "cli")]
pub mod schema;
mod step;
pub mod sweep;
pub mod unconfirmed;
pub mod update;
pub mod write;

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use pace::Paces;
use patience::{Effort, Patience};
use room_cache::RoomCache;
use tokio::{sync::Semaphore, time::timeout};

use crate::aws::ATTEMPT;

/// The most requests of one callback, or of a whole worker, that are under way at once.
pub const CONCURRENCY: usize = 64;
/// The limit for opening connections when a function starts.
const CONNECT: Duration = Duration::from_millis(500);

/// An item as the SDK gives it.
pub type Attributes = HashMap<String, AttributeValue>;

/// A handle on the table: cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
    retention_seconds: u64,
    cache: Arc<RoomCache>,
    effort: Effort,
    patience: Arc<Patience>,
    paces: Arc<Paces>,
    permits: Arc<Semaphore>,
}

impl Table {
    /// Takes the table `name`, whose tombstones and destroyed rooms are kept for `retention_days`.
    /// Requests are made patiently, unless [`Table::for_callbacks`] says otherwise.
    pub fn new(client: Client, name: impl Into<String>, retention_days: u32) -> Self {
        Self {
            client,
            name: name.into(),
            retention_seconds: u64::from(retention_days) * 24 * 60 * 60,
            cache: Arc::default(),
            effort: Effort::Patient,
            patience: Arc::new(Patience::new(ATTEMPT)),
            paces: Arc::default(),
            permits: Arc::new(Semaphore::new(CONCURRENCY)),
        }
    }

    /// Makes requests as briefly as callbacks need it.
    pub fn for_callbacks(self) -> Self {
        Self { effort: Effort::Brief, ..self }
    }

    /// Sets the limit for an attempt as long as the table answers.
    pub fn with_attempt(self, limit: Duration) -> Self {
        Self { patience: Arc::new(Patience::new(limit)), ..self }
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
    /// room use two. A table that does not answer delays the start by half a second, and the first
    /// callback then tries it only briefly.
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
        if timeout(CONNECT, async { tokio::join!(read(), read()) }).await.is_err() {
            self.patience.timed_out(CONNECT);
        }
    }
}
