//! The keyring of a running function, and the Secrets Manager behind it.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_sdk_secretsmanager::Client;
use tokio::{sync::Mutex, time::Instant};

use super::settings::{SecretSource, read_keyring};
use crate::{aws::error::in_words, callback::keyring::Keyring, env::SettingError};

/// The least time between two reads. Anybody can send a wrong signature, and must not be able to
/// cause requests at will.
const PAUSE: Duration = Duration::from_mins(1);
/// The least time between a failed read and the next. A failed read leaves open whether a secret is
/// wrong or new, which should be found out soon.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The current keyring, and the secret in Secrets Manager that it comes from; none if a setting
/// holds the keyring itself.
pub struct Secrets {
    current: RwLock<Arc<Keyring>>,
    stored: Option<StoredSecret>,
}

/// A secret in Secrets Manager.
struct StoredSecret {
    client: Client,
    arn: String,
    last_read: Mutex<LastRead>,
}

/// The last read of the secret.
struct LastRead {
    at: Instant,
    failure: Option<SettingError>,
}

impl Secrets {
    /// Takes the given keyring, or reads it from Secrets Manager.
    ///
    /// # Errors
    /// Secrets Manager does not answer, or holds something else than a keyring.
    pub async fn load(
        source: SecretSource,
        client: impl FnOnce() -> Client,
    ) -> Result<Self, SettingError> {
        match source {
            SecretSource::Given(keyring) => {
                Ok(Self { current: RwLock::new(Arc::new(keyring)), stored: None })
            }
            SecretSource::SecretsManager(arn) => {
                let stored = StoredSecret {
                    client: client(),
                    arn,
                    last_read: Mutex::new(LastRead { at: Instant::now(), failure: None }),
                };
                let current = RwLock::new(Arc::new(stored.read().await?));
                Ok(Self { current, stored: Some(stored) })
            }
        }
    }

    /// Gives the keyring as it was read last.
    pub fn current(&self) -> Arc<Keyring> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the keyring again, because no secret of the `tried` one verifies a callback: a secret
    /// may have been rotated. `None` if it was read less than a minute ago, or if a setting holds
    /// it.
    ///
    /// # Errors
    /// Secrets Manager does not answer, or holds something else than a keyring. The known keyring
    /// stays, and every call of the next five seconds gives the same error.
    pub async fn reread(&self, tried: &Arc<Keyring>) -> Result<Option<Arc<Keyring>>, SettingError> {
        let Some(stored) = &self.stored else {
            return Ok(None);
        };
        let mut last_read = stored.last_read.lock().await;
        let current = self.current();
        if !Arc::ptr_eq(&current, tried) {
            return Ok(Some(current));
        }
        let pause = if last_read.failure.is_some() { PAUSE_AFTER_FAILURE } else { PAUSE };
        if last_read.at.elapsed() < pause {
            return last_read.failure.clone().map_or(Ok(None), Err);
        }
        // The read counts as failed until it is done, because the caller may stop waiting for it.
        let unfinished = SettingError::new("Secrets Manager did not answer in time");
        *last_read = LastRead { at: Instant::now(), failure: Some(unfinished) };
        match stored.read().await {
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

impl StoredSecret {
    async fn read(&self) -> Result<Keyring, SettingError> {
        let unreadable = |why: String| {
            SettingError::new(format!("APP_SECRETS_ARN: {} cannot be read: {why}", self.arn))
        };
        let secret = self
            .client
            .get_secret_value()
            .secret_id(&self.arn)
            .send()
            .await
            .map_err(|error| unreadable(in_words(&error)))?;
        let json =
            secret.secret_string().ok_or_else(|| unreadable("it holds no text".to_owned()))?;
        read_keyring(&format!("APP_SECRETS_ARN: the secret {}", self.arn), json)
    }
}
