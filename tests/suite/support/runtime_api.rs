//! Lambda's Runtime API, as far as functions use it, and the binaries of functions that run against
//! it.

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header::HeaderValue},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chatroom_status_sync::domain::time::Timestamp;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    time::timeout,
};

/// A running function. Dropping it kills the process.
pub struct Function {
    process: Child,
    /// Reads the output of the process, which would stop otherwise once the pipe is full.
    printed: Option<JoinHandle<String>>,
    events: mpsc::UnboundedSender<Vec<u8>>,
    results: mpsc::UnboundedReceiver<Result<Value, Value>>,
}

struct Shared {
    events: Mutex<mpsc::UnboundedReceiver<Vec<u8>>>,
    results: mpsc::UnboundedSender<Result<Value, Value>>,
}

impl Function {
    /// Starts a binary as Lambda does, with these variables and those of the platform only.
    pub async fn start(binary: &str, variables: &[(&str, &str)]) -> Self {
        let (events, event_receiver) = mpsc::unbounded_channel();
        let (result_sender, results) = mpsc::unbounded_channel();
        let shared = Shared { events: Mutex::new(event_receiver), results: result_sender };
        let api = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{outcome}", post(done))
            .with_state(Arc::new(shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async { axum::serve(listener, api).await });
        let mut process = Command::new(binary)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "callback")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = process.stdout.take().unwrap();
        let printed = thread::spawn(|| std::io::read_to_string(output).unwrap());
        Self { process, printed: Some(printed), events, results }
    }

    /// Invokes the function, and gives its response, or the error that it reports to the platform.
    pub async fn invoke(&mut self, event: impl Into<Vec<u8>>) -> Result<Value, Value> {
        self.send(event);
        self.receive().await
    }

    /// Gives the function an event, as soon as it asks for one.
    pub fn send(&self, event: impl Into<Vec<u8>>) {
        self.events.send(event.into()).unwrap();
    }

    /// Waits for the function's next response, to any event.
    pub async fn receive(&mut self) -> Result<Value, Value> {
        loop {
            let result = timeout(Duration::from_millis(100), self.results.recv()).await;
            if let Ok(result) = result {
                return result.unwrap();
            }
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("the function's process ended: {status}");
            }
        }
    }

    /// Kills the process in the middle of its work.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Ends the process, and gives its output.
    pub fn end(mut self) -> String {
        self.kill();
        self.printed.take().unwrap().join().unwrap()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let Some(event) = shared.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let mut response = event.into_response();
    let deadline = Timestamp::from(SystemTime::now()).millis() + 10_000;
    let headers = [
        ("lambda-runtime-aws-request-id", HeaderValue::from_static("invocation")),
        ("lambda-runtime-invoked-function-arn", HeaderValue::from_static("arn:aws:lambda:local")),
        ("lambda-runtime-deadline-ms", HeaderValue::from(deadline)),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    response
}

async fn done(
    State(shared): State<Arc<Shared>>,
    Path((_, outcome)): Path<(String, String)>,
    body: Bytes,
) -> StatusCode {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let result = if outcome == "response" { Ok(body) } else { Err(body) };
    let _ = shared.results.send(result);
    StatusCode::ACCEPTED
}
