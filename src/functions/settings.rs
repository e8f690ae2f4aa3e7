//! Settings: environment variables, read once at the start.
//!
//! A wrong or missing one stops the start with one line that names the variable, what it holds and
//! what it should hold. An empty variable counts as absent, because templates cannot leave one out.

use std::{fmt, str::FromStr, time::Duration};

use ipnet::IpNet;

use crate::{callback::Freshness, deadlines::MOST_BUDGET_MS, keyring::Keyring};

/// What `callback` needs to know.
#[derive(Debug)]
pub struct Settings {
    /// Where to write.
    pub storage: Storage,
    /// Who may sign.
    pub secrets: SecretSource,
    /// How old a signature may be (`SIGNATURE_MAX_AGE_SECONDS`, 900; 0 for any age).
    pub freshness: Freshness,
    /// Networks that may call (`ALLOWED_SOURCES`, comma-separated CIDRs); empty for all.
    pub allowed_sources: Vec<IpNet>,
    /// From the moment that API Gateway took the request until what the table has not confirmed is
    /// deferred (`BUDGET_MS`, 3500).
    pub budget: Duration,
}

/// What every function that writes needs to know.
#[derive(Debug, Clone)]
pub struct Storage {
    /// `TABLE_NAME`.
    pub table_name: String,
    /// How long tombstones and destroyed rooms are kept (`RETENTION_DAYS`, 30).
    pub retention_days: u32,
    /// `DEFERRED_QUEUE_URL`: where what the worker is to do goes.
    pub deferred_queue_url: String,
    /// `DEAD_LETTER_QUEUE_URL`: where what cannot be understood goes.
    pub dead_letter_queue_url: String,
    /// How long after a room's end its sweep starts (`SWEEP_DELAY_SECONDS`, 60): longer than the
    /// longest function time-out and the age of a room's memory together.
    pub sweep_delay: Duration,
}

/// Where the App Secrets are.
#[derive(Debug)]
pub enum SecretSource {
    /// In `APP_SECRETS` itself.
    Given(Keyring),
    /// In Secrets Manager, under this ARN or name (`APP_SECRETS_ARN`).
    SecretsManager(String),
}

/// Why the start was stopped: one line for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError(String);

impl SettingError {
    pub(crate) fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingError {}

/// Where variables come from: [`std::env::var`] in a function, anything in a test.
pub struct Environment<'a>(Box<Lookup<'a>>);

type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

impl<'a> Environment<'a> {
    /// Variables by a function of their name.
    #[must_use]
    pub fn new(lookup: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self(Box::new(lookup))
    }

    /// The variables of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// A variable that holds something.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }

    /// A variable that must hold something.
    ///
    /// # Errors
    /// Says what it should hold.
    pub fn require(&self, name: &str, meaning: &str) -> Result<String, SettingError> {
        self.get(name)
            .ok_or_else(|| SettingError::new(format!("{name} is not set; it should be {meaning}")))
    }

    fn number<T>(&self, name: &str, default: T, least: T, most: T) -> Result<T, SettingError>
    where
        T: FromStr + PartialOrd + fmt::Display + Copy,
    {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        let number = text
            .trim()
            .parse()
            .ok()
            .filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| {
            SettingError::new(format!(
                "{name} holds {text:?}; it should be a whole number from {least} to {most}"
            ))
        })
    }
}

impl Storage {
    /// Reads the variables that every function needs.
    ///
    /// # Errors
    /// Names the first wrong one.
    pub fn read(env: &Environment<'_>) -> Result<Self, SettingError> {
        Ok(Self {
            table_name: env.require("TABLE_NAME", "the name of the DynamoDB table")?,
            retention_days: env.number("RETENTION_DAYS", 30, 1, 3650)?,
            deferred_queue_url: env.require("DEFERRED_QUEUE_URL", "the URL of an SQS queue")?,
            dead_letter_queue_url: env
                .require("DEAD_LETTER_QUEUE_URL", "the URL of an SQS queue")?,
            sweep_delay: Duration::from_secs(env.number("SWEEP_DELAY_SECONDS", 60, 0, 900)?),
        })
    }
}

impl Settings {
    /// Reads all variables of `callback`.
    ///
    /// # Errors
    /// Names the first wrong one. Secrets are never shown.
    pub fn read(env: &Environment<'_>) -> Result<Self, SettingError> {
        let freshness = match env.number("SIGNATURE_MAX_AGE_SECONDS", 900, 0, u32::MAX)? {
            0 => Freshness::Unchecked,
            seconds => Freshness::WithinSeconds(u64::from(seconds)),
        };
        Ok(Self {
            storage: Storage::read(env)?,
            secrets: SecretSource::read(env)?,
            freshness,
            allowed_sources: allowed_sources(env)?,
            budget: Duration::from_millis(env.number("BUDGET_MS", 3500, 100, MOST_BUDGET_MS)?),
        })
    }
}

impl SecretSource {
    fn read(env: &Environment<'_>) -> Result<Self, SettingError> {
        match (env.get("APP_SECRETS"), env.get("APP_SECRETS_ARN")) {
            (Some(json), None) => Ok(Self::Given(keyring("APP_SECRETS", &json)?)),
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
pub(crate) fn keyring(name: &str, json: &str) -> Result<Keyring, SettingError> {
    Keyring::from_json(json).map_err(|why| {
        SettingError::new(format!(
            r#"{name} {why}; it should be JSON like {{"<appKey>":"<App Secret>"}}"#
        ))
    })
}

fn allowed_sources(env: &Environment<'_>) -> Result<Vec<IpNet>, SettingError> {
    let list = env.get("ALLOWED_SOURCES").unwrap_or_default();
    let networks = list
        .split(',')
        .map(str::trim)
        .filter(|network| !network.is_empty());
    let parse = |network: &str| {
        network.parse().map_err(|_| {
            SettingError::new(format!(
                "ALLOWED_SOURCES holds {network:?}; it should be CIDRs such as 203.0.113.0/24"
            ))
        })
    };
    networks.map(parse).collect()
}
