//! A stand-in for API Gateway: every HTTP request becomes the event that Lambda would get, as JSON,
//! and goes through the real handler.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, DefaultBodyLimit, RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;
use tokio::{net::TcpListener, task::AbortHandle};

use super::im_server::{PATH, gateway_event};
use crate::{
    domain::time::Timestamp,
    functions::{
        http::{GatewayEvent, GatewayResponse},
        log::LogLine,
        receiver::Receiver,
    },
};

/// API Gateway's limit.
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
    /// If the address is taken.
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

    /// The URL of callbacks, without a query string.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The handler behind it, for events that do not come by HTTP.
    pub fn receiver(&self) -> &Receiver {
        &self.shared.receiver
    }
}

impl Drop for ApiGateway {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let now = Timestamp::from(SystemTime::now());
    let id = format!("local-{}", shared.requests.fetch_add(1, Ordering::Relaxed) + 1);
    let (text, is_base64) = match std::str::from_utf8(&body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (BASE64_STANDARD.encode(&body), true),
    };
    let query = query.unwrap_or_default();
    let event = gateway_event(&query, &text, is_base64, &peer.ip().to_string(), &id, now);
    let Ok(event) = serde_json::from_value::<GatewayEvent>(event) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let (answer, line) = shared.receiver.receive(event.into_request(now), None).await;
    (shared.log)(&line);
    into_http(GatewayResponse::from(&answer))
}

fn into_http(GatewayResponse { status_code, headers, body, .. }: GatewayResponse) -> Response {
    let mut response = body.into_response();
    *response.status_mut() =
        StatusCode::from_u16(status_code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let response_headers = response.headers_mut();
    response_headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(headers.content_type));
    if let Some(seconds) = headers.retry_after {
        response_headers.insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    response
}
