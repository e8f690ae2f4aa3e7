//! The pool of kept connections, and when it is no longer to be trusted.
//!
//! A kept connection can be dead without anybody knowing: the other side, or something between,
//! forgot it while the function was frozen. The HTTP client would try one dead connection after the
//! other, and cannot be told to drop them. So the whole client is replaced, with its pool, as soon
//! as one request gets no answer: the next attempt opens a new connection, however many are kept.
//! Requests that are under way on the old client are not affected.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_smithy_types::body::SdkBody;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector as Tcp},
    rt::TokioExecutor,
};

use super::{addresses::Addresses, moment::Moment};

/// The time without a request after which kept connections are no longer trusted. It is the time
/// for which AWS's own SDKs keep an idle connection.
const TRUST: Duration = Duration::from_mins(1);

/// An HTTP client, which keeps connections to any host.
pub(super) type HttpClient = Client<HttpsConnector<Tcp<Addresses>>, SdkBody>;

/// The current HTTP client. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    connector: HttpsConnector<Tcp<Addresses>>,
    current: Arc<Mutex<Generation>>,
}

/// One client in the row of those that replace each other.
#[derive(Debug)]
struct Generation {
    client: HttpClient,
    number: u64,
    last_used: Moment,
}

/// A request that has no answer yet. If it ends without one, because it failed or because nobody
/// waits for it any more, the pool that it used is given up.
pub(super) struct Unanswered {
    pool: Pool,
    number: Option<u64>,
}

impl Pool {
    pub fn new(connector: HttpsConnector<Tcp<Addresses>>) -> Self {
        let client = client(&connector);
        let first = Generation { client, number: 0, last_used: Moment::now() };
        Self { connector, current: Arc::new(Mutex::new(first)) }
    }

    /// Gives the client for a request that begins now.
    pub fn client(&self) -> (HttpClient, Unanswered) {
        let mut current = self.lock();
        if !current.last_used.is_younger_than(TRUST) {
            self.replace(&mut current);
        }
        current.last_used = Moment::now();
        let unanswered = Unanswered { pool: self.clone(), number: Some(current.number) };
        (current.client.clone(), unanswered)
    }

    fn replace(&self, current: &mut Generation) {
        current.client = client(&self.connector);
        current.number += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Generation> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn client(connector: &HttpsConnector<Tcp<Addresses>>) -> HttpClient {
    Client::builder(TokioExecutor::new()).build(connector.clone())
}

impl Unanswered {
    /// Notes that there is an answer.
    pub fn answered(mut self) {
        self.number = None;
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut current = self.pool.lock();
        // Of many requests that failed on one pool, the first gives it up.
        if current.number == number {
            self.pool.replace(&mut current);
        }
    }
}
