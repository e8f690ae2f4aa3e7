//! The depths of the queues, and the last dead letters.

use std::{sync::Arc, time::Duration};

use aws_sdk_sqs::{
    Client,
    types::QueueAttributeName::{
        self, ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed,
        ApproximateNumberOfMessagesNotVisible,
    },
};
use chatroom_status_sync::aws::error::in_words;
use tokio::{sync::watch, time::sleep};

use super::hub::{Hub, Part};
use crate::dead_letters::{letter::letters, queue::Received};

/// The time between two looks at the queues.
const PAUSE: Duration = Duration::from_secs(1);
/// The dead letters that are shown.
pub const MOST_LETTERS: usize = 20;

/// A queue by its name on the page.
pub struct NamedQueue {
    pub name: &'static str,
    pub url: String,
    pub client: Client,
}

/// The state of the queues.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Depths {
    pub queues: Vec<Depth>,
    /// The last dead letters, the newest first; `None` where looking at them would hide them from
    /// others.
    pub letters: Option<Vec<LetterSummary>>,
}

/// The numbers of a queue's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    pub name: &'static str,
    pub numbers: Result<Numbers, NoNumbers>,
}

/// The reason why they cannot be told, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoNumbers(pub String);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Messages that can be received now.
    pub visible: u64,
    /// Messages that were received and are hidden since.
    pub in_flight: u64,
    /// Messages whose first delay is not over.
    pub delayed: u64,
}

/// A dead letter in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterSummary {
    /// Unix milliseconds.
    pub received_at: Option<u64>,
    pub reason: String,
    /// The kind of its content, in words.
    pub kind: String,
    pub request_id: Option<String>,
    pub content: String,
}

/// The queues that are looked at.
pub struct QueueWatch {
    queues: Vec<NamedQueue>,
    newest: watch::Sender<Arc<Depths>>,
}

impl QueueWatch {
    pub fn new(queues: Vec<NamedQueue>) -> Self {
        Self { queues, newest: watch::Sender::default() }
    }

    pub fn newest(&self) -> Arc<Depths> {
        self.newest.borrow().clone()
    }

    /// Looks at the queues again and again. `dead_letters` gives the bodies of the dead letters, the
    /// oldest first, without receiving them.
    pub async fn keep_looking(&self, hub: &Hub, dead_letters: Option<&dyn Fn() -> Vec<String>>) {
        loop {
            let mut queues = Vec::new();
            for queue in &self.queues {
                queues.push(Depth { name: queue.name, numbers: queue.numbers().await });
            }
            let before = self.newest();
            let letters = match dead_letters {
                // What nobody sent or deleted has not changed.
                Some(_) if before.letters.is_some() && before.queues == queues => {
                    before.letters.clone()
                }
                Some(bodies) => Some(summaries(bodies())),
                None => None,
            };
            let depths = Depths { queues, letters };
            if depths != *before {
                self.newest.send_replace(Arc::new(depths));
                hub.changed(Part::Queues);
                // The worker may have changed the table.
                hub.changed(Part::Detail);
            }
            sleep(PAUSE).await;
        }
    }
}

impl NamedQueue {
    async fn numbers(&self) -> Result<Numbers, NoNumbers> {
        let asked = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::All)
            .send()
            .await
            .map_err(|why| NoNumbers(in_words(&why)))?;
        let attributes = asked.attributes.unwrap_or_default();
        let number = |name| attributes.get(&name).and_then(|text| text.parse().ok());
        Ok(Numbers {
            visible: number(ApproximateNumberOfMessages).unwrap_or_default(),
            in_flight: number(ApproximateNumberOfMessagesNotVisible).unwrap_or_default(),
            delayed: number(ApproximateNumberOfMessagesDelayed).unwrap_or_default(),
        })
    }
}

/// Reads the newest letters.
fn summaries(mut bodies: Vec<String>) -> Vec<LetterSummary> {
    let newest = bodies.split_off(bodies.len().saturating_sub(MOST_LETTERS));
    let message = |(index, body)| Received {
        id: format!("{index:02}"),
        body,
        sent: None,
        receives: None,
        receipt: String::new(),
    };
    let letters = letters(newest.into_iter().enumerate().map(message).collect());
    let summary = |letter: &crate::dead_letters::letter::Letter| LetterSummary {
        received_at: letter.received_at(),
        reason: letter.reason().to_owned(),
        kind: letter.content_in_words(),
        request_id: letter.heading.request_id.clone(),
        content: shortened(&String::from_utf8_lossy(&letter.content)),
    };
    letters.iter().rev().map(summary).collect()
}

/// Cuts a text off where it gets too long for the page.
fn shortened(text: &str) -> String {
    const MOST: usize = 2000;
    let cut = text.char_indices().nth(MOST).map(|(end, _)| &text[..end]);
    cut.map_or_else(|| text.to_owned(), |start| format!("{start}…"))
}
