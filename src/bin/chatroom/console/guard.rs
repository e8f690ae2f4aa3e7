//! The guard in front of the page. No page of another site may read it or send by it, not even
//! through a name of its own that leads to this machine.

use std::net::SocketAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The names of this machine that a browser may know it by.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The path of all that the page sends.
const PAGE: &str = "/console/";

/// The reason why a request is not answered.
#[derive(Debug, PartialEq, Eq)]
enum Intrusion {
    /// The request is for another host: a name of somebody else leads here.
    Host,
    /// The request comes from a page of another origin.
    Origin,
    /// The request would change something, and does not say that it comes from this page.
    Unnamed,
}

impl Intrusion {
    const fn message(&self) -> &'static str {
        match self {
            Self::Host => {
                "This page answers only at a loopback address and its own port, such as \
                 http://127.0.0.1:8080: the Host header names another."
            }
            Self::Origin => "A page of another origin may not use this one.",
            Self::Unnamed => "A request that sends something must come from this page.",
        }
    }
}

/// Lets a request through that is meant for `here`, and that no other site makes.
pub async fn check(State(here): State<SocketAddr>, request: Request, next: Next) -> Response {
    if let Some(why) = intrusion(&request, here.port()) {
        return (StatusCode::FORBIDDEN, format!("{}\n", why.message())).into_response();
    }
    let policy = policy(host(request.headers()));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in RULES {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Rules for the browser. With a stricter referrer policy, it would not say where a form comes from.
const RULES: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Allows the page its own style, script and icon, and nothing else.
fn policy(host: &str) -> String {
    let assets = format!("http://{host}/console");
    format!(
        "default-src 'none'; style-src {assets}/style.css; script-src {assets}/script.js; \
         img-src {assets}/icon.svg; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
}

fn host(headers: &HeaderMap) -> &str {
    text(headers, header::HOST.as_str()).unwrap_or_default()
}

fn intrusion(request: &Request, port: u16) -> Option<Intrusion> {
    let (method, headers) = (request.method(), request.headers());
    if headers.get_all(header::HOST).iter().count() != 1 || !is_here(host(headers), port) {
        return Some(Intrusion::Host);
    }
    let own = format!("http://{}", host(headers));
    let origin = headers.get(header::ORIGIN);
    let site = text(headers, "sec-fetch-site");
    if origin.is_some_and(|origin| origin.as_bytes() != own.as_bytes()) {
        return Some(Intrusion::Origin);
    }
    let is_reading = matches!(*method, Method::GET | Method::HEAD);
    // Following a link from elsewhere shows the page to the person, not to the other site.
    let is_visit = is_reading && text(headers, "sec-fetch-mode") == Some("navigate");
    if matches!(site, Some("cross-site" | "same-site")) && !is_visit {
        return Some(Intrusion::Origin);
    }
    let is_named = origin.is_some() || site == Some("same-origin");
    // The reader's routes stand beside the page, and say themselves which methods they know.
    let is_of_page = request.uri().path().starts_with(PAGE);
    (!is_reading && is_of_page && !is_named).then_some(Intrusion::Unnamed)
}

fn is_here(host: &str, port: u16) -> bool {
    NAMES.iter().any(|name| {
        let rest = host.strip_prefix(name);
        rest == Some(&format!(":{port}")) || (port == 80 && rest == Some(""))
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
