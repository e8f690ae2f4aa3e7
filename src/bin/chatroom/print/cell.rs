//! The fields of a record.

use super::{escape::printable, format::Format, time};

/// The width below which long texts are not broken.
const LEAST: u16 = 10;

/// A space at which no line is broken. Tables show it as any other.
pub const NO_BREAK: &str = "\u{a0}";

/// A field, which each form words in its own way.
pub enum Cell<'a> {
    /// A text that may come from outside.
    Text(&'a str),
    /// A number.
    Number(u64),
    /// A time in Unix milliseconds; empty if there is none.
    Time(Option<u64>),
}

impl Cell<'_> {
    /// Words the field. JSON has no cells.
    pub fn text(&self, format: Format) -> String {
        match self {
            Self::Text(text) => printable(text),
            Self::Number(number) => number.to_string(),
            Self::Time(None) => String::new(),
            Self::Time(Some(millis)) => match format {
                Format::Table => time::with_age(*millis, " "),
                Format::Tsv => time::rfc_3339(*millis),
                Format::Csv | Format::Json | Format::Jsonl => millis.to_string(),
            },
        }
    }

    /// Words the field for a cell of a table, which breaks lines at spaces.
    pub fn table_text(&self) -> String {
        match self {
            Self::Time(Some(millis)) => time::with_age(*millis, NO_BREAK),
            _ => self.text(Format::Table),
        }
    }

    /// Gives the number, or the time in Unix milliseconds, that a program reads.
    pub const fn number(&self) -> Option<u64> {
        match *self {
            Self::Text(_) => None,
            Self::Number(number) => Some(number),
            Self::Time(time) => time,
        }
    }

    /// Tells whether it stands at the right of its column.
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Gives the width below which it should not be broken.
    pub fn least_width(&self) -> u16 {
        match self {
            Self::Time(None) => 0,
            Self::Time(Some(_)) => time::WIDTH,
            Self::Number(_) => LEAST,
            Self::Text(text) => text.chars().count().try_into().map_or(LEAST, |it| LEAST.min(it)),
        }
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Cell<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}
