//! API Gateway's side of a request: HTTP API events, payload format 2.0.
//!
//! Only the few fields that decide something are read, leniently: an event that misses one is still
//! a request that gets its answer. `lambda_http` would build an `http::Request` of every event, and
//! panics where Host, path, query or body cannot be part of one; whoever calls chooses all four,
//! and a panic ends this process. A test holds on to that reason.

use std::{net::IpAddr, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use crate::{
    callback::Unverified,
    domain::time::Timestamp,
    wire::{answer::Answer, request::Request},
};

/// An HTTP API event.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayEvent {
    raw_query_string: Option<String>,
    body: Option<String>,
    is_base64_encoded: bool,
    request_context: RequestContext,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext {
    request_id: Option<String>,
    time_epoch: Option<u64>,
    http: Http,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Http {
    source_ip: Option<String>,
}

/// API Gateway gives a function no longer than this, so a request cannot be older when it arrives.
const OLDEST: Duration = Duration::from_secs(30);

impl GatewayEvent {
    /// The request that the event stands for, arriving at `now`.
    pub fn into_request(self, now: Timestamp) -> Request {
        let body = self.body.unwrap_or_default();
        // What is no base64 is taken as it stands, so that it can be answered and kept.
        let decoded =
            if self.is_base64_encoded { BASE64_STANDARD.decode(&body).ok() } else { None };
        let body = decoded.unwrap_or_else(|| body.into_bytes());
        // A request from the future or from long ago is a sample event that is played again: its
        // clock starts now.
        let accepted = self.request_context.time_epoch.and_then(Timestamp::from_millis);
        let is_current = |accepted: &Timestamp| *accepted <= now && now.since(*accepted) <= OLDEST;
        Request {
            id: self.request_context.request_id.unwrap_or_default(),
            accepted: accepted.filter(is_current).unwrap_or(now),
            received: now,
            source: self
                .request_context
                .http
                .source_ip
                .and_then(|text| text.parse::<IpAddr>().ok()),
            callback: Unverified::new(self.raw_query_string.unwrap_or_default(), body),
        }
    }
}

/// What API Gateway makes an HTTP response of.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayResponse {
    /// The HTTP status.
    pub status_code: u16,
    /// `content-type`, and `retry-after` where that is the message.
    pub headers: Headers,
    /// JSON text.
    pub body: String,
    /// Always false.
    pub is_base64_encoded: bool,
}

/// The headers of a response.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Headers {
    /// Always `application/json`.
    pub content_type: &'static str,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<&'static str>,
}

impl From<&Answer> for GatewayResponse {
    fn from(answer: &Answer) -> Self {
        Self {
            status_code: answer.status(),
            headers: Headers {
                content_type: "application/json",
                retry_after: answer.retry_after(),
            },
            body: answer.body(),
            is_base64_encoded: false,
        }
    }
}
