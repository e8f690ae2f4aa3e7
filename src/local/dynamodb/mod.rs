//! An embedded DynamoDB engine. The SDK talks to it over HTTP, as to the real one.
//!
//! * `stream_records`: keeps the engine's streams quick.

mod stream_records;

use std::{
    error::Error,
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use dynoxide::{Database, server};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::yield_now,
    time::{interval, timeout},
};

use super::{
    data::DataFolder,
    server::{LAST_REQUESTS, listen},
};
use stream_records::StreamRecords;

type BoxError = Box<dyn Error + Send + Sync>;

/// The time between two looks for stream records whose day is over.
const HOUR: Duration = Duration::from_hours(1);

/// The place of the data.
#[derive(Debug, Clone)]
pub enum Data {
    /// Memory: the data ends with the engine.
    Memory,
    /// A folder, which keeps it.
    Folder(DataFolder),
    /// Another engine, at this endpoint.
    Elsewhere(String),
}

/// A running engine. Dropping this ends it.
pub struct DynamoDb {
    url: String,
    running: Option<Running>,
}

/// The thread of an engine. Dropping this asks it to end.
struct Running {
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl DynamoDb {
    /// Starts an engine that listens at `address`, unless the data is elsewhere. Deletes the items
    /// that have expired in the meantime, as DynamoDB does by and by.
    ///
    /// # Errors
    /// The address is taken, or the data cannot be opened.
    pub async fn start(data: Data, address: SocketAddr) -> Result<Self, BoxError> {
        if let Data::Elsewhere(url) = data {
            return Ok(Self { url, running: None });
        }
        let (report, reported) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        // The engine's SQL blocks its thread, so it has one, and a runtime, of its own.
        thread::Builder::new().name("dynamodb".to_owned()).spawn(move || {
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(serve(&data, address, report, stopped)),
                Err(error) => drop(report.send(Err(error.into()))),
            }
            // The data's lock goes first: whoever waits for the end may open it again.
            drop(data);
            let _ = end.send(());
        })?;
        let address = reported.await??;
        Ok(Self { url: format!("http://{address}"), running: Some(Running { stop, ended }) })
    }

    /// Gives the endpoint, for `AWS_ENDPOINT_URL_DYNAMODB`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Takes no more requests, and waits until those under way are answered and the data is closed.
    /// Tells whether all of them were.
    pub async fn end(&mut self) -> bool {
        let Some(Running { stop, ended }) = self.running.take() else { return true };
        let _ = stop.send(());
        timeout(LAST_REQUESTS, ended).await.is_ok()
    }
}

/// Serves the data until it is `stopped`, and first reports the address, or why there is none.
async fn serve(
    data: &Data,
    address: SocketAddr,
    report: oneshot::Sender<Result<SocketAddr, BoxError>>,
    stopped: oneshot::Receiver<()>,
) {
    let (engine, listener, address) = match open(data, address).await {
        Ok(opened) => opened,
        Err(error) => return drop(report.send(Err(error))),
    };
    let _ = report.send(Ok(address));
    let stopped = async { drop(stopped.await) };
    tokio::select! {
        served = server::serve_with_shutdown(listener, engine.database, stopped) => {
            if let Err(error) = served {
                eprintln!("the embedded engine ended: {error}");
            }
        }
        never = forget_old_records(engine.stream_records) => match never {},
    }
}

/// An engine that is open, and the records of its streams.
struct OpenEngine {
    database: Database,
    stream_records: StreamRecords,
}

async fn open(
    data: &Data,
    address: SocketAddr,
) -> Result<(OpenEngine, TcpListener, SocketAddr), BoxError> {
    let path = match data {
        Data::Folder(folder) => folder.table(),
        Data::Memory | Data::Elsewhere(_) => memory(),
    };
    let name = path.to_str().ok_or("the path of the data is no UTF-8")?;
    let database = Database::new(name).map_err(|why| format!("{name}: {why}"))?;
    let stream_records = StreamRecords::open(&path)?;
    database.sweep_ttl()?;
    let (listener, address) = listen(address).await?;
    Ok((OpenEngine { database, stream_records }, listener, address))
}

/// Names a database in memory that several connections of this process share, and no other engine.
fn memory() -> PathBuf {
    static ENGINES: AtomicU32 = AtomicU32::new(0);
    let number = ENGINES.fetch_add(1, Ordering::Relaxed);
    format!("file:engine-{number}?mode=memory&cache=shared").into()
}

/// Forgets stream records as their day ends, with room for requests in between.
async fn forget_old_records(stream_records: StreamRecords) -> std::convert::Infallible {
    let mut hours = interval(HOUR);
    loop {
        hours.tick().await;
        loop {
            match stream_records.forget_oldest() {
                Ok(true) => yield_now().await,
                Ok(false) => break,
                Err(error) => {
                    eprintln!("old stream records stay for another hour: {error}");
                    break;
                }
            }
        }
    }
}
