//! The answers to requests that have none: short, and without anything internal.

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{ALLOW, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::answer::json;
use crate::table::read::error::{ReadError, ReadFault};

/// The reason why a request is not answered with what it asks for.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    error: &'static str,
    message: String,
    /// The reason for the operator's log, where the caller hears less.
    cause: Option<String>,
}

/// The reason of a failure, for the operator's log: it travels beside the response.
#[derive(Debug, Clone)]
pub struct Cause(pub String);

impl Problem {
    fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self { status, error, message: message.into(), cause: None }
    }

    /// Refuses a parameter.
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", message)
    }

    /// Says that something was never heard of.
    pub fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// Says that there is no such route.
    pub fn route() -> Self {
        Self::not_found("there is no such path; /openapi.json describes those that there are")
    }

    /// Refuses a method.
    pub fn method() -> Self {
        let message = "everything here is read by GET";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
    }

    /// Reports a defect of this program.
    pub fn defect(cause: String) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let problem = Self::new(status, "internal", "this is a defect; the log says more");
        Self { cause: Some(cause), ..problem }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let problem = match error.fault() {
            ReadFault::Throttled | ReadFault::Unreachable => {
                let message = "the table does not answer at the moment; try again";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
            }
            _ => {
                let message = "the table cannot be read; the log says why";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unreadable", message)
            }
        };
        Self { cause: Some(error.to_string()), ..problem }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, error, message, cause } = self;
        let mut response = json(status, json!({"error": error, "message": message}).to_string());
        match status {
            StatusCode::METHOD_NOT_ALLOWED => {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        if let Some(cause) = cause {
            response.extensions_mut().insert(Cause(cause));
        }
        response
    }
}
