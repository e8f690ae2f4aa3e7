//! The last changes of a table, heard from its stream as they happen.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chatroom_status_sync::table::changes::{Change, FollowError, Follower, News, Position};
use tokio::time::sleep;

use super::{
    hub::{Hub, Part},
    reading::Reading,
    sizes::Sizes,
};

/// The most changes that are kept.
pub const MOST: usize = 200;
/// The time after which a stream that cannot be followed is tried again.
const PAUSE: Duration = Duration::from_secs(30);

/// The changes that were heard.
pub struct ChangeFeed {
    dynamodb: aws_sdk_dynamodb::Client,
    streams: aws_sdk_dynamodbstreams::Client,
    heard: Mutex<Heard>,
}

/// The changes so far.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// The last changes, the newest first, each with its number.
    pub changes: VecDeque<(u64, Arc<Change>)>,
    /// The number of all changes so far.
    pub count: u64,
    /// The reason why nothing is heard, if that is so.
    pub trouble: Option<String>,
}

impl ChangeFeed {
    pub fn new(
        dynamodb: aws_sdk_dynamodb::Client,
        streams: aws_sdk_dynamodbstreams::Client,
    ) -> Self {
        Self { dynamodb, streams, heard: Mutex::default() }
    }

    pub fn heard(&self) -> Heard {
        self.lock().clone()
    }

    /// Follows the stream for as long as this is polled.
    pub async fn keep_following(&self, reading: &Reading, hub: &Hub, sizes: &Sizes) {
        loop {
            let Err(error) = self.follow(reading, hub, sizes).await;
            self.lock().trouble = Some(match &error {
                FollowError::Unreadable(error) => reading.explain(error),
                error => error.to_string(),
            });
            hub.changed(Part::Changes);
            sleep(PAUSE).await;
        }
    }

    async fn follow(
        &self,
        reading: &Reading,
        hub: &Hub,
        sizes: &Sizes,
    ) -> Result<std::convert::Infallible, FollowError> {
        let (streams, table) = (self.streams.clone(), reading.reader.table_name());
        let mut follower = Follower::open(&self.dynamodb, streams, table, Position::Latest).await?;
        self.lock().trouble = None;
        hub.changed(Part::Changes);
        loop {
            // What was missed is in the table: only the list lacks it.
            if let News::Change(change) = follower.next().await?
                && change.app_key == reading.app.as_str()
            {
                self.lock().add(change);
                hub.changed(Part::Changes);
                hub.changed(Part::Detail);
                if hub.is_watched() {
                    sizes.ring();
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    fn add(&mut self, change: Change) {
        self.count += 1;
        self.changes.push_front((self.count, Arc::new(change)));
        self.changes.truncate(MOST);
    }
}
