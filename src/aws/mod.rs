//! Clients for DynamoDB, SQS and Secrets Manager, made for a function that starts often and must
//! answer within seconds.
//!
//! * [`connections`]: the HTTP client below the SDK.
//! * `pool`: the kept connections, and when they are no longer trusted.
//! * [`moment`]: tells how long ago something was, even to a function that was frozen since.
//! * [`addresses`]: looks hosts up, once for all connections that are opened together.
//! * [`queue`]: sends messages.
//! * [`error`]: words an SDK error for the operator's log.
//!
//! Three things differ from the SDK's defaults:
//!
//! * **The HTTP client is our own**, and shared: [`connections`] says why.
//! * **There is no credential chain.** Lambda puts credentials and region into the environment, and
//!   that is where they are read.
//! * **Time-outs are shorter.** The SDK's 3.1 s to connect and unlimited operations do not fit a
//!   sender that hangs up after 5 s.

pub mod addresses;
pub mod connections;
pub mod error;
pub mod moment;
mod pool;
pub mod queue;

use std::time::Duration;

use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, IdentityCache, StalledStreamProtectionConfig, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_types::{SdkConfig, region::Region, sdk_config::SharedCredentialsProvider};

use crate::env::{Environment, SettingError};

/// The limit for one attempt at a request.
pub const ATTEMPT: Duration = Duration::from_secs(1);
/// The limit for one attempt at reading a page.
const READ_ATTEMPT: Duration = Duration::from_secs(5);
/// The number of attempts at a request to a queue or to Secrets Manager, the first included.
const ATTEMPTS: u32 = 3;

/// The configuration that all clients share.
#[derive(Clone)]
pub struct Aws {
    config: SdkConfig,
    endpoints: Endpoints,
    attempt: Duration,
}

/// The endpoint of each service; `None` for AWS's own.
#[derive(Clone)]
struct Endpoints {
    dynamodb: Option<String>,
    sqs: Option<String>,
    secrets_manager: Option<String>,
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
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(connections::client(env)?)
            .retry_config(retries)
            // The environment is cache enough, and an attempt ends long before a stalled stream
            // would be noticed.
            .identity_cache(IdentityCache::no_cache())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(time_outs(ATTEMPT))
            .build();
        Ok(Self { config, endpoints: Endpoints::from_env(env), attempt: ATTEMPT })
    }

    /// Sets another limit for one attempt at a request.
    pub fn with_attempt(mut self, limit: Duration) -> Self {
        self.config = self.config.into_builder().timeout_config(time_outs(limit)).build();
        self.attempt = limit;
        self
    }

    /// Gives the limit for one attempt at a request.
    pub const fn attempt(&self) -> Duration {
        self.attempt
    }

    /// Makes a DynamoDB client. It tries each request once and without a limit, because
    /// `table::attempt` sees to both.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled());
        config.set_endpoint_url(self.endpoints.dynamodb.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// Makes a DynamoDB client for readers. It repeats what fails, and waits longer than those who
    /// write: a page takes longer than an item, and nobody hangs up after 5 s.
    pub fn dynamodb_for_readers(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.config)
            .timeout_config(time_outs(READ_ATTEMPT));
        config.set_endpoint_url(self.endpoints.dynamodb.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// Makes an SQS client.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::config::Builder::from(&self.config);
        config.set_endpoint_url(self.endpoints.sqs.clone());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// Makes a Secrets Manager client.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(&self.config);
        config.set_endpoint_url(self.endpoints.secrets_manager.clone());
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }
}

impl Endpoints {
    /// Reads a service's own variable, or the one for all services.
    fn from_env(env: &Environment<'_>) -> Self {
        let endpoint = |variable| env.get(variable).or_else(|| env.get("AWS_ENDPOINT_URL"));
        Self {
            dynamodb: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            sqs: endpoint("AWS_ENDPOINT_URL_SQS"),
            secrets_manager: endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        }
    }
}

fn time_outs(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(attempt).build()
}
