//! A stand-in for API Gateway: every HTTP request becomes the event that Lambda would get, as JSON,
//! and goes through guard, `lambda_http` and the real handler. Whoever wants to see the traffic can
//! observe it, and serve more routes at the same port.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{self, ConnectInfo, DefaultBodyLimit, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use lambda_http::request::LambdaRequest;
use serde_json::{Value, json};
use tower_service::Service;

use super::{
    im_server::{PATH, SignedCallback},
    server::{ListenError, Server},
};
use crate::{
    domain::time::Timestamp,
    functions::{guard::HarmlessEvent, http, log::LogLine, receiver::Receiver},
    wire::{answer::Answer, request::Request},
};

/// The bytes of the largest body that API Gateway takes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// A running endpoint. Dropping it ends it.
pub struct ApiGateway {
    url: String,
    shared: Arc<SharedState>,
    server: Server,
}

struct SharedState {
    receiver: Receiver,
    requests: AtomicU64,
    log: fn(&LogLine),
    observer: OnceLock<Box<Observer>>,
    routes: OnceLock<Router>,
}

type Observer = dyn Fn(ObservedCallback<'_>) + Send + Sync;

/// A request to the path of callbacks, and what came of it.
#[derive(Debug)]
pub struct ObservedCallback<'a> {
    /// The query string, without `?`.
    pub query: &'a str,
    /// The body: any bytes.
    pub body: &'a Bytes,
    /// The time at which it came.
    pub taken: Timestamp,
    /// The answer that the sender is about to get.
    pub answer: &'a Answer,
    /// The line of the log about it.
    pub line: &'a LogLine,
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
    ) -> Result<Self, ListenError> {
        let shared = Arc::new(SharedState {
            receiver,
            requests: AtomicU64::new(0),
            log,
            observer: OnceLock::new(),
            routes: OnceLock::new(),
        });
        let app = Router::new()
            .route(PATH, post(handle))
            .fallback(hand_on)
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(shared.clone());
        let server = Server::start(address, app).await?;
        Ok(Self { url: format!("http://{}{PATH}", server.address()), shared, server })
    }

    /// Takes no more callbacks, and waits until those under way are answered. Tells whether all of
    /// them were.
    pub async fn end(&mut self) -> bool {
        self.server.end().await
    }

    /// Shows every callback to `observer`, before its answer leaves. There is one observer at most:
    /// gives false if there is one already.
    pub fn observe(&self, observer: impl Fn(ObservedCallback<'_>) + Send + Sync + 'static) -> bool {
        self.shared.observer.set(Box::new(observer)).is_ok()
    }

    /// Serves more routes beside that of callbacks. That can be done once: gives false if it was
    /// done already.
    pub fn mount(&self, routes: Router) -> bool {
        self.shared.routes.set(routes).is_ok()
    }

    /// Gives the address at which it listens.
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
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

/// A request as API Gateway took it.
#[derive(Clone, Copy)]
struct TakenRequest<'a> {
    /// The query string, without `?`.
    query: &'a str,
    /// The body: any bytes.
    body: &'a [u8],
    /// The caller's address.
    source: IpAddr,
    /// API Gateway's id of the request.
    id: &'a str,
    /// The time at which it was taken.
    taken: Timestamp,
}

impl TakenRequest<'_> {
    /// Words the event of an HTTP API, payload format 2.0.
    fn event(&self) -> Value {
        let Self { query, body, source, id, taken } = self;
        let (text, is_base64) = match std::str::from_utf8(body) {
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
                "timeEpoch": taken.millis(),
            },
            "body": text,
            "isBase64Encoded": is_base64,
        })
    }
}

/// Words the event that API Gateway makes of a callback, sent from this machine and taken at
/// `taken`.
pub fn event_of(callback: &SignedCallback, request_id: &str, taken: Timestamp) -> Value {
    let SignedCallback { query, body } = callback;
    let source = Ipv4Addr::LOCALHOST.into();
    TakenRequest { query, body: body.as_bytes(), source, id: request_id, taken }.event()
}

/// Reads the text of an event as the function does, at `now`.
///
/// # Errors
/// The text is no event at all.
pub fn read_event(event: &str, now: Timestamp) -> serde_json::Result<Request> {
    let event: HarmlessEvent = serde_json::from_str(event)?;
    Ok(http::read_request(LambdaRequest::from(event).into(), now))
}

async fn handle(
    State(shared): State<Arc<SharedState>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let now = Timestamp::from(SystemTime::now());
    let id = format!("local-{}", shared.requests.fetch_add(1, Ordering::Relaxed) + 1);
    let query = query.unwrap_or_default();
    let request =
        TakenRequest { query: &query, body: &body, source: peer.ip(), id: &id, taken: now };
    let Ok(request) = read_event(&request.event().to_string(), now) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let (answer, line) = shared.receiver.receive(request, None).await;
    (shared.log)(&line);
    if let Some(observer) = shared.observer.get() {
        let (query, body, taken) = (&*query, &body, now);
        observer(ObservedCallback { query, body, taken, answer: &answer, line: &line });
    }
    http::respond(&answer).map(Body::new)
}

/// Hands a request to the routes that were mounted; without any, there is nothing else here.
async fn hand_on(
    State(shared): State<Arc<SharedState>>,
    request: extract::Request,
) -> impl IntoResponse {
    match shared.routes.get() {
        Some(routes) => routes.clone().call(request).await.into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({"message": "Not Found"}))).into_response(),
    }
}
