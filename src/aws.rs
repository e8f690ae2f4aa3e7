//! Clients for DynamoDB, SQS and Secrets Manager, made for a function that starts often and must
//! answer within seconds.
//!
//! * **TLS is rustls on ring.** The SDK's default, AWS-LC, gathers CPU jitter as entropy once per
//!   process; at the share of a core that a small function gets, that takes longer than everything
//!   else in a start. The price is that ring offers no post-quantum key exchange and no FIPS mode.
//! * **Roots are Mozilla's, compiled in.** Reading the operating system's store takes longer, and
//!   `AWS_CA_BUNDLE` replaces them where a proxy or a test brings its own.
//! * **No credential chain.** Lambda puts credentials and region into the environment, and that is
//!   where they are read.
//! * **Time-outs are shorter than the SDK's**, whose 3.1 s to connect and unlimited operations do
//!   not fit a sender that hangs up after 5 s.

use std::{fs, time::Duration};

use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_types::{
    SdkConfig,
    region::Region,
    sdk_config::{SharedCredentialsProvider, SharedHttpClient},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::settings::{Environment, SettingError};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, IdentityCache, StalledStreamProtectionConfig, retry::RetryConfig,
    timeout::TimeoutConfig,
};

/// To establish a connection, TLS included.
const CONNECT: Duration = Duration::from_secs(1);
/// For one attempt at a request.
const ATTEMPT: Duration = Duration::from_secs(1);
/// Attempts at a request, the first included.
const ATTEMPTS: u32 = 3;

/// Everything that the clients share.
#[derive(Clone)]
pub struct Aws {
    config: SdkConfig,
    endpoints: [Option<String>; 3],
}

impl Aws {
    /// Reads credentials, region, endpoints and trust store from the SDKs' standard variables.
    ///
    /// # Errors
    /// Names the variable that is missing or wrong.
    pub fn from_env(env: &Environment<'_>) -> Result<Self, SettingError> {
        let region = env
            .get("AWS_REGION")
            .map_or_else(|| env.require("AWS_DEFAULT_REGION", "an AWS region"), Ok)?;
        let credentials = Credentials::new(
            env.require("AWS_ACCESS_KEY_ID", "an access key (Lambda sets it)")?,
            env.require("AWS_SECRET_ACCESS_KEY", "a secret key (Lambda sets it)")?,
            env.get("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(Duration::from_millis(50))
            .with_max_backoff(Duration::from_millis(500));
        let time_outs = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .build();
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http_client(env)?)
            .retry_config(retries)
            // The environment is cache enough, and an attempt ends long before a stalled stream
            // would be noticed.
            .identity_cache(IdentityCache::no_cache())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(time_outs)
            .build();
        let endpoint = |service| env.get(service).or_else(|| env.get("AWS_ENDPOINT_URL"));
        let endpoints = [
            "AWS_ENDPOINT_URL_DYNAMODB",
            "AWS_ENDPOINT_URL_SQS",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        ];
        Ok(Self {
            config,
            endpoints: endpoints.map(endpoint),
        })
    }

    /// The same with another limit for one attempt at a request.
    #[must_use]
    pub fn with_attempt(mut self, limit: Duration) -> Self {
        let time_outs = TimeoutConfig::builder().connect_timeout(CONNECT);
        let time_outs = time_outs.operation_attempt_timeout(limit).build();
        self.config = self.config.into_builder().timeout_config(time_outs).build();
        self
    }

    /// A DynamoDB client.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.config);
        config.set_endpoint_url(self.endpoints[0].clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// An SQS client.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::config::Builder::from(&self.config);
        config.set_endpoint_url(self.endpoints[1].clone());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// A Secrets Manager client.
    #[must_use]
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(&self.config);
        config.set_endpoint_url(self.endpoints[2].clone());
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }
}

/// The HTTP client of all services: one pool of connections.
///
/// # Errors
/// If `AWS_CA_BUNDLE` names no file of PEM certificates.
pub fn http_client(env: &Environment<'_>) -> Result<SharedHttpClient, SettingError> {
    let trust = TrustStore::empty().with_pem_certificate(match env.get("AWS_CA_BUNDLE") {
        Some(path) => bundle(&path)?,
        None => mozilla_roots().into_bytes(),
    });
    let context = TlsContext::builder().with_trust_store(trust).build();
    let context =
        context.map_err(|why| SettingError::new(format!("TLS cannot be set up: {why}")))?;
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT);
    let connector = Connector::builder()
        .connector_settings(settings.build())
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build();
    // The SDK's own clients set up TLS anew, roots included, for each service and once more for the
    // first request.
    let connector = SharedHttpConnector::new(connector);
    Ok(http_client_fn(move |_, _| connector.clone()))
}

fn bundle(path: &str) -> Result<Vec<u8>, SettingError> {
    let wrong = |why: String| {
        SettingError::new(format!(
            "AWS_CA_BUNDLE holds {path:?}, {why}; it should be a file of PEM certificates"
        ))
    };
    let pem = fs::read(path).map_err(|why| wrong(why.to_string()))?;
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(pem),
        _ => Err(wrong("which has none".to_owned())),
    }
}

/// The SDK's trust store takes PEM only.
fn mozilla_roots() -> String {
    let mut pem = String::with_capacity(256 * 1024);
    for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        pem.push_str("-----BEGIN CERTIFICATE-----\n");
        BASE64_STANDARD.encode_string(der, &mut pem);
        pem.push_str("\n-----END CERTIFICATE-----\n");
    }
    pem
}
