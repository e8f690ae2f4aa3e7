//! The start of the Lambda binaries, the requests that they take, and the time that an invocation has
//! left.

use std::{process::ExitCode, time::Duration};

use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, Error, LambdaEvent};

use super::{
    guard::HarmlessEvent,
    log::{Level, timestamp},
};
use crate::domain::time::Timestamp;

/// Runs a function until Lambda ends it. If it cannot start, its log says why in one line.
pub async fn main(run: impl AsyncFnOnce() -> Result<(), Error>) -> ExitCode {
    let error = if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        "this program runs inside AWS Lambda, or under `cargo lambda watch`; to try it locally: chatroom serve".into()
    } else {
        match run().await {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => error,
        }
    };
    let line = serde_json::json!({
        "timestamp": timestamp(),
        "level": Level::Error,
        "message": "start failed",
        "error": error.to_string(),
    });
    eprintln!("{line}");
    ExitCode::FAILURE
}

/// Takes the request of the guard, which has read the event in place of `lambda_http`.
pub fn guarded(event: LambdaEvent<HarmlessEvent>) -> LambdaEvent<LambdaRequest> {
    LambdaEvent::new(event.payload.into(), event.context)
}

/// Gives the time until the platform ends this invocation. `None` if its deadline has passed
/// already: then this invocation would not be running, so the deadline is a sample's, not the
/// platform's.
pub fn time_left(context: &Context, now: Timestamp) -> Option<Duration> {
    let deadline = Timestamp::from_millis(context.deadline).filter(|&deadline| deadline > now)?;
    Some(deadline.since(now))
}
