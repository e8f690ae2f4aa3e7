//! Clients for DynamoDB, SQS and Secrets Manager, made for a function that starts often and must
//! answer within seconds.
//!
//! * **The HTTP client is our own**, and shared: [`connections`] says why.
//! * **No credential chain.** Lambda puts credentials and region into the environment, and that is
//!   where they are read.
//! * **Time-outs are shorter than the SDK's**, whose 3.1 s to connect and unlimited operations do
//!   not fit a sender that hangs up after 5 s.

pub mod addresses;
pub mod connections;
pub mod error;
pub mod queue;

use std::time::Duration;

use aws_types::{SdkConfig, region::Region, sdk_config::SharedCredentialsProvider};

use crate::env::{Environment, SettingError};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, IdentityCache, StalledStreamProtectionConfig, retry::RetryConfig,
    timeout::TimeoutConfig,
};

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
        let endpoint = |service| env.get(service).or_else(|| env.get("AWS_ENDPOINT_URL"));
        let endpoints = [
            "AWS_ENDPOINT_URL_DYNAMODB",
            "AWS_ENDPOINT_URL_SQS",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        ];
        Ok(Self { config, endpoints: endpoints.map(endpoint) })
    }

    /// The same with another limit for one attempt at a request.
    pub fn with_attempt(mut self, limit: Duration) -> Self {
        let config = self.config.into_builder();
        self.config = config.timeout_config(time_outs(limit)).build();
        self
    }

    /// A DynamoDB client.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.config);
        config.set_endpoint_url(self.endpoints[0].clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// An SQS client.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::config::Builder::from(&self.config);
        config.set_endpoint_url(self.endpoints[1].clone());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// A Secrets Manager client.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(&self.config);
        config.set_endpoint_url(self.endpoints[2].clone());
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }
}

fn time_outs(attempt: Duration) -> TimeoutConfig {
    let time_outs = TimeoutConfig::builder();
    time_outs.operation_attempt_timeout(attempt).build()
}
