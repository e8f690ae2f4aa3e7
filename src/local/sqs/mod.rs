//! A stand-in for SQS: spoken to over HTTP, with the actions that are used here. The queues are in
//! memory, and in a file too if they are to outlive the process.
//!
//! * `names`: the names and URLs of the queues.
//! * `queue`: messages with delays, visibility time-outs, receipt handles and redrive.
//! * `disk`: the file, which has each change before it is answered.
//! * `actions`: the JSON protocol's requests and responses.
//! * `request`: reads the parts of requests, and refuses those that SQS refuses, so that a test
//!   notices what would fail in AWS.
//! * `error`: words the refusals.

mod actions;
mod disk;
mod error;
mod names;
mod queue;
mod request;

use std::{
    collections::BTreeMap,
    error::Error,
    net::SocketAddr,
    path::Path,
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
use disk::Disk;
use error::SqsError;
use names::url_of;
pub use names::{DEAD_LETTERS, DEFERRED, SWEEPS, arn_of};
use queue::LocalQueue;

/// A running server of queues. Dropping it ends it.
pub struct Sqs {
    url: String,
    queues: SharedQueues,
    server: Server,
}

type SharedQueues = Arc<Mutex<Queues>>;

#[derive(Default)]
struct Queues {
    by_name: BTreeMap<String, LocalQueue>,
    /// The file that keeps them, unless they end with the process.
    disk: Option<Disk>,
}

impl Sqs {
    /// Starts a server that listens at `address`. It has no queues yet: each is made when it is
    /// first used. They end with the server.
    ///
    /// # Errors
    /// The address is taken.
    pub async fn start(address: SocketAddr) -> Result<Self, ListenError> {
        Self::serve(Queues::default(), address).await
    }

    /// Starts a server whose queues are kept in a file. Messages that were in flight can be
    /// received again at once.
    ///
    /// # Errors
    /// The address is taken, or the file cannot be read.
    pub async fn open(
        file: &Path,
        address: SocketAddr,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let unreadable = |why| format!("{}: {why}", file.display());
        let (disk, by_name) = Disk::open(file).map_err(unreadable)?;
        Ok(Self::serve(Queues { by_name, disk: Some(disk) }, address).await?)
    }

    async fn serve(queues: Queues, address: SocketAddr) -> Result<Self, ListenError> {
        let queues = SharedQueues::new(queues.into());
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
        lock(&self.queues).by_name.get(queue).map(LocalQueue::bodies).unwrap_or_default()
    }

    /// Lets all messages of a queue be received now. Gives the time for which each would still have
    /// been hidden.
    pub fn make_visible(&self, queue: &str) -> Vec<Duration> {
        lock(&self.queues).by_name.get_mut(queue).map(LocalQueue::make_visible).unwrap_or_default()
    }
}

fn lock(queues: &SharedQueues) -> MutexGuard<'_, Queues> {
    queues.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn handle(State(queues): State<SharedQueues>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let target = header("x-amz-target").unwrap_or_default();
    let action = target.strip_prefix("AmazonSQS.").unwrap_or_default();
    let endpoint = format!("http://{}", header(HOST.as_str()).unwrap_or_default());
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    match lock(&queues).answer(action, &endpoint, &request) {
        Ok(answer) => Json(answer).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

impl Queues {
    /// Answers a request, after what it changed is saved.
    fn answer(&mut self, action: &str, endpoint: &str, request: &Value) -> Result<Value, SqsError> {
        let answer = actions::answer(&mut self.by_name, action, endpoint, request);
        match &mut self.disk {
            Some(disk) => {
                disk.save(&mut self.by_name).map_err(|why| SqsError::unsaved(&why))?;
            }
            None => self.by_name.values_mut().for_each(LocalQueue::forget_touched),
        }
        answer
    }
}
