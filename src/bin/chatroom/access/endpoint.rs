//! Endpoints: URLs of services, on this machine or elsewhere.

use std::net::IpAddr;

use axum::http::Uri;

use crate::result::Result;

/// Tells whether a URL is one of this machine.
pub fn is_local(url: &str) -> bool {
    let uri = url.parse::<Uri>().unwrap_or_default();
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Cuts the path off a URL: it begins with the third slash.
pub fn origin(url: &str) -> &str {
    url.match_indices('/').nth(2).map_or(url, |(path, _)| &url[..path])
}

/// Refuses what is no URL of a service.
pub fn check(url: &str) -> Result {
    let uri = url.parse::<Uri>().unwrap_or_default();
    if matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() {
        return Ok(());
    }
    Err(format!("{url} is no endpoint: it should look like http://127.0.0.1:8000").into())
}

/// Gives the host of a URL, and the port if it names one.
pub fn host_and_port(url: &str) -> (String, Option<u16>) {
    let uri = url.parse::<Uri>().unwrap_or_default();
    (uri.host().unwrap_or(url).to_owned(), uri.port_u16())
}
