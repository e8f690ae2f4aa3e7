//! Sends callbacks as the IM server does, over many connections.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{Method, Request, Uri, header::CONTENT_TYPE},
};
use chatroom_status_sync::{
    aws::{
        connections::{connector, mozilla_roots},
        error::in_words,
    },
    callback::keyring::Secret,
    domain::time::Timestamp,
    local::im_server::{SignedCallback, WireEvent, body_of},
};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout};

use super::traffic::Delivery;
use crate::{Result, send::PATIENCE};

/// Attempts at a callback, the first included.
const ATTEMPTS: u32 = 3;
/// How long the sender waits before it tries again is not documented. Short is harder.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Characters of a refusal that are kept.
const MOST_TEXT: usize = 200;

/// A sender for one app.
pub struct Sender {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    endpoint: String,
    app_key: String,
    secret: Secret,
}

/// What an answer says became of the changes.
#[derive(Debug, Default, Clone, Copy, Deserialize, Serialize)]
#[serde(default)]
pub struct Changes {
    pub applied: u64,
    pub stale: u64,
    pub deferred: u64,
    pub quarantined: u64,
}

/// How one attempt ended.
pub enum Attempt {
    /// With 200.
    Accepted,
    /// With another status and this text.
    Refused(u16, String),
    /// Nothing came in time.
    TimedOut,
    /// The connection failed, for this reason.
    Failed(String),
}

/// What became of a callback.
pub struct Outcome {
    pub events: Arc<[WireEvent]>,
    pub attempts: Vec<Attempt>,
    /// From when it was due until its first answer, whatever that was.
    pub latency: Option<Duration>,
    /// What was answered with 200; `None` if that never came.
    pub accepted: Option<Changes>,
}

impl Sender {
    /// A sender to an endpoint, which keeps up to `connections` open.
    pub fn new(endpoint: &str, app_key: &str, secret: Secret, connections: usize) -> Result<Self> {
        let uri: Uri = endpoint.parse()?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.query().is_some() {
            return Err(format!("{endpoint} is no http or https URL without a query").into());
        }
        let connector = connector(HttpConnector::new(), mozilla_roots())?;
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(connections)
            .build(connector);
        Ok(Self { client, endpoint: endpoint.to_owned(), app_key: app_key.to_owned(), secret })
    }

    /// Sends a callback until it is accepted or was tried often enough. `due` is when it should
    /// have been sent: if it is late by now, that is the receiver's fault, and counts.
    pub async fn deliver(&self, delivery: Delivery, due: Instant) -> Outcome {
        let callback = SignedCallback::new(
            &self.app_key,
            &self.secret,
            &delivery.nonce,
            Timestamp::from(SystemTime::now()),
            body_of(&delivery.events),
        );
        let mut outcome = Outcome {
            events: delivery.events,
            attempts: Vec::new(),
            latency: None,
            accepted: None,
        };
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                sleep(PAUSE).await;
            }
            let attempt = match timeout(PATIENCE, self.post(&callback)).await {
                Ok(Ok((status, answer))) => {
                    outcome.latency.get_or_insert_with(|| due.elapsed());
                    if status == 200 {
                        // Another receiver may answer 200 with anything.
                        let changes = serde_json::from_slice(&answer);
                        outcome.accepted = Some(changes.unwrap_or_default());
                        Attempt::Accepted
                    } else {
                        let text = String::from_utf8_lossy(&answer);
                        Attempt::Refused(status, text.chars().take(MOST_TEXT).collect())
                    }
                }
                Ok(Err(why)) => Attempt::Failed(in_words(&*why)),
                Err(_) => Attempt::TimedOut,
            };
            outcome.attempts.push(attempt);
            if outcome.accepted.is_some() {
                break;
            }
        }
        outcome
    }

    async fn post(&self, callback: &SignedCallback) -> Result<(u16, Bytes)> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(callback.url(&self.endpoint))
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(callback.body.clone()))?;
        let answer = self.client.request(request).await?;
        let status = answer.status().as_u16();
        let body = to_bytes(Body::new(answer.into_body()), MAX_ANSWER_BYTES).await?;
        Ok((status, body))
    }
}
