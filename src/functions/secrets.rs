//! The keyring of a running function, and the Secrets Manager behind it.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_sdk_secretsmanager::Client;
use tokio::{sync::Mutex, time::Instant};

use crate::{
    aws::error::in_words,
    callback::keyring::Keyring,
    env::SettingError,
    functions::settings::{SecretSource, keyring},
};

/// Anybody can send a wrong signature, so wrong signatures must not be able to make requests at
/// will.
const AT_MOST_EVERY: Duration = Duration::from_mins(1);
/// After a read that failed, nobody knows whether a secret is wrong or new: that is found out
/// sooner.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The current keyring, and where it comes from.
pub struct Secrets {
    current: RwLock<Arc<Keyring>>,
    store: Option<Storage>,
}

struct Storage {
    client: Client,
    arn: String,
    last_read: Mutex<Read>,
}

/// How the last read went.
struct Read {
    at: Instant,
    failure: Option<SettingError>,
}

impl Secrets {
    /// Takes the given keyring, or reads it from Secrets Manager.
    ///
    /// # Errors
    /// If Secrets Manager does not answer, or holds something else than a keyring.
    pub async fn load(
        source: SecretSource,
        client: impl FnOnce() -> Client,
    ) -> Result<Self, SettingError> {
        match source {
            SecretSource::Given(keyring) => {
                Ok(Self { current: RwLock::new(Arc::new(keyring)), store: None })
            }
            SecretSource::SecretsManager(arn) => {
                let store = Storage {
                    client: client(),
                    arn,
                    last_read: Mutex::new(Read { at: Instant::now(), failure: None }),
                };
                let current = RwLock::new(Arc::new(store.read().await?));
                Ok(Self { current, store: Some(store) })
            }
        }
    }

    /// The keyring as last read.
    pub fn current(&self) -> Arc<Keyring> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the keyring again, for a callback that no secret of the `tried` one verifies: a secret
    /// may have been rotated. `None` if it was read less than a minute ago, or is not read at all.
    ///
    /// # Errors
    /// If Secrets Manager does not answer, or holds something else than a keyring; also to those
    /// who ask soon after. The known keyring stays.
    pub async fn reread(&self, tried: &Arc<Keyring>) -> Result<Option<Arc<Keyring>>, SettingError> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let mut last_read = store.last_read.lock().await;
        let current = self.current();
        if !Arc::ptr_eq(&current, tried) {
            return Ok(Some(current));
        }
        let pause = if last_read.failure.is_some() { AFTER_FAILURE } else { AT_MOST_EVERY };
        if last_read.at.elapsed() < pause {
            return last_read.failure.clone().map_or(Ok(None), Err);
        }
        // It has failed until it has not: whoever waits for it may give up.
        let unfinished = SettingError::new("Secrets Manager did not answer in time");
        *last_read = Read { at: Instant::now(), failure: Some(unfinished) };
        match store.read().await {
            Ok(keyring) => {
                let keyring = Arc::new(keyring);
                last_read.failure = None;
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = keyring.clone();
                Ok(Some(keyring))
            }
            Err(why) => {
                last_read.failure = Some(why.clone());
                Err(why)
            }
        }
    }
}

impl Storage {
    async fn read(&self) -> Result<Keyring, SettingError> {
        let unreadable = |why: String| {
            SettingError::new(format!("APP_SECRETS_ARN: {} cannot be read: {why}", self.arn))
        };
        let secret = self.client.get_secret_value().secret_id(&self.arn).send().await;
        let secret = secret.map_err(|error| unreadable(in_words(&error)))?;
        let json =
            secret.secret_string().ok_or_else(|| unreadable("it holds no text".to_owned()))?;
        keyring(&format!("APP_SECRETS_ARN: the secret {}", self.arn), json)
    }
}
