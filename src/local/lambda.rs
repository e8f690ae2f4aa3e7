//! A stand-in for Lambda: runs the binary of a function as a process of its own, and plays the
//! Runtime API to it, as far as functions use it.

use std::{
    error::Error,
    fmt,
    io::{self, BufRead, BufReader},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
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
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    task::AbortHandle,
    time::timeout,
};

use crate::domain::time::Timestamp;

/// The time of an invocation that the template gives to `callback`.
pub const CALLBACK_TIME_OUT: Duration = Duration::from_secs(10);
/// The time of an invocation that the template gives to `worker`.
pub const WORKER_TIME_OUT: Duration = Duration::from_secs(30);
/// The pause between two looks at a process that owes a response.
const LOOK: Duration = Duration::from_millis(100);

/// A running function. Dropping it kills the process.
pub struct Function {
    process: Child,
    /// Reads the output of the process, which would stop otherwise once the pipe is full.
    reader: Option<JoinHandle<io::Result<String>>>,
    events: mpsc::UnboundedSender<Vec<u8>>,
    results: mpsc::UnboundedReceiver<Result<Value, Value>>,
    server: AbortHandle,
}

/// The reason why a function gave no response.
#[derive(Debug)]
pub enum FunctionError {
    /// The error that the function reported to the platform.
    Reported(Value),
    /// The process ended.
    Ended(ExitStatus),
    /// The process cannot be watched.
    Io(io::Error),
}

/// The part of a function that its Runtime API shares with it.
struct Shared {
    events: Mutex<mpsc::UnboundedReceiver<Vec<u8>>>,
    results: mpsc::UnboundedSender<Result<Value, Value>>,
    time_out: Duration,
}

impl Function {
    /// Starts a binary as Lambda does, with these variables and those of the platform only. The
    /// function is told that each invocation has the time of `time_out`; nothing ends one that
    /// takes longer.
    ///
    /// # Errors
    /// The binary cannot be run.
    pub async fn start(
        binary: &str,
        variables: &[(&str, &str)],
        time_out: Duration,
    ) -> io::Result<Self> {
        Self::start_with_log(binary, variables, time_out, |_| {}).await
    }

    /// Starts a binary as [`Function::start`] does, and hands each line that the process prints to
    /// `log`.
    ///
    /// # Errors
    /// The binary cannot be run.
    pub async fn start_with_log(
        binary: &str,
        variables: &[(&str, &str)],
        time_out: Duration,
        log: impl Fn(&str) + Send + 'static,
    ) -> io::Result<Self> {
        let (events, event_receiver) = mpsc::unbounded_channel();
        let (result_sender, results) = mpsc::unbounded_channel();
        let events_of_api = Mutex::new(event_receiver);
        let shared = Shared { events: events_of_api, results: result_sender, time_out };
        let api = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{outcome}", post(done))
            .with_state(Arc::new(shared));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let mut process = Command::new(binary)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "callback")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take();
        let reader = output.map(|output| thread::spawn(move || read_lines(output, log)));
        let serving = async { axum::serve(listener, api).await };
        let server = tokio::spawn(serving).abort_handle();
        Ok(Self { process, reader, events, results, server })
    }

    /// Gives the id of the process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Invokes the function, and gives its response.
    pub async fn invoke(&mut self, event: impl Into<Vec<u8>>) -> Result<Value, FunctionError> {
        self.send(event);
        self.receive().await
    }

    /// Gives the function an event, as soon as it asks for one.
    pub fn send(&self, event: impl Into<Vec<u8>>) {
        // The other end lives as long as the server, which ends with this function.
        let _ = self.events.send(event.into());
    }

    /// Waits for the function's next response, to any event.
    pub async fn receive(&mut self) -> Result<Value, FunctionError> {
        loop {
            if let Ok(Some(result)) = timeout(LOOK, self.results.recv()).await {
                return result.map_err(FunctionError::Reported);
            }
            if let Some(status) = self.process.try_wait().map_err(FunctionError::Io)? {
                return Err(FunctionError::Ended(status));
            }
        }
    }

    /// Kills the process in the middle of its work.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.kill()?;
        self.process.wait().map(drop)
    }

    /// Ends the process, and gives its output.
    pub fn end(mut self) -> io::Result<String> {
        self.kill()?;
        let Some(reader) = self.reader.take() else {
            return Ok(String::new());
        };
        reader.join().map_err(|_| io::Error::other("the log panicked"))?
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.kill();
        self.server.abort();
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reported(error) => write!(f, "the function reported {error}"),
            Self::Ended(status) => write!(f, "the function's process ended: {status}"),
            Self::Io(why) => write!(f, "the function's process cannot be watched: {why}"),
        }
    }
}

impl Error for FunctionError {}

/// Hands on each line as it comes; gives all of them in the end.
fn read_lines(output: ChildStdout, log: impl Fn(&str)) -> io::Result<String> {
    let (mut output, mut all) = (BufReader::new(output), String::new());
    loop {
        let start = all.len();
        if output.read_line(&mut all)? == 0 {
            return Ok(all);
        }
        log(all[start..].trim_end_matches('\n'));
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let Some(event) = shared.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let mut response = event.into_response();
    let deadline = Timestamp::from(SystemTime::now() + shared.time_out);
    let headers = [
        ("lambda-runtime-aws-request-id", HeaderValue::from_static("invocation")),
        ("lambda-runtime-invoked-function-arn", HeaderValue::from_static("arn:aws:lambda:local")),
        ("lambda-runtime-deadline-ms", HeaderValue::from(deadline.millis())),
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
