//! The way of letters from the dead-letter queue to the worker's queues. They are first sent, then
//! deleted, so that nothing is ever in no queue.

use std::time::Duration;

use chatroom_status_sync::{
    aws::queue::{Outgoing, Queue},
    wire::deferred::{DeferredMessage, Work},
};
use tokio::time::Instant;

use super::{
    letter::{Kind, Letter},
    queue::{Access, DeadLetterQueue},
};
use crate::result::Result;

/// The time for one letter, repeats included.
const PATIENCE: Duration = Duration::from_secs(30);

/// The queues at both ends of the way.
pub struct Route {
    pub from: DeadLetterQueue,
    deferred: Target,
    sweeps: Option<Target>,
}

/// A queue that letters are sent to.
pub struct Target {
    pub url: String,
    queue: Queue,
}

impl Route {
    /// Takes the dead-letter queue, the deferred queue, and the sweep queue if it is known.
    pub async fn open(access: &Access, deferred: &str, sweeps: Option<&str>) -> Result<Self> {
        let sweeps = match sweeps {
            Some(url) => Some(Target::open(access, url).await?),
            None => None,
        };
        let deferred = Target::open(access, deferred).await?;
        Ok(Self { from: access.queue().await?, deferred, sweeps })
    }

    /// Finds the queue for a letter.
    pub fn target(&self, letter: &Letter) -> Result<&Target> {
        let Kind::Sweep(room) = &letter.kind else {
            return Ok(&self.deferred);
        };
        self.sweeps.as_ref().ok_or_else(|| {
            format!(
                "letter {} is a sweep, of room {room:?}: --sweeps-to or SWEEP_QUEUE_URL must name \
                 the sweep queue. Nothing was sent",
                letter.id()
            )
            .into()
        })
    }

    /// Moves a letter from one queue to the other. If only the sending succeeds, it is in both,
    /// which is harmless: what is done twice changes nothing.
    pub async fn take(&self, letter: &Letter, messages: Vec<String>, to: &Target) -> Result {
        let messages = messages.into_iter().map(outgoing).collect();
        to.queue.send(messages, Instant::now() + PATIENCE).await?;
        for message in &letter.messages {
            let deleted = self.from.delete(message).await;
            deleted.map_err(|why| format!("it was sent, but cannot be deleted here: {why}"))?;
        }
        Ok(())
    }
}

impl Target {
    async fn open(access: &Access, url: &str) -> Result<Self> {
        let client = access.client_for(url).await?;
        Ok(Self { url: url.to_owned(), queue: Queue::new(|| client, url) })
    }
}

/// Addresses a message to the worker, and says whose it is.
fn outgoing(body: String) -> Outgoing {
    let whose = DeferredMessage::read(&body).ok().map(|message| match message.work {
        Work::Events(_) => (message.app, None),
        Work::Sweep(sweep) => (message.app, Some(sweep.room)),
    });
    let message = Outgoing { body, delay: Duration::ZERO, group: None };
    match whose {
        Some((app, room)) => message.of(&app, room.as_ref()),
        None => message,
    }
}
