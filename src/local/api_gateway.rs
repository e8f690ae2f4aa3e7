//! A stand-in for API Gateway: every HTTP request becomes the event that Lambda would get, as JSON,
//! and goes through guard, `lambda_http` and the real handler.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, DefaultBodyLimit, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use lambda_http::request::LambdaRequest;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle};

use super::im_server::{PATH, SignedCallback};
use crate::{
    domain::time::Timestamp,
    functions::{guard::HarmlessEvent, http, log::LogLine, receiver::Receiver},
    wire::request::Request,
};

/// The limit of API Gateway.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// A running endpoint. Dropping it ends it.
pub struct ApiGateway {
    url: String,
    shared: Arc<Shared>,
    server: AbortHandle,
}

struct Shared {
    receiver: Receiver,
    requests: AtomicU64,
    log: fn(&LogLine),
}

impl ApiGateway {
    /// Starts an endpoint that listens at `address` and hands the log line of each request to
    /// `log`.
    ///
    /// # Errors
    /// The address is taken.
    pub async fn start(
        receiver: Receiver,
        address: SocketAddr,
        log: fn(&LogLine),
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let url = format!("http://{}{PATH}", listener.local_addr()?);
        let shared = Arc::new(Shared { receiver, requests: AtomicU64::new(0), log });
        let app = Router::new()
            .route(PATH, post(handle))
            .fallback(async || (StatusCode::NOT_FOUND, Json(json!({"message": "Not Found"}))))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(shared.clone())
            .into_make_service_with_connect_info::<SocketAddr>();
        let serving = async { axum::serve(listener, app).await };
        Ok(Self { url, shared, server: tokio::spawn(serving).abort_handle() })
    }

    /// Gives the URL of callbacks, without a query string.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gives the handler behind it, for events that do not come by HTTP.
    pub fn receiver(&self) -> &Receiver {
        &self.shared.receiver
    }
}

impl Drop for ApiGateway {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A request as API Gateway took it.
#[derive(Debug, Clone, Copy)]
pub struct TakenRequest<'a> {
    /// The query string, without `?`.
    pub query: &'a str,
    /// The body: any bytes.
    pub body: &'a [u8],
    /// The caller's address.
    pub source: IpAddr,
    /// API Gateway's name for the request.
    pub id: &'a str,
    /// The time at which it was taken.
    pub at: Timestamp,
}

impl TakenRequest<'_> {
    /// Words the event of an HTTP API, payload format 2.0.
    pub fn event(&self) -> Value {
        let Self { query, body, source, id, at } = self;
        let (body, is_base64) = match std::str::from_utf8(body) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (BASE64_STANDARD.encode(body), true),
        };
        json!({
            "version": "2.0",
            "routeKey": format!("POST {PATH}"),
            "rawPath": PATH,
            "rawQueryString": query,
            "headers": {"content-type": "application/json", "host": "localhost"},
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "local",
                "domainName": "localhost",
                "domainPrefix": "localhost",
                "http": {
                    "method": "POST",
                    "path": PATH,
                    "protocol": "HTTP/1.1",
                    "sourceIp": source,
                    "userAgent": "",
                },
                "requestId": id,
                "routeKey": format!("POST {PATH}"),
                "stage": "$default",
                "time": "",
                "timeEpoch": at.millis(),
            },
            "body": body,
            "isBase64Encoded": is_base64,
        })
    }
}

/// Words the event that API Gateway makes of a callback which this machine sends.
pub fn event_of(callback: &SignedCallback, request_id: &str, taken: Timestamp) -> Value {
    let SignedCallback { query, body } = callback;
    let source = Ipv4Addr::LOCALHOST.into();
    TakenRequest { query, body: body.as_bytes(), source, id: request_id, at: taken }.event()
}

/// Reads an event, in its text, as the function does that gets it at `now`.
///
/// # Errors
/// The text is no event at all.
pub fn read_event(event: &str, now: Timestamp) -> serde_json::Result<Request> {
    let event: HarmlessEvent = serde_json::from_str(event)?;
    Ok(http::read_request(LambdaRequest::from(event).into(), now))
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let now = Timestamp::from(SystemTime::now());
    let id = format!("local-{}", shared.requests.fetch_add(1, Ordering::Relaxed) + 1);
    let query = query.unwrap_or_default();
    let taken = TakenRequest { query: &query, body: &body, source: peer.ip(), id: &id, at: now };
    let Ok(request) = read_event(&taken.event().to_string(), now) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let (answer, line) = shared.receiver.receive(request, None).await;
    (shared.log)(&line);
    http::respond(&answer).map(Body::new)
}
