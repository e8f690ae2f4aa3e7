//! An embedded DynamoDB engine. The SDK talks to it over HTTP, as to the real one.

use std::{error::Error, net::SocketAddr, path::PathBuf, thread};

use dynoxide::{Database, server};
use tokio::{net::TcpListener, sync::oneshot};

type BoxError = Box<dyn Error + Send + Sync>;

/// The place of the data.
#[derive(Debug, Clone)]
pub enum Data {
    /// Memory: the data ends with the engine.
    Memory,
    /// A file, which is created if need be.
    File(PathBuf),
    /// Another engine, at this endpoint.
    Elsewhere(String),
}

/// A running engine. Dropping this ends it.
pub struct DynamoDb {
    url: String,
    stop: Option<oneshot::Sender<()>>,
}

impl DynamoDb {
    /// Starts an engine that listens at `address`, unless the data is elsewhere. Deletes the items
    /// that have expired in the meantime, as DynamoDB does by and by.
    ///
    /// # Errors
    /// The address is taken, or the file cannot be opened.
    pub async fn start(data: Data, address: SocketAddr) -> Result<Self, BoxError> {
        if let Data::Elsewhere(url) = data {
            return Ok(Self { url, stop: None });
        }
        let (report, reported) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        // The engine's SQL blocks its thread, so it has one, and a runtime, of its own.
        thread::Builder::new().name("dynamodb".to_owned()).spawn(move || {
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(serve(data, address, report, stopped)),
                Err(error) => drop(report.send(Err(error.into()))),
            }
        })?;
        let address = reported.await??;
        Ok(Self { url: format!("http://{address}"), stop: Some(stop) })
    }

    /// Gives the endpoint, for `AWS_ENDPOINT_URL_DYNAMODB`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Serves the data until it is `stopped`, and first reports the address, or why there is none.
async fn serve(
    data: Data,
    address: SocketAddr,
    report: oneshot::Sender<Result<SocketAddr, BoxError>>,
    stopped: oneshot::Receiver<()>,
) {
    let (database, listener) = match open(data, address).await {
        Ok(opened) => opened,
        Err(error) => return drop(report.send(Err(error))),
    };
    let _ = report.send(listener.local_addr().map_err(BoxError::from));
    let shutdown = async { drop(stopped.await) };
    if let Err(error) = server::serve_with_shutdown(listener, database, shutdown).await {
        eprintln!("the embedded engine ended: {error}");
    }
}

async fn open(data: Data, address: SocketAddr) -> Result<(Database, TcpListener), BoxError> {
    let database = match data {
        Data::Memory | Data::Elsewhere(_) => Database::memory()?,
        Data::File(path) => {
            let name = path.to_str().ok_or("the path of the data is no UTF-8")?;
            Database::new(name)?
        }
    };
    database.sweep_ttl()?;
    let listener = TcpListener::bind(address).await.map_err(|why| format!("{address}: {why}"))?;
    Ok((database, listener))
}

impl Drop for DynamoDb {
    fn drop(&mut self) {
        // Connections that clients keep open would make it wait, so the thread is not joined.
        drop(self.stop.take());
    }
}
