//! One queue: knows when a message can be received, and by which handle it is known then.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::error::SqsError;
use crate::domain::time::Timestamp;

/// The number of the newest message of any queue of this process, or of its data.
static NEWEST: AtomicU64 = AtomicU64::new(0);

/// The beginning of each message's id. Its number follows.
const ID: &str = "local-message-";

/// A queue: its messages, oldest first, by number.
#[derive(Debug, Default)]
pub struct LocalQueue {
    messages: BTreeMap<u64, QueuedMessage>,
    /// The messages that came, went or changed since they were saved.
    touched: BTreeSet<u64>,
}

#[derive(Debug)]
pub struct QueuedMessage {
    pub number: u64,
    pub body: String,
    pub sent: Timestamp,
    pub receives: u32,
    pub visible_from: Instant,
}

/// The numbers of a queue's messages.
#[derive(Debug, Default)]
pub struct QueueCounts {
    /// Messages that can be received now.
    pub visible: usize,
    /// Messages that were received and are hidden since.
    pub in_flight: usize,
    /// Messages whose first delay is not over.
    pub delayed: usize,
}

impl QueuedMessage {
    /// Gives its id.
    pub fn id(&self) -> String {
        format!("{ID}{}", self.number)
    }

    /// Gives the handle of its latest receive.
    pub fn receipt_handle(&self) -> String {
        format!("{}#{}", self.id(), self.receives)
    }

    fn is_visible(&self, now: Instant) -> bool {
        self.visible_from <= now
    }
}

/// Makes sure that no new message gets a number up to this one.
pub fn count_on_from(number: u64) {
    NEWEST.fetch_max(number, Ordering::Relaxed);
}

impl LocalQueue {
    pub fn bodies(&self) -> Vec<String> {
        self.messages.values().map(|message| message.body.clone()).collect()
    }

    /// Adds a message; gives its id.
    pub fn send(&mut self, body: &str, delay: Duration) -> String {
        let message = QueuedMessage {
            number: NEWEST.fetch_add(1, Ordering::Relaxed) + 1,
            body: body.to_owned(),
            sent: Timestamp::from(SystemTime::now()),
            receives: 0,
            visible_from: Instant::now() + delay,
        };
        let id = message.id();
        self.add(message);
        id
    }

    /// Adds a message that was sent before, to this queue or another.
    pub fn add(&mut self, message: QueuedMessage) {
        self.touched.insert(message.number);
        self.messages.insert(message.number, message);
    }

    /// Receives messages, and hides them from everybody until `visibility` is over.
    pub fn receive(
        &mut self,
        most: usize,
        visibility: Duration,
    ) -> impl Iterator<Item = &QueuedMessage> + use<'_> {
        let now = Instant::now();
        let Self { messages, touched } = self;
        let visible = messages.values_mut().filter(move |message| message.is_visible(now));
        visible.take(most).map(move |message| {
            touched.insert(message.number);
            message.visible_from = now + visibility;
            message.receives += 1;
            &*message
        })
    }

    pub fn make_visible(&mut self) -> Vec<Duration> {
        let now = Instant::now();
        self.touched.extend(self.messages.keys());
        let show = |message: &mut QueuedMessage| {
            let hidden = message.visible_from.saturating_duration_since(now);
            message.visible_from = now;
            hidden
        };
        self.messages.values_mut().map(show).collect()
    }

    /// Forgets the message of a handle, even of an earlier receive than the latest. A message that
    /// is gone already is no error.
    pub fn delete(&mut self, handle: &str) -> Result<(), SqsError> {
        let (number, _) = parse_handle(handle)?;
        if self.messages.remove(&number).is_some() {
            self.touched.insert(number);
        }
        Ok(())
    }

    /// Hides the message of a handle for `visibility` from now. The handle must be of the latest
    /// receive, and the message still hidden.
    pub fn change_visibility(
        &mut self,
        handle: &str,
        visibility: Duration,
    ) -> Result<(), SqsError> {
        let (number, receives) = parse_handle(handle)?;
        let now = Instant::now();
        let message = self
            .messages
            .get_mut(&number)
            .filter(|message| message.receives == receives && !message.is_visible(now));
        let refusal = || SqsError::new("MessageNotInflight", "The message is not in flight.");
        message.ok_or_else(refusal)?.visible_from = now + visibility;
        self.touched.insert(number);
        Ok(())
    }

    /// Moves messages that were received `most` times, and could be received again, to another
    /// queue.
    pub fn redrive(&mut self, most: u32, target: &mut Self) {
        let now = Instant::now();
        let is_dead = |_: &u64, message: &mut QueuedMessage| {
            message.receives >= most && message.is_visible(now)
        };
        for (number, message) in self.messages.extract_if(.., is_dead) {
            self.touched.insert(number);
            target.add(message);
        }
    }

    pub fn counts(&self) -> QueueCounts {
        let (now, mut counts) = (Instant::now(), QueueCounts::default());
        for message in self.messages.values() {
            let count = if message.is_visible(now) {
                &mut counts.visible
            } else if message.receives > 0 {
                &mut counts.in_flight
            } else {
                &mut counts.delayed
            };
            *count += 1;
        }
        counts
    }

    /// Tells whether a message came, went or changed since [`Self::forget_touched`].
    pub fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// Gives the messages that came, went or changed, with what they are now, if they are here.
    pub fn touched(&self) -> impl Iterator<Item = (u64, Option<&QueuedMessage>)> {
        self.touched.iter().map(|number| (*number, self.messages.get(number)))
    }

    pub fn forget_touched(&mut self) {
        self.touched.clear();
    }
}

/// Reads the message's number and the number of the receive from a handle.
fn parse_handle(handle: &str) -> Result<(u64, u32), SqsError> {
    handle
        .strip_prefix(ID)
        .and_then(|rest| rest.split_once('#'))
        .and_then(|(number, receives)| Some((number.parse().ok()?, receives.parse().ok()?)))
        .ok_or_else(|| SqsError::new("ReceiptHandleIsInvalid", "The handle is none of mine."))
}
