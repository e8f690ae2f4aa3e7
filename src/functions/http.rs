//! HTTP as `lambda_http` speaks it: its requests become ours, and answers its responses.

use std::{
    future::ready,
    net::{IpAddr, SocketAddr},
    pin::Pin,
};

use lambda_http::{
    Body, IntoResponse, RequestExt, Response,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    request::RequestContext,
};

use super::{deadlines::LONGEST_INVOCATION, guard::FORWARDED_FOR};
use crate::{
    callback::Unverified,
    domain::time::Timestamp,
    wire::{answer::Answer, request::Request},
};

/// Reads a request that arrives at `now`.
pub fn read_request(request: lambda_http::Request, now: Timestamp) -> Request {
    let GatewayFacts { id, accepted, source } = GatewayFacts::of(&request);
    // A request from the future, or older than a gateway waits, is a sample event that is played
    // again: its clock starts now.
    let is_current =
        |accepted: &Timestamp| *accepted <= now && now.since(*accepted) <= LONGEST_INVOCATION;
    let (head, body) = request.into_parts();
    Request {
        id: id.unwrap_or_default(),
        accepted: accepted.filter(is_current).unwrap_or(now),
        received: now,
        source,
        callback: Unverified::new(
            head.uri.query().unwrap_or_default().to_owned(),
            match body {
                Body::Text(text) => text.into_bytes(),
                Body::Binary(bytes) => bytes,
                other => other.to_vec(),
            },
        ),
    }
}

/// Gives the id of a request: the gateway's, or Lambda's behind a load balancer.
pub fn request_id(request: &lambda_http::Request) -> String {
    GatewayFacts::of(request).id.unwrap_or_default()
}

/// Makes a response of an answer.
pub fn respond(answer: &Answer) -> Response<Body> {
    let mut response = Response::new(Body::Text(answer.body()));
    *response.status_mut() =
        StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = answer.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    response
}

/// A response that `lambda_http` hands on as it is, because its body is text already.
///
/// In a plain [`Response`], `lambda_http` would look for the character set of the content type and
/// decode the text. It knows all character sets that there are: their tables make the zip 7 %
/// larger.
pub struct TextResponse(pub Response<Body>);

impl IntoResponse for TextResponse {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(ready(self.0))
    }
}

/// The facts about a request that the gateway tells, and that no caller can choose.
struct GatewayFacts {
    id: Option<String>,
    accepted: Option<Timestamp>,
    source: Option<IpAddr>,
}

impl GatewayFacts {
    fn of(request: &lambda_http::Request) -> Self {
        let time = |millis| u64::try_from(millis).ok().and_then(Timestamp::from_millis);
        let address = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
        match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => Self {
                id: context.request_id.clone(),
                accepted: time(context.time_epoch),
                source: address(&context.http.source_ip),
            },
            Some(RequestContext::ApiGatewayV1(context)) => Self {
                id: context.request_id.clone(),
                accepted: time(context.request_time_epoch),
                source: address(&context.identity.source_ip),
            },
            // A load balancer has no ids of its own, and does not say when it took a request.
            _ => Self {
                id: request.lambda_context_ref().map(|context| context.request_id.clone()),
                accepted: None,
                source: forwarded_for(request.headers()),
            },
        }
    }
}

/// Reads the address that the load balancer appended; all before it are the caller's to choose. A
/// port may follow, if the load balancer is set to say it.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let addresses = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    let last = addresses.rsplit(',').next()?.trim();
    last.parse().or_else(|_| last.parse().map(|address: SocketAddr| address.ip())).ok()
}
