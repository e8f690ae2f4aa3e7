//! App Secrets: who may sign for which app.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use crate::domain::ids::AppKey;

/// An App Secret. Its `Debug` shows nothing of it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes over any text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
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
/// One app has several secrets while they are rotated; each of them is accepted.
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

impl Keyring {
    /// Reads `{"<appKey>":"<secret>"}` or `{"<appKey>":["<new>","<old>"]}`.
    ///
    /// # Errors
    /// Says what the text holds instead, without showing any of it but app keys.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|_| "holds no JSON".to_owned())?;
        let Value::Object(apps) = value else {
            return Err(format!("holds {} instead of a JSON object", name_of(&value)));
        };
        if apps.is_empty() {
            return Err("names no app".to_owned());
        }
        let read = |(app, secrets): (String, Value)| {
            let app = AppKey::new(app).map_err(|why| format!("has an app key that {why}"))?;
            let secrets =
                secrets_from(secrets).map_err(|why| format!("holds {why} for app {app}"))?;
            if secrets.iter().any(|secret| secret.bytes() == app.as_str().as_bytes()) {
                return Err(format!(
                    "holds the App Key itself as the secret of app {app}: the console shows the App Secret beside it"
                ));
            }
            Ok((app, secrets))
        };
        apps.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The app that a callback belongs to, and its secrets. Old senders name no app: that is clear
    /// only where a single one is configured.
    pub fn secrets_of(&self, app: Option<&str>) -> Option<(&AppKey, &[Secret])> {
        let found = match app {
            Some(name) => self.0.iter().find(|(app, _)| app.as_str() == name),
            None if self.0.len() == 1 => self.0.first_key_value(),
            None => None,
        };
        found.map(|(app, secrets)| (app, secrets.as_slice()))
    }
}

fn secrets_from(value: Value) -> Result<Vec<Secret>, String> {
    let list = match value {
        Value::Array(list) if list.is_empty() => return Err("an empty list".to_owned()),
        Value::Array(list) => list,
        single => vec![single],
    };
    list.into_iter()
        .map(|value| match value {
            Value::String(text) if text.is_empty() => Err("an empty secret".to_owned()),
            Value::String(text) => Ok(Secret(text)),
            other => Err(format!("{} instead of a secret", name_of(&other))),
        })
        .collect()
}

const fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
