//! An embedded DynamoDB engine. The SDK talks to it over HTTP, as to the real one.

use std::{error::Error, io, net::SocketAddr, path::PathBuf, thread};

use dynoxide::Database;
use tokio::{net::TcpListener, sync::oneshot};

/// Where the data is.
#[derive(Debug, Clone)]
pub enum Data {
    /// Nowhere: it ends with the engine.
    Memory,
    /// In a file, which is created if need be.
    File(PathBuf),
    /// In another engine, at this endpoint.
    Elsewhere(String),
}

/// A running engine. Dropping it ends it.
pub struct DynamoDb {
    url: String,
    stop: Option<oneshot::Sender<()>>,
}

impl DynamoDb {
    /// Starts an engine that listens at `address`. What has expired in the meantime is deleted
    /// first, as DynamoDB does by and by.
    ///
    /// # Errors
    /// If the address is taken or the file cannot be opened.
    pub async fn start(
        data: Data,
        address: SocketAddr,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        if let Data::Elsewhere(url) = data {
            return Ok(Self { url, stop: None });
        }
        let (started, is_started) = oneshot::channel();
        let (stop, is_stopped) = oneshot::channel();
        // The engine's SQL blocks its thread, so it has one, and a runtime, of its own.
        thread::Builder::new().name("dynamodb".to_owned()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(started.send(Err(error.into()))),
            };
            runtime.block_on(async {
                match open(data, address).await {
                    Ok((database, listener, address)) => {
                        let _ = started.send(Ok(address));
                        let is_stopped = async { drop(is_stopped.await) };
                        let serving =
                            dynoxide::server::serve_with_shutdown(listener, database, is_stopped);
                        if let Err(error) = serving.await {
                            eprintln!("the embedded engine ended: {error}");
                        }
                    }
                    Err(error) => drop(started.send(Err(error))),
                }
            });
        })?;
        let address = is_started.await??;
        Ok(Self { url: format!("http://{address}"), stop: Some(stop) })
    }

    /// The endpoint, for `AWS_ENDPOINT_URL_DYNAMODB`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

type Opened = (Database, TcpListener, SocketAddr);

async fn open(data: Data, address: SocketAddr) -> Result<Opened, Box<dyn Error + Send + Sync>> {
    let database = match data {
        Data::Memory | Data::Elsewhere(_) => Database::memory()?,
        Data::File(path) => {
            let name = path
                .to_str()
                .ok_or_else(|| io::Error::other("the path of the data is no UTF-8"))?;
            Database::new(name)?
        }
    };
    database.sweep_ttl()?;
    let listener = TcpListener::bind(address).await.map_err(|why| format!("{address}: {why}"))?;
    let address = listener.local_addr()?;
    Ok((database, listener, address))
}

impl Drop for DynamoDb {
    fn drop(&mut self) {
        // Connections that clients keep open would make it wait, so the thread is not joined.
        drop(self.stop.take());
    }
}
