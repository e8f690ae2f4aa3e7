//! App Secrets: the keys of those who may sign for an app.

use std::{collections::BTreeMap, error::Error, fmt};

use serde_json::Value;

use crate::domain::ids::{AppKey, IdError};

/// An App Secret. Its `Debug` shows nothing of it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes over any text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// The secrets of every app that this receiver serves.
///
/// An app has several secrets while they are rotated; each of them is accepted.
///
/// ```
/// use chatroom_status_sync::callback::keyring::Keyring;
///
/// let keyring = Keyring::from_json(r#"{"app":["new secret","old secret"],"other":"secret"}"#).unwrap();
/// assert_eq!(keyring.secrets_of(Some("app")).unwrap().1.len(), 2);
/// assert!(keyring.secrets_of(None).is_none(), "two apps: a callback must say which one it is of");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyring(BTreeMap<AppKey, Vec<Secret>>);

/// The reason why a text is no keyring. Its words continue the name of the setting that holds the
/// text, and show nothing of the text but app keys.
///
/// ```
/// use chatroom_status_sync::callback::keyring::Keyring;
///
/// let error = Keyring::from_json(r#"{"someapp":["secret",""]}"#).unwrap_err();
/// assert_eq!(format!("APP_SECRETS {error}"), "APP_SECRETS holds an empty secret for app someapp");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyringError {
    /// The text is no JSON.
    NoJson,
    /// The text is JSON, but no object.
    NoObject(JsonType),
    /// The object is empty.
    NoApp,
    /// A name in the object is no app key.
    AppKey(IdError),
    /// An app's list of secrets is empty.
    NoSecret(AppKey),
    /// A secret is the empty text.
    EmptySecret(AppKey),
    /// A secret is no text.
    SecretType {
        /// The type of the value in its place.
        found: JsonType,
        /// The app.
        app: AppKey,
    },
    /// The App Key stands where the App Secret belongs: a common mistake.
    AppKeyAsSecret(AppKey),
}

impl Keyring {
    /// Reads `{"<appKey>":"<secret>"}` or `{"<appKey>":["<new>","<old>"]}`.
    pub fn from_json(text: &str) -> Result<Self, KeyringError> {
        let apps = match serde_json::from_str(text).map_err(|_| KeyringError::NoJson)? {
            Value::Object(apps) if apps.is_empty() => return Err(KeyringError::NoApp),
            Value::Object(apps) => apps,
            other => return Err(KeyringError::NoObject(JsonType::of(&other))),
        };
        let read = |(name, secrets): (String, Value)| {
            let app = AppKey::new(name).map_err(KeyringError::AppKey)?;
            let secrets = read_secrets(&app, secrets)?;
            Ok((app, secrets))
        };
        apps.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Finds the app that a callback belongs to, and its secrets. Older versions of the service
    /// name no app: their callbacks belong to the only app of the keyring, if there is just one.
    pub fn secrets_of(&self, app: Option<&str>) -> Option<(&AppKey, &[Secret])> {
        let found = match app {
            Some(name) => self.0.iter().find(|(app, _)| app.as_str() == name),
            None if self.0.len() == 1 => self.0.first_key_value(),
            None => None,
        };
        found.map(|(app, secrets)| (app, secrets.as_slice()))
    }
}

/// Reads one secret, or a list of at least one.
fn read_secrets(app: &AppKey, value: Value) -> Result<Vec<Secret>, KeyringError> {
    let list = match value {
        Value::Array(list) if list.is_empty() => return Err(KeyringError::NoSecret(app.clone())),
        Value::Array(list) => list,
        single => vec![single],
    };
    let read = |value| match value {
        Value::String(text) if text.is_empty() => Err(KeyringError::EmptySecret(app.clone())),
        Value::String(text) if text == app.as_str() => {
            Err(KeyringError::AppKeyAsSecret(app.clone()))
        }
        Value::String(text) => Ok(Secret(text)),
        other => Err(KeyringError::SecretType { found: JsonType::of(&other), app: app.clone() }),
    };
    list.into_iter().map(read).collect()
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJson => f.write_str("holds no JSON"),
            Self::NoObject(found) => write!(f, "holds {found} instead of a JSON object"),
            Self::NoApp => f.write_str("names no app"),
            Self::AppKey(why) => write!(f, "has an app key that {why}"),
            Self::NoSecret(app) => write!(f, "holds an empty list for app {app}"),
            Self::EmptySecret(app) => write!(f, "holds an empty secret for app {app}"),
            Self::SecretType { found, app } => {
                write!(f, "holds {found} instead of a secret for app {app}")
            }
            Self::AppKeyAsSecret(app) => write!(
                f,
                "holds the App Key itself as the secret of app {app}: the console shows the App Secret beside it"
            ),
        }
    }
}

impl Error for KeyringError {}

/// The type of a JSON value, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonType(&'static str);

impl JsonType {
    const fn of(value: &Value) -> Self {
        Self(match value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        })
    }
}

impl fmt::Display for JsonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
