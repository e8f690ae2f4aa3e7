//! The answers to requests, as responses.

use axum::{
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};

/// The header that says what an answer has consumed, in read units.
pub const READ_UNITS: &str = "x-read-units";

/// Makes a response of JSON. Nobody is to keep it: the next one may be another.
pub fn json(status: StatusCode, text: String) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers, text).into_response()
}
