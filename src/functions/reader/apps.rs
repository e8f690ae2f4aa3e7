//! The apps whose rooms may be read.

use std::sync::Arc;

use super::problem::Problem;
use crate::{
    domain::ids::AppKey,
    env::{Environment, SettingError},
};

/// The apps whose rooms may be read; all of the table's, if none are named.
///
/// ```
/// use chatroom_status_sync::{env::Environment, functions::reader::apps::Apps};
///
/// let env = Environment::new(|name| (name == "APP_KEYS").then(|| "one,two".to_owned()));
/// assert!(Apps::read(&env).is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct Apps(Arc<[AppKey]>);

impl Apps {
    /// Allows these apps; all of them, if there are none.
    pub fn new(apps: impl IntoIterator<Item = AppKey>) -> Self {
        Self(apps.into_iter().collect())
    }

    /// Reads `APP_KEYS`: App Keys, separated by commas.
    ///
    /// # Errors
    /// Names the variable if it holds what is no App Key.
    pub fn read(env: &Environment<'_>) -> Result<Self, SettingError> {
        let list = env.get("APP_KEYS").unwrap_or_default();
        let keys = list.split(',').map(str::trim).filter(|key| !key.is_empty());
        let parse = |key: &str| {
            AppKey::new(key).map_err(|why| {
                SettingError::new(format!(
                    "APP_KEYS holds {key:?}, which {why}; it should be App Keys, separated by commas"
                ))
            })
        };
        keys.map(parse).collect::<Result<Vec<_>, _>>().map(Self::new)
    }

    /// Finds the app that a request means; without a name, the only one that there is.
    pub(super) fn choose(&self, named: Option<AppKey>) -> Result<AppKey, Problem> {
        match (named, &*self.0) {
            (Some(app), []) => Ok(app),
            (Some(app), apps) if apps.contains(&app) => Ok(app),
            (Some(_), _) => Err(Problem::not_found("nothing is known of this app")),
            (None, [app]) => Ok(app.clone()),
            (None, _) => Err(Problem::parameter("appKey is missing: say which app is meant")),
        }
    }
}
