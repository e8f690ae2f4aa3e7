//! The AWS account: region and credentials, found before anything is asked of AWS, so that each of
//! them is missed in its own words.

use std::{env, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig,
    default_provider::credentials::DefaultCredentialsChain,
    environment::EnvironmentVariableRegionProvider,
    imds::{self, region::ImdsRegionProvider},
    meta::region::RegionProviderChain,
    profile::{self, ProfileFileCredentialsProvider, ProfileFileRegionProvider},
    provider_config::ProviderConfig,
    retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::config::{
    Credentials, ProvideCredentials, SharedCredentialsProvider, SharedHttpClient,
};
use aws_types::os_shim_internal::{Env, Fs};
use chatroom_status_sync::{
    aws::{connections, error::in_words},
    env::Environment,
};
use clap::Args;

use super::endpoint::{check, is_local, origin};
use crate::result::Result;

/// The limit for one attempt at a request. A page of a large room takes a while.
const ATTEMPT: Duration = Duration::from_secs(10);
/// The pause before the second attempt: short, because somebody waits.
const BACKOFF: Duration = Duration::from_millis(50);
/// The time for asking whether this is a machine of EC2, which brings a region and credentials.
const METADATA: Duration = Duration::from_secs(1);

#[derive(Default, Args)]
pub struct Account {
    /// The AWS region; without it, the one of `AWS_REGION` or of the profile
    #[arg(long, help_heading = "Access")]
    region: Option<String>,
    /// The profile of the AWS configuration files; without it, the one of `AWS_PROFILE`
    #[arg(long, help_heading = "Access")]
    profile: Option<String>,
}

impl Account {
    /// Finds region and credentials. An endpoint on this machine needs neither.
    pub async fn config(&self, endpoint_url: Option<&str>) -> Result<SdkConfig> {
        let client = connections::client(&Environment::of_process())?;
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(client.clone())
            .retry_config(RetryConfig::standard().with_initial_backoff(BACKOFF))
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build());
        if let Some(url) = endpoint_url {
            check(url)?;
            loader = loader.endpoint_url(url);
        }
        if endpoint_url.is_some_and(is_local) {
            let region = self.region.clone().unwrap_or_else(|| "us-east-1".to_owned());
            check_region(&region)?;
            let credentials = Credentials::new("local", "local", None, None, "local endpoint");
            return Ok(loader
                .credentials_provider(credentials)
                .region(Region::new(region))
                .load()
                .await);
        }
        let chosen = self.profile.clone().or_else(|| Environment::of_process().get("AWS_PROFILE"));
        if let Some(name) = &chosen {
            check_profile(name).await?;
            loader = loader.profile_name(name);
        }
        let region = self.region(&client, chosen.as_deref()).await;
        let config =
            ProviderConfig::without_region().with_region(region.clone()).with_http_client(client);
        let credentials = self.credentials(config, region.clone(), chosen.as_deref()).await?;
        let region = region.ok_or(
            "no AWS region is set: give --region, or set AWS_REGION or the region of the profile",
        )?;
        check_region(region.as_ref())?;
        Ok(loader.credentials_provider(credentials).region(region).load().await)
    }

    /// Makes a client for the place where a queue is: at an endpoint if one is given; else on this
    /// machine, if the queue's URL says so; else in AWS.
    pub async fn sqs(
        &self,
        queue_url: &str,
        endpoint_url: Option<&str>,
    ) -> Result<aws_sdk_sqs::Client> {
        let endpoint = endpoint_url.or_else(|| is_local(queue_url).then(|| origin(queue_url)));
        Ok(aws_sdk_sqs::Client::new(&self.config(endpoint).await?))
    }

    async fn region(&self, client: &SharedHttpClient, profile: Option<&str>) -> Option<Region> {
        let mut file = ProfileFileRegionProvider::builder();
        if let Some(name) = profile {
            file = file.profile_name(name);
        }
        let config = ProviderConfig::without_region().with_http_client(client.clone());
        RegionProviderChain::first_try(self.region.clone().map(Region::new))
            .or_else(EnvironmentVariableRegionProvider::new())
            .or_else(file.build())
            .or_else(ImdsRegionProvider::builder().imds_client(metadata(&config)).build())
            .region()
            .await
    }

    /// Gives the provider of the credentials, once it has given some.
    async fn credentials(
        &self,
        config: ProviderConfig,
        region: Option<Region>,
        profile: Option<&str>,
    ) -> Result<SharedCredentialsProvider> {
        let provider = match &self.profile {
            // As in the AWS CLI: who names a profile means it, whatever the environment holds.
            Some(name) => SharedCredentialsProvider::new(
                ProfileFileCredentialsProvider::builder()
                    .profile_name(name)
                    .configure(&config)
                    .build(),
            ),
            None => SharedCredentialsProvider::new(
                DefaultCredentialsChain::builder()
                    .imds_client(metadata(&config))
                    .region(region)
                    .configure(config)
                    .build()
                    .await,
            ),
        };
        match provider.provide_credentials().await {
            Ok(_) => Ok(provider),
            Err(why) => Err(missing_credentials(&in_words(&why), profile).into()),
        }
    }
}

fn missing_credentials(why: &str, profile: Option<&str>) -> String {
    let of = profile.map(|name| format!(" of profile {name}")).unwrap_or_default();
    let with = profile.map(|name| format!(" --profile {name}")).unwrap_or_default();
    if ["expired", "/sso/cache/", "SSO"].iter().any(|sign| why.contains(sign)) {
        return format!("the AWS session{of} is over: log in again with `aws sso login{with}`");
    }
    // The last of all places to look is the metadata of a machine of EC2.
    if why.contains("IMDS") || why.contains("no providers in chain") || why.ends_with("not enabled")
    {
        return format!(
            "no AWS credentials{of} were found: log in with `aws sso login` or `aws configure`, or \
             name a profile with --profile"
        );
    }
    // All errors begin with the same words.
    let why = why.split_once(": ").map_or(why, |(_, cause)| cause).trim();
    format!("the AWS credentials{of} cannot be used: {why}")
}

/// Refuses what cannot be part of a host's name.
fn check_region(region: &str) -> Result {
    let is_label = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    if !region.is_empty() && region.chars().all(is_label) {
        return Ok(());
    }
    Err(format!("{region:?} is no AWS region: it should look like eu-central-1").into())
}

/// Makes a client for the metadata of this machine. Most machines have none, and say so by silence.
fn metadata(config: &ProviderConfig) -> imds::Client {
    imds::Client::builder().configure(config).max_attempts(1).operation_timeout(METADATA).build()
}

/// Refuses a profile that no file has.
async fn check_profile(name: &str) -> Result {
    let set = profile::load(&Fs::real(), &Env::real(), &<_>::default(), None).await;
    let set = set
        .map_err(|why| format!("the AWS configuration files cannot be read: {}", in_words(&why)))?;
    if set.get_profile(name).is_some() {
        return Ok(());
    }
    let file = |variable, default: &str| {
        env::var(variable).unwrap_or_else(|_| format!("~/.aws/{default}"))
    };
    Err(format!(
        "there is no profile {name} in {} or {}: name another with --profile, or make it with `aws \
         configure --profile {name}`",
        file("AWS_CONFIG_FILE", "config"),
        file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
    )
    .into())
}
