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
    /// False if it is the fault of this server, and worth another try.
    is_of_sender: bool,
}

impl SqsError {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), is_of_sender: true }
    }

    /// Refuses a request whose changes cannot be saved.
    pub fn unsaved(why: &rusqlite::Error) -> Self {
        let message = format!("The queues cannot be saved: {why}");
        Self { code: "InternalError", message, is_of_sender: false }
    }

    /// Words the refusal of one entry of a batch.
    pub fn of_entry(&self, id: &Value) -> Value {
        json!({"Id": id, "SenderFault": true, "Code": self.code, "Message": self.message})
    }
}

impl IntoResponse for SqsError {
    fn into_response(self) -> Response {
        let kind = format!("com.amazonaws.sqs#{}", self.code);
        let (status, fault) = if self.is_of_sender {
            (StatusCode::BAD_REQUEST, "Sender")
        } else {
            (StatusCode::INTERNAL_SERVER_ERROR, "Receiver")
        };
        // Clients still show the name that the code had before there was a JSON protocol.
        let old_name = format!("AWS.SimpleQueueService.{};{fault}", self.code);
        let body = Json(json!({"__type": kind, "message": self.message}));
        (status, [("x-amzn-query-error", old_name)], body).into_response()
    }
}
