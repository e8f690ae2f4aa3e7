//! The HTTP client below the SDK: HTTP/1.1 over rustls, on connections that are kept.
//!
//! The SDK's own client also speaks HTTP/2 and to proxies, looks into the operating system's trust
//! store, and takes other roots as PEM text only, to be parsed at each start. That was a good part
//! of what a function loads and does before its first request.
//!
//! * **TLS is rustls on ring.** The SDK's default, AWS-LC, gathers CPU jitter as entropy once per
//!   process; at the share of a core that a small function gets, that takes longer than everything
//!   else in a start. The price is that ring offers no post-quantum key exchange and no FIPS mode.
//! * **Roots are Mozilla's, compiled in** and parsed at compile time. `AWS_CA_BUNDLE` replaces them
//!   where a proxy or a test brings its own.

use std::{fs, sync::Arc, time::Duration};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use aws_types::sdk_config::SharedHttpClient;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{HttpConnector as Tcp, capture_connection};
use rustls::{
    CipherSuite, ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::{addresses::Addresses, pool::Pool};
use crate::env::{Environment, SettingError};

/// The limit for TCP to connect, for all addresses of a host together. TCP sends a lost packet
/// again after a second; a new attempt is sooner. The TLS handshake may take the rest of the
/// attempt's time.
const CONNECT: Duration = Duration::from_millis(500);
/// The preferred suite. Its handshake hashes with SHA-256, for which processors have instructions;
/// the library's first choice hashes with SHA-384, for which most have none.
const PREFERRED: CipherSuite = CipherSuite::TLS13_AES_128_GCM_SHA256;

/// Connections to any host.
#[derive(Debug)]
struct Connections(Pool);

/// Makes the HTTP client of all services.
///
/// # Errors
/// `AWS_CA_BUNDLE` names no file of PEM certificates.
pub fn client(env: &Environment<'_>) -> Result<SharedHttpClient, SettingError> {
    let roots = match env.get("AWS_CA_BUNDLE") {
        Some(path) => read_bundle(&path)?,
        None => mozilla_roots(),
    };
    let mut tcp = Tcp::new_with_resolver(Addresses::default());
    tcp.set_connect_timeout(Some(CONNECT));
    // One for all services and time-outs.
    let connector = SharedHttpConnector::new(Connections(Pool::new(connector(tcp, roots)?)));
    Ok(http_client_fn(move |_, _| connector.clone()))
}

/// Makes a connector. It opens connections over `tcp`, and for `https` URLs speaks TLS with servers
/// whose certificates lead to one of the `roots`.
///
/// # Errors
/// No case is known: everything that TLS needs is compiled in.
pub fn connector<R>(
    mut tcp: Tcp<R>,
    roots: RootCertStore,
) -> Result<HttpsConnector<Tcp<R>>, SettingError> {
    let mut provider = ring::default_provider();
    // A server without an order of its own takes the first that it knows.
    let suites = &mut provider.cipher_suites;
    suites.sort_by_key(|suite| suite.suite() != PREFERRED);
    let tls = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|why| SettingError::new(format!("TLS cannot be set up: {why}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp))
}

/// Lists the roots that Mozilla trusts.
pub fn mozilla_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

impl HttpConnector for Connections {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(why) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(why.into())));
            }
        };
        let connection = capture_connection(&mut request);
        let (client, unanswered) = self.0.client();
        let response = client.request(request);
        HttpConnectorFuture::new(async move {
            // All requests of ours can be repeated, so every one that failed may be.
            let response = response.await.map_err(|why| ConnectorError::io(why.into()))?;
            unanswered.answered();
            // A new connection may reach another host, which may do better.
            if response.status().is_server_error()
                && let Some(connection) = connection.connection_metadata().as_ref()
            {
                connection.poison();
            }
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|why| ConnectorError::other(why.into(), None))
        })
    }
}

fn read_bundle(path: &str) -> Result<RootCertStore, SettingError> {
    let wrong = |why: String| {
        SettingError::new(format!(
            "AWS_CA_BUNDLE holds {path:?}, {why}; it should be a file of PEM certificates"
        ))
    };
    let pem = fs::read(path).map_err(|why| wrong(why.to_string()))?;
    let certificates = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|why| wrong(why.to_string()))?;
    let mut roots = RootCertStore::empty();
    // Bundles of whole systems have a few that no verifier of today understands.
    match roots.add_parsable_certificates(certificates) {
        (0, _) => Err(wrong("which has none that can be used".to_owned())),
        _ => Ok(roots),
    }
}
