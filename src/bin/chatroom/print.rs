//! Prints what the commands have to say: for people as lines and tables, for programs as JSON.

use std::{
    fmt::Display,
    io::{Write, stdout},
};

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use serde::Serialize;

use crate::result::Result;

/// Prints a line.
pub fn line(text: impl Display) -> Result {
    Ok(writeln!(stdout().lock(), "{text}")?)
}

/// Prints JSON, indented.
pub fn json(value: &impl Serialize) -> Result {
    line(serde_json::to_string_pretty(value)?)
}

/// Prints bytes as they are.
pub fn raw(bytes: &[u8]) -> Result {
    Ok(stdout().lock().write_all(bytes)?)
}

/// Makes an empty table, in the style of all commands.
pub fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    table
}

/// Words a time in Unix milliseconds; nothing for none.
pub fn time(millis: Option<u64>) -> String {
    let time = millis.and_then(|millis| i64::try_from(millis).ok()).map(DateTime::from_millis);
    time.and_then(|time| time.fmt(DateTimeFormat::DateTime).ok()).unwrap_or_default()
}

/// Words a number with its noun.
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Escapes the characters that a terminal obeys, in a text that comes from outside.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() && letter != '\t' {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}
