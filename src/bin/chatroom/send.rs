//! Sends callbacks over HTTP, as the IM server does.

use std::{fmt, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{Request, Uri, header::CONTENT_TYPE},
};
use chatroom_status_sync::{
    aws::{
        connections::{connector, mozilla_roots},
        error::in_words,
    },
    local::im_server::SignedCallback,
};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::timeout;

use crate::{access::Place, result::Result};

/// The time that the IM server waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Refuses what is no URL that takes callbacks: these add a query of their own.
pub fn check(endpoint: &str) -> Result {
    let uri: Uri = endpoint.parse().unwrap_or_default();
    if matches!(uri.scheme_str(), Some("http" | "https")) && uri.query().is_none() {
        return Ok(());
    }
    Err(format!("{endpoint} is no http or https URL without a query").into())
}

/// An HTTP client that keeps its connections.
pub struct HttpClient(Client<HttpsConnector<HttpConnector>, Body>);

/// The answer to a callback.
pub struct HttpAnswer {
    pub status: u16,
    pub text: String,
}

impl HttpClient {
    pub fn new() -> Result<Self> {
        let connector = connector(HttpConnector::new(), mozilla_roots())?;
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// Posts a callback once. Any status is an answer; if none comes in time, the error is
    /// [`Elapsed`](tokio::time::error::Elapsed).
    pub async fn post(&self, callback: &SignedCallback, endpoint: &str) -> Result<HttpAnswer> {
        let request = Request::post(callback.url(endpoint))
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(callback.body.clone()))?;
        let exchange = async {
            let place = || Place::Endpoint(endpoint.to_owned());
            let answer = self.0.request(request).await;
            let answer = answer.map_err(|why| place().unreachable(&in_words(&why)))?;
            let status = answer.status().as_u16();
            let body = to_bytes(Body::new(answer.into_body()), MAX_ANSWER_BYTES).await?;
            Ok(HttpAnswer { status, text: String::from_utf8_lossy(&body).into_owned() })
        };
        timeout(PATIENCE, exchange).await?
    }
}

impl fmt::Display for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.text)
    }
}
