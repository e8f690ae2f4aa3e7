//! A layer in front of an engine that gives each partition key value a rate of writes, as DynamoDB
//! does: embedded engines write as fast as they can, whatever the partition.
//!
//! * `bucket`: decides which writes a partition allows.
//! * `counts`: counts requests, by operation, by second and by caller.
//! * `request`: reads of a request what the layer has to know.
//!
//! A write costs one token, even if its condition fails; without a token it is answered as DynamoDB
//! throttles. Everything else passes as it is.

mod bucket;
mod counts;
mod request;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{StatusCode, Uri, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
    serve::ListenerExt,
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::json;
use tokio::{
    net::TcpListener,
    task::AbortHandle,
    time::{Instant, sleep},
};

pub use bucket::Allowance;
use bucket::Buckets;
pub use counts::{Counts, Second};
use request::{caller, operation, partition};

/// The bytes of the largest request that DynamoDB takes.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
/// The operations that cost a token.
const WRITES: [&str; 3] = ["UpdateItem", "PutItem", "DeleteItem"];

/// The behaviour of a layer.
#[derive(Debug, Clone, Copy)]
pub struct PartitionSettings {
    /// The writes that each partition allows.
    pub allowance: Allowance,
    /// The error of a write for which there is no token.
    pub refusal: Refusal,
    /// The time that each request takes on top of the engine's.
    pub latency: Duration,
}

/// The errors by which DynamoDB throttles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Refusal {
    /// That of an on-demand table.
    #[default]
    Throttling,
    /// That of a table with provisioned throughput.
    ProvisionedThroughputExceeded,
}

/// A running layer. Dropping it ends it.
pub struct Partitions {
    url: String,
    shared: Arc<Shared>,
    server: AbortHandle,
}

struct Shared {
    engine: Uri,
    client: Client<HttpConnector, Body>,
    settings: PartitionSettings,
    buckets: Mutex<Buckets>,
    counts: Mutex<Counts>,
}

impl Partitions {
    /// Starts a layer in front of the engine at a URL, on a free port of the loopback interface.
    ///
    /// # Errors
    /// The URL is none, or there is no free port.
    pub async fn start(engine: &str, settings: PartitionSettings) -> io::Result<Self> {
        let engine = format!("{}/", engine.trim_end_matches('/'));
        let engine = engine.parse().map_err(io::Error::other)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let shared = Arc::new(Shared {
            engine,
            client: Client::builder(TokioExecutor::new()).build(connector),
            settings,
            buckets: Mutex::new(Buckets::new(settings.allowance)),
            counts: Mutex::default(),
        });
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let app = Router::new().fallback(handle).with_state(shared.clone());
        let serving = async { axum::serve(listener, app).await };
        Ok(Self { url, shared, server: tokio::spawn(serving).abort_handle() })
    }

    /// Gives the endpoint, for `AWS_ENDPOINT_URL_DYNAMODB`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gives the counts so far.
    pub fn counts(&self) -> Counts {
        lock(&self.shared.counts).clone()
    }

    /// Gives the number of granted writes of a caller so far: of those who sign with this access
    /// key.
    pub fn granted_by(&self, access_key: &str) -> u64 {
        lock(&self.shared.counts).granted_by.get(access_key).copied().unwrap_or_default()
    }

    /// Gives the number of writes so far that changed an item.
    pub fn changed(&self) -> u64 {
        lock(&self.shared.counts).changed
    }
}

impl Drop for Partitions {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if !shared.settings.latency.is_zero() {
        sleep(shared.settings.latency).await;
    }
    shared.answer(head, body).await
}

impl Shared {
    async fn answer(&self, head: Parts, body: Bytes) -> Response {
        let operation = operation(&head);
        lock(&self.counts).note_request(operation);
        let is_write = WRITES.contains(&operation);
        if is_write && let Some(partition) = partition(&body) {
            let now = Instant::now();
            let is_granted = lock(&self.buckets).take(&partition, now);
            lock(&self.counts).note_write(is_granted, caller(&head), now);
            if !is_granted {
                return self.settings.refusal.into_response();
            }
        }
        let response = self.pass(head, body).await;
        if is_write && response.status() == StatusCode::OK {
            lock(&self.counts).changed += 1;
        }
        response
    }

    /// Passes a request on to the engine.
    async fn pass(&self, head: Parts, body: Bytes) -> Response {
        let mut request = Request::from_parts(head, Body::from(body));
        *request.uri_mut() = self.engine.clone();
        match self.client.request(request).await {
            Ok(response) => response.map(Body::new),
            Err(why) => (StatusCode::BAD_GATEWAY, why.to_string()).into_response(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let kind = match self {
            Self::Throttling => "ThrottlingException",
            Self::ProvisionedThroughputExceeded => "ProvisionedThroughputExceededException",
        };
        let body = json!({
            "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"),
            "message": "Throughput exceeds the current capacity of the partition.",
        });
        let headers = [(CONTENT_TYPE, "application/x-amz-json-1.0")];
        (StatusCode::BAD_REQUEST, headers, body.to_string()).into_response()
    }
}
