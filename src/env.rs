//! Environment variables, and the error that names one.
//!
//! An empty variable counts as absent, because templates cannot leave one out.

use std::{error::Error, fmt, ops::RangeInclusive, str::FromStr};

/// The environment variables of a process, or of a test.
pub struct Environment<'a>(Box<Variables<'a>>);

type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The reason why a start was stopped: one line for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError(String);

impl<'a> Environment<'a> {
    /// Takes a function that gives each variable by its name.
    pub fn new(variables: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self(Box::new(variables))
    }

    /// Takes the variables of this process.
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// Reads a variable; `None` if it is absent or empty.
    pub fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }

    /// Reads a variable that must not be absent.
    ///
    /// # Errors
    /// Says that it is absent, and that it should be `meaning`: words such as `an AWS region`.
    pub fn require(&self, name: &str, meaning: &str) -> Result<String, SettingError> {
        self.get(name)
            .ok_or_else(|| SettingError::new(format!("{name} is not set; it should be {meaning}")))
    }

    /// Reads a whole number within `range`; gives the default for an absent one.
    ///
    /// # Errors
    /// Says what the variable holds instead, and the range.
    pub fn number<T>(
        &self,
        name: &str,
        default: T,
        range: RangeInclusive<T>,
    ) -> Result<T, SettingError>
    where
        T: FromStr + PartialOrd + fmt::Display,
    {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        let number = text.trim().parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            SettingError::new(format!(
                "{name} holds {text:?}; it should be a whole number from {least} to {most}"
            ))
        })
    }
}

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

impl Error for SettingError {}
