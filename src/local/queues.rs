//! As much of SQS as is used here, in memory: the JSON protocol's `SendMessageBatch`,
//! `ReceiveMessage` and `DeleteMessage`, with delays, visibility time-outs and redrive.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle, time::Instant};

/// The queue of what the worker is to do.
pub const DEFERRED: &str = "deferred";
/// The queue of what nobody understands, and of what failed too often.
pub const DEAD_LETTERS: &str = "dead-letters";
/// After this many receives, a deferred message becomes a dead letter.
const MOST_RECEIVES: u32 = 5;
/// How long a message that was received stays out of sight, unless the request says otherwise.
const VISIBILITY: Duration = Duration::from_secs(30);

/// A running server of queues. Dropping it ends it.
pub struct Queues {
    url: String,
    all: Shared,
    server: AbortHandle,
}

/// How many messages there have been, in all queues of this process: the number makes the id.
static SENT: AtomicU64 = AtomicU64::new(0);

type Shared = Arc<Mutex<BTreeMap<String, Vec<Message>>>>;

#[derive(Debug, Clone)]
struct Message {
    id: String,
    body: String,
    visible_from: Instant,
    receives: u32,
}

impl Queues {
    /// Starts a server of empty queues that listens at `address`. A queue is there once it is used.
    ///
    /// # Errors
    /// If the address is taken.
    pub async fn start(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let all = Shared::default();
        let app = Router::new().fallback(post(handle)).with_state(all.clone());
        let serving = async { axum::serve(listener, app).await };
        Ok(Self {
            url,
            all,
            server: tokio::spawn(serving).abort_handle(),
        })
    }

    /// The endpoint, for `AWS_ENDPOINT_URL_SQS`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A queue's own URL.
    #[must_use]
    pub fn url_of(&self, queue: &str) -> String {
        format!("{}/000000000000/{queue}", self.url)
    }

    /// The bodies of all messages in a queue, oldest first, whether or not they can be received
    /// now.
    #[must_use]
    pub fn bodies(&self, queue: &str) -> Vec<String> {
        let all = lock(&self.all);
        let messages = all.get(queue).map(Vec::as_slice).unwrap_or_default();
        messages
            .iter()
            .map(|message| message.body.clone())
            .collect()
    }
}

impl Drop for Queues {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(all: &Shared) -> MutexGuard<'_, BTreeMap<String, Vec<Message>>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn handle(State(all): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let queue = request["QueueUrl"]
        .as_str()
        .and_then(|url| url.rsplit('/').next());
    let (queue, mut all) = (queue.unwrap_or_default(), lock(&all));
    let response = match target.unwrap_or_default() {
        "AmazonSQS.SendMessageBatch" => send(all.entry(queue.to_owned()).or_default(), &request),
        "AmazonSQS.ReceiveMessage" => receive(&mut all, queue, &request),
        "AmazonSQS.DeleteMessage" => {
            let messages = all.entry(queue.to_owned()).or_default();
            messages.retain(|message| request["ReceiptHandle"] != message.id.as_str());
            json!({})
        }
        _ => {
            let error =
                json!({"__type": "com.amazonaws.sqs#UnsupportedOperation", "message": "not here"});
            return (StatusCode::BAD_REQUEST, Json(error)).into_response();
        }
    };
    Json(response).into_response()
}

fn send(messages: &mut Vec<Message>, request: &Value) -> Value {
    let now = Instant::now();
    let entries = request["Entries"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut sent = Vec::new();
    for entry in entries {
        let id = format!("local-message-{}", SENT.fetch_add(1, Ordering::Relaxed) + 1);
        sent.push(json!({"Id": entry["Id"], "MessageId": id, "MD5OfMessageBody": ""}));
        messages.push(Message {
            id,
            body: entry["MessageBody"].as_str().unwrap_or_default().to_owned(),
            visible_from: now + Duration::from_secs(entry["DelaySeconds"].as_u64().unwrap_or(0)),
            receives: 0,
        });
    }
    json!({"Successful": sent, "Failed": []})
}

fn receive(all: &mut BTreeMap<String, Vec<Message>>, queue: &str, request: &Value) -> Value {
    let now = Instant::now();
    let most = request["MaxNumberOfMessages"]
        .as_u64()
        .and_then(|most| usize::try_from(most).ok());
    let visibility = request["VisibilityTimeout"]
        .as_u64()
        .map_or(VISIBILITY, Duration::from_secs);
    let mut messages = all.remove(queue).unwrap_or_default();
    if queue != DEAD_LETTERS {
        let is_dead = |message: &mut Message| {
            message.receives >= MOST_RECEIVES && message.visible_from <= now
        };
        all.entry(DEAD_LETTERS.to_owned())
            .or_default()
            .extend(messages.extract_if(.., is_dead));
    }
    let visible = messages
        .iter_mut()
        .filter(|message| message.visible_from <= now);
    let receive = |message: &mut Message| {
        message.visible_from = now + visibility;
        message.receives += 1;
        json!({"MessageId": message.id, "ReceiptHandle": message.id, "Body": message.body})
    };
    let received: Vec<_> = visible.take(most.unwrap_or(1)).map(receive).collect();
    all.insert(queue.to_owned(), messages);
    json!({"Messages": received})
}
