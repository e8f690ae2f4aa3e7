//! The keyring of a running function, and the Secrets Manager behind it.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_sdk_secretsmanager::Client;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::settings::{SecretSource, read_keyring};
use crate::{aws::error::in_words, callback::keyring::Keyring, env::SettingError};

/// The age at which the secret is read again beside a request. An App Secret that was taken out of
/// it is refused from then on.
const OLD: Duration = Duration::from_mins(5);
/// The least time between two reads. Anybody can send a wrong signature, and must not be able to
/// cause requests at will.
const PAUSE: Duration = Duration::from_secs(5);
/// The least time between two reads while there is no keyring at all: then everybody needs it.
const PAUSE_WITHOUT_KEYRING: Duration = Duration::from_secs(1);
/// The limit for the read at the start: the sender waits already.
const START: Duration = Duration::from_millis(1500);

/// The current keyring, and the secret in Secrets Manager that it comes from; none if a setting
/// holds the keyring itself.
pub struct Secrets {
    /// `None` until the secret could be read once.
    current: RwLock<Option<Arc<Keyring>>>,
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
    begun: Instant,
    failure: Option<SettingError>,
}

impl Secrets {
    /// Takes the given keyring, or reads it from Secrets Manager. If that is not possible now, the
    /// requests will.
    pub async fn load(source: SecretSource, client: impl FnOnce() -> Client) -> Self {
        let arn = match source {
            SecretSource::Given(keyring) => {
                return Self { current: RwLock::new(Some(Arc::new(keyring))), stored: None };
            }
            SecretSource::SecretsManager(arn) => arn,
        };
        let last_read = Mutex::new(LastRead { begun: Instant::now(), failure: None });
        let stored = StoredSecret { client: client(), arn, last_read };
        let secrets = Self { current: RwLock::default(), stored: Some(stored) };
        if let Some(stored) = &secrets.stored {
            let mut last_read = stored.last_read.lock().await;
            let _ = timeout(START, secrets.read(stored, &mut last_read)).await;
        }
        secrets
    }

    /// Gives the keyring as it was read last; `None` if it could not be read yet.
    pub fn current(&self) -> Option<Arc<Keyring>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the keyring again, because no secret of the `tried` one verifies a callback that
    /// arrived at `arrived`: a secret may have been rotated. `None` if nothing newer can be known:
    /// it was read since the callback arrived, or a setting holds it.
    ///
    /// # Errors
    /// Secrets Manager does not answer, or holds something else than a keyring, or was asked too
    /// recently to be asked again. The known keyring stays.
    pub async fn reread(
        &self,
        tried: Option<&Arc<Keyring>>,
        arrived: Instant,
    ) -> Result<Option<Arc<Keyring>>, SettingError> {
        let Some(stored) = &self.stored else {
            return Ok(None);
        };
        let mut last_read = stored.last_read.lock().await;
        let current = self.current();
        let is_new = current.as_ref().map(Arc::as_ptr) != tried.map(Arc::as_ptr);
        if is_new && current.is_some() {
            return Ok(current);
        }
        if last_read.begun >= arrived {
            return last_read.failure.clone().map_or(Ok(None), Err);
        }
        let pause = if current.is_some() { PAUSE } else { PAUSE_WITHOUT_KEYRING };
        if last_read.begun.elapsed() < pause {
            return Err(last_read.failure.clone().unwrap_or_else(|| stored.was_just_read()));
        }
        self.read(stored, &mut last_read).await?;
        Ok(self.current())
    }

    /// Says whether the secret was not read for so long that it should be, beside a request.
    pub fn is_old(&self) -> bool {
        // Whoever holds the lock is reading.
        let last_read = self.stored.as_ref().and_then(|stored| stored.last_read.try_lock().ok());
        last_read.is_some_and(|last_read| last_read.begun.elapsed() >= OLD)
    }

    /// Reads the keyring again, unless somebody else just did.
    pub async fn refresh(&self) {
        if let Some(stored) = &self.stored {
            let mut last_read = stored.last_read.lock().await;
            if last_read.begun.elapsed() >= OLD {
                // The known keyring stays, and whoever needs another hears of the failure.
                let _ = self.read(stored, &mut last_read).await;
            }
        }
    }

    async fn read(
        &self,
        stored: &StoredSecret,
        last_read: &mut LastRead,
    ) -> Result<(), SettingError> {
        // The read counts as failed until it is done, because the caller may stop waiting for it.
        let unfinished = SettingError::new("Secrets Manager did not answer in time");
        *last_read = LastRead { begun: Instant::now(), failure: Some(unfinished) };
        let read = stored.read().await;
        last_read.failure = read.as_ref().err().cloned();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(read?));
        Ok(())
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

    fn was_just_read(&self) -> SettingError {
        SettingError::new(format!(
            "APP_SECRETS_ARN: no secret of {} gives this signature, and it was read less than {} seconds ago: a newer one will be found at the next try",
            self.arn,
            PAUSE.as_secs(),
        ))
    }
}
