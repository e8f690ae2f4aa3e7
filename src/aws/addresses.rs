//! The addresses of a host, looked up once for all connections to it that are opened together.
//!
//! A lookup takes a thread, and a query to a name server that counts them. A start opens two
//! connections, and a callback about many users sixty more; each would look up the same name.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
    vec,
};

use futures_util::{
    FutureExt, TryFutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use hyper_util::client::legacy::connect::dns::Name;
use tokio::{net::lookup_host, time::timeout};
use tower_service::Service;

/// The limit for a lookup. The resolver repeats a lost query after seconds; a new lookup is sooner.
const LOOKUP: Duration = Duration::from_millis(500);

/// The result that a lookup gives everybody who waits for it.
type HostAddresses = Result<Vec<SocketAddr>, Arc<io::Error>>;
type Lookup = BoxFuture<'static, HostAddresses>;

/// Looks hosts up. Clones share their lookups.
///
/// Addresses are not remembered once they are found: their lifetime is not known here, and a frozen
/// function does not even know their age.
#[derive(Clone, Default)]
pub struct Addresses {
    latest: Arc<Mutex<Option<Latest>>>,
}

/// The lookup that was begun last. Those who wait for it keep it alive.
struct Latest {
    host: Name,
    lookup: WeakShared<Lookup>,
}

impl Addresses {
    /// Joins the lookup that is under way for this host, or begins one.
    fn look_up(&self, host: Name) -> Shared<Lookup> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let same = latest.as_ref().filter(|latest| latest.host == host);
        if let Some(lookup) = same.and_then(|latest| latest.lookup.upgrade()) {
            return lookup;
        }
        let name = host.clone();
        let lookup = async move {
            // The port is none yet: the connector puts in its own.
            match timeout(LOOKUP, lookup_host((name.as_str(), 0))).await {
                Ok(Ok(found)) => Ok(found.collect()),
                Ok(Err(why)) => Err(Arc::new(why)),
                Err(late) => Err(Arc::new(late.into())),
            }
        }
        .boxed()
        .shared();
        *latest = lookup.downgrade().map(|lookup| Latest { host, lookup });
        lookup
    }
}

impl Service<Name> for Addresses {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Arc<io::Error>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, host: Name) -> Self::Future {
        self.look_up(host).map_ok(Vec::into_iter).boxed()
    }
}
