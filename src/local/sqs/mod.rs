//! A stand-in for SQS: in memory, spoken to over HTTP, with the actions that are used here.
//!
//! * `names`: the names and URLs of the queues.
//! * `queue`: messages with delays, visibility time-outs, receipt handles and redrive.
//! * `actions`: the JSON protocol's requests and responses.
//! * `request`: reads the parts of requests, and refuses those that SQS refuses, so that a test
//!   notices what would fail in AWS.
//! * `error`: words the refusals.

mod actions;
mod error;
mod names;
mod queue;
mod request;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, header::HOST},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::Value;

use super::server::{ListenError, Server};
use names::url_of;
pub use names::{DEAD_LETTERS, DEFERRED, SWEEPS, arn_of};
use queue::LocalQueue;

/// A running server of queues. Dropping it ends it.
pub struct Sqs {
    url: String,
    queues: SharedQueues,
    server: Server,
}

type SharedQueues = Arc<Mutex<BTreeMap<String, LocalQueue>>>;

impl Sqs {
    /// Starts a server that listens at `address`. It has no queues yet: each is made when it is
    /// first used.
    ///
    /// # Errors
    /// The address is taken.
    pub async fn start(address: SocketAddr) -> Result<Self, ListenError> {
        let queues = SharedQueues::default();
        let app = Router::new().fallback(post(handle)).with_state(queues.clone());
        let server = Server::start(address, app).await?;
        Ok(Self { url: format!("http://{}", server.address()), queues, server })
    }

    /// Takes no more requests, and waits until those under way are answered. Tells whether all of
    /// them were.
    pub async fn end(&mut self) -> bool {
        self.server.end().await
    }

    /// Gives the endpoint, for `AWS_ENDPOINT_URL_SQS`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Makes the URL of a queue.
    pub fn url_of(&self, queue: &str) -> String {
        url_of(&self.url, queue)
    }

    /// Lists the bodies of all messages of a queue, hidden ones included, oldest first.
    pub fn bodies(&self, queue: &str) -> Vec<String> {
        lock(&self.queues).get(queue).map(LocalQueue::bodies).unwrap_or_default()
    }

    /// Lets all messages of a queue be received now. Gives the time for which each would still have
    /// been hidden.
    pub fn make_visible(&self, queue: &str) -> Vec<Duration> {
        lock(&self.queues).get_mut(queue).map(LocalQueue::make_visible).unwrap_or_default()
    }
}

fn lock(queues: &SharedQueues) -> MutexGuard<'_, BTreeMap<String, LocalQueue>> {
    queues.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn handle(State(queues): State<SharedQueues>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let target = header("x-amz-target").unwrap_or_default();
    let action = target.strip_prefix("AmazonSQS.").unwrap_or_default();
    let endpoint = format!("http://{}", header(HOST.as_str()).unwrap_or_default());
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    match actions::answer(&mut lock(&queues), action, &endpoint, &request) {
        Ok(answer) => Json(answer).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}
