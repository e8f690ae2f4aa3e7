//! One queue: knows when a message can be received, and by which handle it is known then.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::error::SqsError;
use crate::domain::time::Timestamp;

/// The number of messages that there have been, in all queues of this process. It makes the id.
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

/// The numbers of messages that can be received, that were received and not deleted, and that nobody
/// could receive yet.
#[derive(Debug, Default)]
pub struct QueueCounts {
    pub visible: usize,
    pub in_flight: usize,
    pub delayed: usize,
}

impl QueuedMessage {
    /// Makes the handle of its latest receive.
    pub fn receipt_handle(&self) -> String {
        format!("{}#{}", self.id, self.receives)
    }

    fn is_visible(&self, now: Instant) -> bool {
        self.visible_from <= now
    }
}

impl LocalQueue {
    pub fn bodies(&self) -> Vec<String> {
        let bodies = self.messages.iter().map(|message| message.body.clone());
        bodies.collect()
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

    /// Receives messages. Nobody else receives them until `visibility` is over.
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

    /// Forgets the message of a handle, be it of its latest receive or of an earlier one. That it is
    /// gone already is no error.
    pub fn delete(&mut self, handle: &str) -> Result<(), SqsError> {
        let (id, _) = parts(handle)?;
        self.messages.retain(|message| message.id != id);
        Ok(())
    }

    /// Lets the message of a handle be received once `visibility` is over, counted from now. Only
    /// who received it last may, and only while nobody else can.
    pub fn change_visibility(
        &mut self,
        handle: &str,
        visibility: Duration,
    ) -> Result<(), SqsError> {
        let (id, receives) = parts(handle)?;
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

    /// Moves what was received `most` times, and is to be received again, to another queue.
    pub fn redrive(&mut self, most: u32, target: &mut Self) {
        let now = Instant::now();
        let is_dead =
            |message: &mut QueuedMessage| message.receives >= most && message.is_visible(now);
        target.messages.extend(self.messages.extract_if(.., is_dead));
    }

    pub fn counts(&self) -> QueueCounts {
        let (now, mut counts) = (Instant::now(), QueueCounts::default());
        for message in &self.messages {
            *if message.is_visible(now) {
                &mut counts.visible
            } else if message.receives > 0 {
                &mut counts.in_flight
            } else {
                &mut counts.delayed
            } += 1;
        }
        counts
    }
}

/// Reads the message id and the number of the receive that a handle stands for.
fn parts(handle: &str) -> Result<(&str, u32), SqsError> {
    let parts = handle.rsplit_once('#');
    let parts = parts.and_then(|(id, receives)| Some((id, receives.parse().ok()?)));
    parts.ok_or_else(|| SqsError::new("ReceiptHandleIsInvalid", "The handle is none of mine."))
}
