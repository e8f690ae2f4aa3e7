//! The line about a request. It holds no id of a room or user, because their names are the caller's
//! to choose.

use std::{io::Write, time::Duration};

use axum::response::Response;
use serde_json::json;

use super::{answer::READ_UNITS, problem::Cause};
use crate::functions::log::{Level, timestamp, whole_millis};

/// Writes the line about a request to standard output, where Lambda picks it up.
pub fn print(request_id: &str, path: &str, response: &Response, duration: Duration) {
    let status = response.status();
    let cause = response.extensions().get::<Cause>();
    let (level, message) = match status.as_u16() {
        500.. => (Level::Error, "not read"),
        400.. => (Level::Info, "refused"),
        _ => (Level::Info, "read"),
    };
    let is_known = ["/rooms", "/room", "/members", "/member", "/rooms-of", "/openapi.json"];
    let units = response.headers().get(READ_UNITS).and_then(|units| units.to_str().ok());
    let mut line = json!({
        "timestamp": timestamp(),
        "level": level,
        "message": message,
        "request_id": request_id,
        "path": is_known.contains(&path).then_some(path),
        "status": status.as_u16(),
        "read_units": units.and_then(|units| units.parse::<f64>().ok()),
        "duration_ms": whole_millis(duration),
    });
    if let Some(Cause(why)) = cause {
        line["error"] = why.as_str().into();
    }
    let _ = std::io::stdout().write_all(format!("{line}\n").as_bytes());
}
