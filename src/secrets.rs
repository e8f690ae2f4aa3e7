//! The keyring of a running function, and the Secrets Manager behind it.

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use aws_sdk_secretsmanager::{Client, error::DisplayErrorContext};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    keyring::Keyring,
    settings::{SecretSource, SettingError, keyring},
};

/// Anybody can send a wrong signature, so wrong signatures must not be able to make requests at
/// will.
const AT_MOST_EVERY: Duration = Duration::from_mins(1);

/// The current keyring, and where it comes from.
pub struct Secrets {
    current: RwLock<Arc<Keyring>>,
    store: Option<Store>,
}

struct Store {
    client: Client,
    arn: String,
    last_read: Mutex<Instant>,
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
            SecretSource::Given(keyring) => Ok(Self {
                current: RwLock::new(Arc::new(keyring)),
                store: None,
            }),
            SecretSource::SecretsManager(arn) => {
                let store = Store {
                    client: client(),
                    arn,
                    last_read: Mutex::new(Instant::now()),
                };
                let current = RwLock::new(Arc::new(store.read().await?));
                Ok(Self {
                    current,
                    store: Some(store),
                })
            }
        }
    }

    /// The keyring as last read.
    #[must_use]
    pub fn current(&self) -> Arc<Keyring> {
        self.current
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// Reads the keyring again, for a callback that no known secret verifies: the secret may have
    /// been rotated. At most once a minute; `None` if it is too early, or if there is nothing
    /// to read from.
    ///
    /// # Errors
    /// If Secrets Manager does not answer, or holds something else than a keyring. The known
    /// keyring stays.
    pub async fn reread(&self) -> Result<Option<Arc<Keyring>>, SettingError> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let mut last_read = store.last_read.lock().await;
        if last_read.elapsed() < AT_MOST_EVERY {
            return Ok(None);
        }
        *last_read = Instant::now();
        let keyring = Arc::new(store.read().await?);
        *self
            .current
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = keyring.clone();
        Ok(Some(keyring))
    }
}

impl Store {
    async fn read(&self) -> Result<Keyring, SettingError> {
        let unreadable = |why: String| {
            SettingError::new(format!(
                "APP_SECRETS_ARN: {} cannot be read: {why}",
                self.arn
            ))
        };
        let secret = self
            .client
            .get_secret_value()
            .secret_id(&self.arn)
            .send()
            .await;
        let secret = secret.map_err(|error| unreadable(DisplayErrorContext(error).to_string()))?;
        let json = secret
            .secret_string()
            .ok_or_else(|| unreadable("it holds no text".to_owned()))?;
        keyring(&format!("APP_SECRETS_ARN: the secret {}", self.arn), json)
    }
}
