//! A server of one of the stand-ins: names a taken port, and ends without cutting answers off.

use std::{error::Error, fmt, future::ready, io, net::SocketAddr, time::Duration};

use axum::{
    Router, body::Body, http::header::CONTENT_TYPE, middleware::map_response, response::Response,
};
use futures_util::StreamExt;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

/// The time that requests under way have when a server ends: more than the longest request takes.
pub const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// A running server. Dropping it ends it at once.
pub struct Server {
    address: SocketAddr,
    /// Nothing is sent: the server's end is that of the channel.
    stop: Option<watch::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves an app at `address`. The app is told the address of each caller.
    ///
    /// # Errors
    /// Nobody can listen at the address.
    pub async fn start(address: SocketAddr, app: Router) -> Result<Self, ListenError> {
        let (listener, address) = listen(address).await?;
        let (stop, stopped) = watch::channel(());
        let stream_end = stopped.clone();
        let app = app
            .layer(map_response(move |response| ready(end_with(stream_end.clone(), response))))
            .into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, app).with_graceful_shutdown(end_of(stopped));
        let task = tokio::spawn(async { drop(serving.await) });
        Ok(Self { address, stop: Some(stop), task })
    }

    /// Gives the address at which it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, and waits until those under way are answered. Tells whether all of
    /// them were.
    pub async fn end(&mut self) -> bool {
        drop(self.stop.take());
        timeout(LAST_REQUESTS, &mut self.task).await.is_ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits for the end of a server.
async fn end_of(mut stopped: watch::Receiver<()>) {
    while stopped.changed().await.is_ok() {}
}

/// Has a stream of events end with the server, which would wait for it in vain.
fn end_with(stopped: watch::Receiver<()>, response: Response) -> Response {
    let kind = response.headers().get(CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        return response;
    }
    let until = Box::pin(end_of(stopped));
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(until)))
}

/// Listens at an address; gives the address, with the port that port 0 became.
pub async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let error = |why| ListenError { address, why };
    let listener = TcpListener::bind(address).await.map_err(error)?;
    let address = listener.local_addr().map_err(error)?;
    Ok((listener, address))
}

/// The reason why nobody can listen at an address.
#[derive(Debug)]
pub struct ListenError {
    address: SocketAddr,
    why: io::Error,
}

impl ListenError {
    /// Gives the port, if another program has it.
    pub fn taken_port(&self) -> Option<u16> {
        (self.why.kind() == io::ErrorKind::AddrInUse).then(|| self.address.port())
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.taken_port() {
            Some(port) => write!(f, "port {port} is taken by another program"),
            None => write!(f, "cannot listen at {}: {}", self.address, self.why),
        }
    }
}

impl Error for ListenError {}
