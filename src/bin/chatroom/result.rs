//! The result of a command.

use std::error::Error;

/// A success, or an error whose words are all that the person at the terminal needs.
pub type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;
