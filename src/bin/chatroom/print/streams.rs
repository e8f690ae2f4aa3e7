//! Lines on standard output and on standard error.
//!
//! Whoever reads standard output may close it at any time. That is an error of the kind
//! `BrokenPipe`, which `main` takes for a success; the macros of the standard library would panic.

use std::{
    fmt::Display,
    io::{Write, stderr, stdout},
};

use serde::Serialize;

use super::escape::{escape_json, printable, printable_lines};
use crate::result::Result;

/// Prints lines. What a terminal would obey in them is escaped; what is not known to be one line
/// should be made [`printable`] before.
pub fn line(text: impl Display) -> Result {
    let text = printable_lines(&text.to_string());
    Ok(stdout().lock().write_all(format!("{text}\n").as_bytes())?)
}

/// Prints JSON, indented.
pub fn json(value: &impl Serialize) -> Result {
    line(escape_json(&serde_json::to_string_pretty(value)?))
}

/// Prints bytes as they are.
pub fn raw(bytes: &[u8]) -> Result {
    Ok(stdout().lock().write_all(bytes)?)
}

/// Tells whoever sits at the terminal one line, beside the output.
pub fn note(text: impl Display) {
    // If nobody can read it, nobody misses it.
    let _ = stderr().lock().write_all(format!("{}\n", printable(&text.to_string())).as_bytes());
}

/// Tells lines.
pub fn notes(text: impl Display) {
    let text = printable_lines(&text.to_string());
    let _ = stderr().lock().write_all(text.as_bytes());
}

/// Asks whoever sits at the terminal for an answer on the same line.
pub fn prompt(question: impl Display) {
    let _ = stderr().lock().write_all(format!("{} ", printable(&question.to_string())).as_bytes());
}
