//! The processes of a function. Each handles one event at a time; a new one is started whenever all
//! are busy, and the one that was busy last is used first, as in Lambda.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chatroom_status_sync::local::{lambda::Function, partitions::Partitions};
use serde_json::Value;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use crate::{Result, deployment::Deployment};

/// A function that is deployed.
pub struct Pool {
    program: Program,
    deployment: Arc<Deployment>,
    /// One permit for each process that may be busy.
    free: Semaphore,
    most: u16,
    idle: Mutex<Vec<Process>>,
    started: AtomicU64,
    usage: Mutex<Usage>,
    said: Arc<Mutex<BTreeMap<String, u64>>>,
}

/// The program of a function.
#[derive(Clone)]
pub struct Program {
    /// The function's name.
    pub name: &'static str,
    /// The path of its binary.
    pub binary: String,
    /// The time of an invocation. One that takes longer is killed.
    pub time_out: Duration,
}

/// The use that was made of a function.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    /// The processes that were busy at once.
    pub most_at_once: usize,
    /// The largest memory of a process, in KiB.
    pub peak_memory: u64,
    busy: usize,
}

/// An invocation that is over.
pub struct Invocation {
    pub response: Result<Value>,
    /// The time for which it held a process, its start included.
    pub held: Duration,
    /// The writes that its partition allowed it.
    pub writes: u64,
}

struct Process {
    function: Function,
    /// The access key, which tells the layer who asks.
    name: String,
}

impl Pool {
    /// Deploys a function, of which at most so many processes are busy at once.
    pub fn new(deployment: Arc<Deployment>, program: Program, most: u16) -> Self {
        Self {
            program,
            deployment,
            free: Semaphore::new(most.into()),
            most,
            idle: Mutex::default(),
            started: AtomicU64::new(0),
            usage: Mutex::default(),
            said: Arc::default(),
        }
    }

    /// Invokes the function, as soon as one more of its processes may be busy.
    pub async fn invoke(&self, event: String) -> Result<Invocation> {
        let _permit = self.free.acquire().await?;
        let begun = Instant::now();
        self.begin();
        let result = self.run(event, begun).await;
        lock(&self.usage).busy -= 1;
        result
    }

    /// Gives the processes that have been started.
    pub fn started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    /// Tells whether no process is busy.
    pub fn is_idle(&self) -> bool {
        self.free.available_permits() == usize::from(self.most)
    }

    /// Counts the messages of the log, each with its error.
    pub fn said(&self) -> BTreeMap<String, u64> {
        lock(&self.said).clone()
    }

    /// Gives the use that was made of the function, and looks how much memory it took.
    pub fn usage(&self) -> Usage {
        for process in &*lock(&self.idle) {
            self.note_memory(process);
        }
        lock(&self.usage).clone()
    }

    /// Ends the processes that are not busy.
    pub fn close(&self) {
        lock(&self.idle).clear();
    }

    async fn run(&self, event: String, begun: Instant) -> Result<Invocation> {
        let last = lock(&self.idle).pop();
        let mut process = match last {
            Some(process) => process,
            None => self.start().await?,
        };
        let partitions: &Partitions = &self.deployment.partitions;
        let before = partitions.granted_by(&process.name);
        let response = match timeout(self.program.time_out, process.function.invoke(event)).await {
            Ok(response) => response.map_err(Into::into),
            Err(_) => Err("timed out".into()),
        };
        let writes = partitions.granted_by(&process.name) - before;
        self.note_memory(&process);
        if response.is_ok() {
            lock(&self.idle).push(process);
        }
        Ok(Invocation { response, held: begun.elapsed(), writes })
    }

    async fn start(&self) -> Result<Process> {
        let Program { name, binary, time_out } = &self.program;
        let name = format!("{name}-{}", self.started.fetch_add(1, Ordering::Relaxed) + 1);
        let mut variables = self.deployment.variables();
        variables.push(("AWS_ACCESS_KEY_ID", name.clone()));
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, &**value)).collect();
        let said = self.said.clone();
        let log = move |line: &str| *lock(&said).entry(summary(line)).or_default() += 1;
        let function = Function::start_with_log(binary, &variables, *time_out, log).await;
        Ok(Process { function: function.map_err(|why| format!("{binary}: {why}"))?, name })
    }

    fn begin(&self) {
        let mut usage = lock(&self.usage);
        usage.busy += 1;
        usage.most_at_once = usage.most_at_once.max(usage.busy);
    }

    fn note_memory(&self, process: &Process) {
        let peak = peak_memory(process.function.pid()).unwrap_or_default();
        let mut usage = lock(&self.usage);
        usage.peak_memory = usage.peak_memory.max(peak);
    }
}

/// Gives the part of a line of the log that many lines share: numbers are left out.
fn summary(line: &str) -> String {
    let line: Value = serde_json::from_str(line).unwrap_or_default();
    let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let words = [text("message"), text("error")];
    let words = words.iter().filter(|words| !words.is_empty()).cloned().collect::<Vec<_>>();
    words.join(": ").replace(|letter: char| letter.is_ascii_digit(), "")
}

/// Reads the largest memory that a process had so far, in KiB.
fn peak_memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
