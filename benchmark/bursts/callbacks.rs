//! Sends callbacks as the IM server does, through API Gateway: again if they are not answered 200.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use chatroom_status_sync::{
    domain::event::Kind,
    local::{
        api_gateway::event_of,
        im_server::{SignedCallback, WireEvent, body_of},
    },
};
use serde_json::Value;

use crate::{Result, pool::Pool, room::ROOM};

/// Attempts at a callback, the first included.
const ATTEMPTS: u32 = 3;

/// A sender of callbacks, each about one event.
#[derive(Clone)]
pub struct Sender {
    pub callback: Arc<Pool>,
    pub sent: Arc<Mutex<Sent>>,
}

/// The answers so far.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// Callbacks that were answered 200.
    pub accepted: u64,
    /// Attempts that were not.
    pub refused: u64,
    /// Changes that were deferred.
    pub deferred: u64,
    /// The time for which each attempt held a function.
    pub held: Vec<Duration>,
}

/// Makes an event of the burst's room that happens now.
pub fn event(kind: Kind, users: &[&str]) -> WireEvent {
    WireEvent::new(ROOM, users, kind.number(), 0, SystemTime::now().into())
}

impl Sender {
    /// Makes a sender of callbacks to a function.
    pub fn new(callback: Arc<Pool>) -> Self {
        Self { callback, sent: Arc::default() }
    }

    /// Sends an event until it is accepted or was tried often enough.
    pub async fn send(&self, event: WireEvent) -> Result {
        let callback = SignedCallback::now(body_of(&[event]));
        for _ in 0..ATTEMPTS {
            let request = event_of(&callback, "burst", SystemTime::now().into()).to_string();
            let invocation = self.callback.invoke(request).await?;
            let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent.held.push(invocation.held);
            match invocation.response {
                Ok(response) if response["statusCode"] == 200 => {
                    let answer: Value =
                        serde_json::from_str(response["body"].as_str().unwrap_or_default())?;
                    sent.accepted += 1;
                    sent.deferred += answer["deferred"].as_u64().unwrap_or_default();
                    return Ok(());
                }
                Ok(response) => eprintln!("a callback was answered {response}"),
                Err(why) => eprintln!("a callback was not answered: {why}"),
            }
            sent.refused += 1;
        }
        Ok(())
    }

    /// Gives the answers so far.
    pub fn sent(&self) -> Sent {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
