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

/// A running engine. Dropping it ends it.
pub struct DynamoDb {
    url: String,
    stop: Option<oneshot::Sender<()>>,
}

impl DynamoDb {
    /// Starts an engine that listens at `address`. Items that have expired in the meantime are
    /// deleted first, as DynamoDB does by and by.
    ///
    /// # Errors
    /// The address is taken, or the file cannot be opened.
    pub async fn start(data: Data, address: SocketAddr) -> Result<Self, BoxError> {
        if let Data::Elsewhere(url) = data {
            return Ok(Self { url, stop: None });
        }
        let (started, is_started) = oneshot::channel();
        let (stop, is_stopped) = oneshot::channel();
        // The engine's SQL blocks its thread, so it has one, and a runtime, of its own.
        thread::Builder::new().name("dynamodb".to_owned()).spawn(move || {
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(serve(data, address, started, is_stopped)),
                Err(error) => drop(started.send(Err(error.into()))),
            }
        })?;
        let address = is_started.await??;
        Ok(Self { url: format!("http://{address}"), stop: Some(stop) })
    }

    /// Gives the endpoint, for `AWS_ENDPOINT_URL_DYNAMODB`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Serves the data, and says in `started` where, or why not.
async fn serve(
    data: Data,
    address: SocketAddr,
    started: oneshot::Sender<Result<SocketAddr, BoxError>>,
    is_stopped: oneshot::Receiver<()>,
) {
    let (database, listener) = match open(data, address).await {
        Ok(opened) => opened,
        Err(error) => return drop(started.send(Err(error))),
    };
    let _ = started.send(listener.local_addr().map_err(BoxError::from));
    let is_stopped = async { drop(is_stopped.await) };
    if let Err(error) = server::serve_with_shutdown(listener, database, is_stopped).await {
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
