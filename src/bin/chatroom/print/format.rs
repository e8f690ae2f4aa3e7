//! The forms of output.

use std::io::{IsTerminal, stdout};

use clap::{Args, ValueEnum};

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: a table that fits the terminal, times in local time with their age
    Table,
    /// One JSON document, times in Unix milliseconds
    Json,
    /// JSON Lines: a record a line
    Jsonl,
    /// Comma-separated with a header, times in Unix milliseconds; a cell that begins with = stays so
    Csv,
    /// Tab-separated without a header, times as RFC 3339
    Tsv,
}

/// The options that choose a form.
#[derive(Args)]
pub struct Output {
    /// The form of the output; without it, a table at a terminal, and tsv in a pipe or file
    #[arg(short, long, value_enum, value_name = "FORM", help_heading = "Output")]
    output: Option<Format>,
    /// Print JSON for programs, as -o json does
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    json: bool,
}

impl Output {
    /// Gives the form that is asked for, or the one that suits whoever reads.
    pub fn format(&self) -> Format {
        match self.output {
            _ if self.json => Format::Json,
            Some(format) => format,
            None if stdout().is_terminal() => Format::Table,
            None => Format::Tsv,
        }
    }
}
