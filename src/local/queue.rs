//! As much of SQS as is used here, in memory: the JSON protocol's `SendMessageBatch`,
//! `ReceiveMessage` and `DeleteMessage`, for one queue.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
use tokio::{net::TcpListener, task::AbortHandle};

/// A running queue. Dropping it ends it.
pub struct Queue {
    url: String,
    messages: Messages,
    server: AbortHandle,
}

/// Id and body of every message, oldest first.
type Messages = Arc<Mutex<Vec<(String, String)>>>;

impl Queue {
    /// Starts an empty queue that listens at `address`.
    ///
    /// # Errors
    /// If the address is taken.
    pub async fn start(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let messages = Messages::default();
        let app = Router::new()
            .fallback(post(handle))
            .with_state(messages.clone());
        let serving = async { axum::serve(listener, app).await };
        Ok(Self {
            url,
            messages,
            server: tokio::spawn(serving).abort_handle(),
        })
    }

    /// The endpoint, for `AWS_ENDPOINT_URL_SQS`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The queue's own URL, for `DEAD_LETTER_QUEUE_URL`.
    #[must_use]
    pub fn queue_url(&self) -> String {
        format!("{}/000000000000/dead-letters", self.url)
    }

    /// The bodies of all messages, oldest first.
    #[must_use]
    pub fn bodies(&self) -> Vec<String> {
        lock(&self.messages)
            .iter()
            .map(|(_, body)| body.clone())
            .collect()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(messages: &Messages) -> MutexGuard<'_, Vec<(String, String)>> {
    messages.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn handle(State(messages): State<Messages>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut messages = lock(&messages);
    let response = match target {
        "AmazonSQS.SendMessageBatch" => {
            let entries = request["Entries"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            let send = |entry: &Value| {
                let id = format!("message-{}", messages.len() + 1);
                messages.push((
                    id.clone(),
                    entry["MessageBody"].as_str().unwrap_or_default().to_owned(),
                ));
                json!({"Id": entry["Id"], "MessageId": id, "MD5OfMessageBody": ""})
            };
            json!({"Successful": entries.iter().map(send).collect::<Vec<_>>(), "Failed": []})
        }
        "AmazonSQS.ReceiveMessage" => {
            let most = request["MaxNumberOfMessages"].as_u64().unwrap_or(1);
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let receive = |(id, body): &(String, String)| json!({"MessageId": id, "ReceiptHandle": id, "Body": body});
            json!({"Messages": messages.iter().take(most).map(receive).collect::<Vec<_>>()})
        }
        "AmazonSQS.DeleteMessage" => {
            messages.retain(|(id, _)| request["ReceiptHandle"] != id.as_str());
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
