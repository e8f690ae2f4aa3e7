//! One queue: knows when a message can be received, and by which handle it is known then.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::error::SqsError;
use crate::domain::time::Timestamp;

/// The number of messages that were sent to any queue of this process. It makes their ids unique.
static SENT: AtomicU64 = AtomicU64::new(0);

/// A queue: its messages, oldest first.
#[derive(Debug, Default)]
pub struct LocalQueue {
    messages: Vec<QueuedMessage>,
}

#[derive(Debug)]
pub struct QueuedMessage {
    pub id: String,
    pub body: String,
    pub sent: Timestamp,
    pub receives: u32,
    visible_from: Instant,
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
    /// Gives the handle of its latest receive.
    pub fn receipt_handle(&self) -> String {
        format!("{}#{}", self.id, self.receives)
    }

    fn is_visible(&self, now: Instant) -> bool {
        self.visible_from <= now
    }
}

impl LocalQueue {
    pub fn bodies(&self) -> Vec<String> {
        self.messages.iter().map(|message| message.body.clone()).collect()
    }

    /// Adds a message; gives its id.
    pub fn send(&mut self, body: &str, delay: Duration) -> String {
        let id = format!("local-message-{}", SENT.fetch_add(1, Ordering::Relaxed) + 1);
        self.messages.push(QueuedMessage {
            id: id.clone(),
            body: body.to_owned(),
            sent: Timestamp::from(SystemTime::now()),
            receives: 0,
            visible_from: Instant::now() + delay,
        });
        id
    }

    /// Receives messages, and hides them from everybody until `visibility` is over.
    pub fn receive(
        &mut self,
        most: usize,
        visibility: Duration,
    ) -> impl Iterator<Item = &QueuedMessage> + use<'_> {
        let now = Instant::now();
        let visible = self.messages.iter_mut().filter(move |message| message.is_visible(now));
        visible.take(most).map(move |message| {
            message.visible_from = now + visibility;
            message.receives += 1;
            &*message
        })
    }

    pub fn make_visible(&mut self) -> Vec<Duration> {
        let now = Instant::now();
        let show = |message: &mut QueuedMessage| {
            let hidden = message.visible_from.saturating_duration_since(now);
            message.visible_from = now;
            hidden
        };
        self.messages.iter_mut().map(show).collect()
    }

    /// Forgets the message of a handle, even of an earlier receive than the latest. A message that
    /// is gone already is no error.
    pub fn delete(&mut self, handle: &str) -> Result<(), SqsError> {
        let (id, _) = parse_handle(handle)?;
        self.messages.retain(|message| message.id != id);
        Ok(())
    }

    /// Hides the message of a handle for `visibility` from now. The handle must be of the latest
    /// receive, and the message still hidden.
    pub fn change_visibility(
        &mut self,
        handle: &str,
        visibility: Duration,
    ) -> Result<(), SqsError> {
        let (id, receives) = parse_handle(handle)?;
        let now = Instant::now();
        let message = self
            .messages
            .iter_mut()
            .find(|message| message.id == id && message.receives == receives)
            .filter(|message| !message.is_visible(now));
        let refusal = || SqsError::new("MessageNotInflight", "The message is not in flight.");
        message.ok_or_else(refusal)?.visible_from = now + visibility;
        Ok(())
    }

    /// Moves messages that were received `most` times, and could be received again, to another
    /// queue.
    pub fn redrive(&mut self, most: u32, target: &mut Self) {
        let now = Instant::now();
        let is_dead =
            |message: &mut QueuedMessage| message.receives >= most && message.is_visible(now);
        target.messages.extend(self.messages.extract_if(.., is_dead));
    }

    pub fn counts(&self) -> QueueCounts {
        let (now, mut counts) = (Instant::now(), QueueCounts::default());
        for message in &self.messages {
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
}

/// Reads the message id and the number of the receive from a handle.
fn parse_handle(handle: &str) -> Result<(&str, u32), SqsError> {
    handle
        .rsplit_once('#')
        .and_then(|(id, receives)| Some((id, receives.parse().ok()?)))
        .ok_or_else(|| SqsError::new("ReceiptHandleIsInvalid", "The handle is none of mine."))
}
