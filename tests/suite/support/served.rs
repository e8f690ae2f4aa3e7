//! The real `chatroom serve`, on free ports.

use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use chatroom_status_sync::{
    aws::Aws,
    env::Environment,
    local::{TABLE, im_server::WireEvent},
    table::Table,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
    time::{Instant, sleep},
};

use super::{PATIENCE, chatroom, post_bytes, signed, sqs};

/// The last of the first lines.
const READY: &str = "Each callback's log line follows.";

/// A folder that is not there yet, and is removed at the end of the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("chatroom-serve-{}-{number}", std::process::id());
        Self(std::env::temp_dir().canonicalize().unwrap().join(name))
    }

    pub fn arguments(&self) -> [&str; 2] {
        ["--data", self.0.to_str().unwrap()]
    }

    pub fn join(&self, file: impl AsRef<Path>) -> PathBuf {
        self.0.join(file)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A `chatroom serve` that runs. Dropping it kills it.
pub struct Served {
    process: Child,
    output: mpsc::UnboundedReceiver<String>,
    /// The lines that it printed when it was ready.
    pub told: Vec<String>,
}

impl Served {
    /// Starts it on free ports and waits until it is ready.
    pub async fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut process = serve(arguments).envs(variables.iter().copied()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (heard, mut output) = mpsc::unbounded_channel();
        // Nobody may wait because nobody reads.
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let _ = heard.send(line);
            }
        });
        let mut told = Vec::new();
        while told.last().is_none_or(|line: &String| !line.starts_with(READY)) {
            match output.recv().await {
                Some(line) => told.push(line),
                None => panic!("it ended: {}", stderr(&mut process).await),
            }
        }
        Self { process, output, told }
    }

    /// The place that one of the first lines names.
    pub fn place(&self, name: &str) -> &str {
        let place = self.told.iter().find_map(|line| line.strip_prefix(name)).unwrap().trim();
        place.split("  ").next().unwrap()
    }

    /// Sends events, signed now. Gives the status of the answer.
    pub async fn send(&self, events: &[WireEvent]) -> u16 {
        let callback = signed(events);
        post_bytes(&callback.url(self.place("callbacks")), callback.body.into_bytes()).await.0
    }

    /// A handle on its table.
    pub fn table(&self) -> Table {
        let env = Environment::new(|name| match name {
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(self.place("dynamodb").to_owned()),
            "AWS_REGION" => Some("us-east-1".to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
            _ => None,
        });
        let aws = Aws::from_env(&env).unwrap().with_attempt(PATIENCE);
        Table::new(aws.dynamodb(), TABLE, 30)
    }

    /// A client for its queues, and the URL of a queue that no worker reads.
    pub fn queue(&self) -> (aws_sdk_sqs::Client, String) {
        let url = self.place("deferred");
        let endpoint = url.match_indices('/').nth(2).map(|(path, _)| &url[..path]).unwrap();
        (sqs(endpoint), url.replace("/deferred", "/q"))
    }

    pub async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    /// Asks it to end, as service managers do.
    pub async fn terminate(&self) {
        let id = self.process.id().unwrap().to_string();
        let asked = Command::new("sh").args(["-c", r#"kill -TERM "$0""#, &id]).status().await;
        assert!(asked.unwrap().success());
    }

    /// Waits for its end. Gives its last line.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let mut last = String::new();
        while let Some(line) = self.output.recv().await {
            last = line;
        }
        (self.process.wait().await.unwrap(), last)
    }
}

/// Runs a `chatroom serve` that cannot start, and gives what it says about that.
pub async fn refused(arguments: &[&str]) -> String {
    let output = serve(arguments).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

/// Looks again and again until something is true.
pub async fn until(what: &str, mut is_true: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_true().await {
        assert!(Instant::now() < deadline, "{what}");
        sleep(Duration::from_millis(20)).await;
    }
}

fn serve(arguments: &[&str]) -> Command {
    let mut command = Command::from(chatroom());
    command.arg("serve");
    for port in ["--port", "--dynamodb-port", "--sqs-port"] {
        if !arguments.contains(&port) {
            command.args([port, "0"]);
        }
    }
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn stderr(process: &mut Child) -> String {
    let mut said = String::new();
    process.stderr.take().unwrap().read_to_string(&mut said).await.unwrap();
    said
}
