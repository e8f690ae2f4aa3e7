//! The result of a command.

use std::fmt;

/// An error whose words are all that the person at the terminal needs.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A success, or such an error.
pub type Result<T = ()> = std::result::Result<T, Error>;

/// An answer that is none, because nothing is known of what was asked for. An exit code of its own
/// tells it from what went wrong.
#[derive(Debug)]
pub struct NothingKnown(String);

impl NothingKnown {
    /// Makes an answer of words such as `nothing is known of room lobby in app a`.
    pub fn because(words: impl fmt::Display) -> Error {
        Box::new(Self(format!("{words}: is the App Key right?")))
    }
}

impl fmt::Display for NothingKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NothingKnown {}
