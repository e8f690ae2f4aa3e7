//! Refusals, in the terms of the JSON protocol.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// The refusal of a request, or of one entry of a batch.
#[derive(Debug)]
pub struct SqsError {
    pub code: &'static str,
    pub message: String,
}

impl SqsError {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Words the refusal of one entry of a batch.
    pub fn of_entry(&self, id: &Value) -> Value {
        json!({"Id": id, "SenderFault": true, "Code": self.code, "Message": self.message})
    }
}

impl IntoResponse for SqsError {
    fn into_response(self) -> Response {
        let kind = format!("com.amazonaws.sqs#{}", self.code);
        // Clients still show the name that the code had before there was a JSON protocol.
        let old_name = format!("AWS.SimpleQueueService.{};Sender", self.code);
        let body = Json(json!({"__type": kind, "message": self.message}));
        (StatusCode::BAD_REQUEST, [("x-amzn-query-error", old_name)], body).into_response()
    }
}
