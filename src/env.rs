//! Environment variables, and the error that names one.
//!
//! An empty variable counts as absent, because templates cannot leave one out.

use std::{fmt, str::FromStr};

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
    pub fn new(lookup: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self(Box::new(lookup))
    }

    /// The variables of this process.
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// A variable that holds something.
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

    /// Reads a whole number from `least` to `most`.
    ///
    /// # Errors
    /// Says what the variable holds instead.
    pub fn number<T>(&self, name: &str, default: T, least: T, most: T) -> Result<T, SettingError>
    where
        T: FromStr + PartialOrd + fmt::Display + Copy,
    {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| {
            SettingError::new(format!(
                "{name} holds {text:?}; it should be a whole number from {least} to {most}"
            ))
        })
    }
}
