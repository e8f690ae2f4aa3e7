//! Settings: environment variables, read once at the start.
//!
//! A wrong or missing one stops the start with one line that names the variable, what it holds and
//! what it should hold.

use std::time::Duration;

use ipnet::IpNet;

use super::deadlines::BUDGET_MS;
use crate::{
    callback::{Freshness, keyring::Keyring},
    env::{Environment, SettingError},
};

/// The settings of `callback`.
#[derive(Debug)]
pub struct Settings {
    /// The place to write to.
    pub storage: StorageSettings,
    /// The App Secrets of those who may sign.
    pub secrets: SecretSource,
    /// The rule for the age of a signature (`SIGNATURE_MAX_AGE_SECONDS`, 900; 0 for any age).
    pub freshness: Freshness,
    /// The networks that may call (`ALLOWED_SOURCES`, comma-separated CIDRs); empty for all.
    pub allowed_sources: Vec<IpNet>,
    /// The time that the table has, counted from the moment that API Gateway took the request
    /// (`BUDGET_MS`, 3500). Changes that it has not confirmed by then are deferred.
    pub budget: Duration,
}

/// The settings of every function that writes.
#[derive(Debug, Clone)]
pub struct StorageSettings {
    /// The name of the table (`TABLE_NAME`).
    pub table_name: String,
    /// The time for which tombstones and destroyed rooms are kept (`RETENTION_DAYS`, 30).
    pub retention_days: u32,
    /// The queue of changes that are written later (`DEFERRED_QUEUE_URL`).
    pub deferred_queue_url: String,
    /// The queue of rooms whose end is to be brought to their members (`SWEEP_QUEUE_URL`).
    pub sweep_queue_url: String,
    /// The queue of content that nobody understands (`DEAD_LETTER_QUEUE_URL`).
    pub dead_letter_queue_url: String,
    /// The time from a room's end to its sweep (`SWEEP_DELAY_SECONDS`, 60): longer than the
    /// longest function time-out and the age of a cached room together.
    pub sweep_delay: Duration,
}

/// The place of the App Secrets.
#[derive(Debug)]
pub enum SecretSource {
    /// `APP_SECRETS` itself.
    Given(Keyring),
    /// The secret in Secrets Manager with this ARN or name (`APP_SECRETS_ARN`).
    SecretsManager(String),
}

impl StorageSettings {
    /// Reads the variables that every function needs.
    ///
    /// # Errors
    /// Names the first wrong one.
    pub fn read(env: &Environment<'_>) -> Result<Self, SettingError> {
        let queue = |name| env.require(name, "the URL of an SQS queue");
        Ok(Self {
            table_name: env.require("TABLE_NAME", "the name of the DynamoDB table")?,
            retention_days: env.number("RETENTION_DAYS", 30, 1..=3650)?,
            deferred_queue_url: queue("DEFERRED_QUEUE_URL")?,
            sweep_queue_url: queue("SWEEP_QUEUE_URL")?,
            dead_letter_queue_url: queue("DEAD_LETTER_QUEUE_URL")?,
            sweep_delay: Duration::from_secs(env.number("SWEEP_DELAY_SECONDS", 60, 0..=900)?),
        })
    }
}

impl Settings {
    /// Reads all variables of `callback`.
    ///
    /// # Errors
    /// Names the first wrong one. Secrets are never shown.
    pub fn read(env: &Environment<'_>) -> Result<Self, SettingError> {
        let max_age = env.number("SIGNATURE_MAX_AGE_SECONDS", 900, 0..=u32::MAX)?;
        Ok(Self {
            storage: StorageSettings::read(env)?,
            secrets: SecretSource::read(env)?,
            freshness: match max_age {
                0 => Freshness::Unchecked,
                seconds => Freshness::WithinSeconds(seconds.into()),
            },
            allowed_sources: read_allowed_sources(env)?,
            budget: Duration::from_millis(env.number("BUDGET_MS", 3500, BUDGET_MS)?),
        })
    }
}

impl SecretSource {
    fn read(env: &Environment<'_>) -> Result<Self, SettingError> {
        match (env.get("APP_SECRETS"), env.get("APP_SECRETS_ARN")) {
            (Some(json), None) => Ok(Self::Given(read_keyring("APP_SECRETS", &json)?)),
            (None, Some(arn)) => Ok(Self::SecretsManager(arn)),
            (None, None) => Err(SettingError::new(
                "neither APP_SECRETS nor APP_SECRETS_ARN is set; one of them should say which App Secret signs for which app",
            )),
            (Some(_), Some(_)) => Err(SettingError::new(
                "APP_SECRETS and APP_SECRETS_ARN are both set; there should be exactly one of them",
            )),
        }
    }
}

/// Reads a keyring that stands in the setting `name`.
pub(super) fn read_keyring(name: &str, json: &str) -> Result<Keyring, SettingError> {
    Keyring::from_json(json).map_err(|why| {
        SettingError::new(format!(
            r#"{name} {why}; it should be JSON like {{"<appKey>":"<App Secret>"}}"#
        ))
    })
}

fn read_allowed_sources(env: &Environment<'_>) -> Result<Vec<IpNet>, SettingError> {
    let list = env.get("ALLOWED_SOURCES").unwrap_or_default();
    let networks = list.split(',').map(str::trim).filter(|network| !network.is_empty());
    let parse = |network: &str| {
        network.parse().map_err(|_| {
            SettingError::new(format!(
                "ALLOWED_SOURCES holds {network:?}; it should be CIDRs such as 203.0.113.0/24"
            ))
        })
    };
    networks.map(parse).collect()
}
