//! Prints what the commands have to say: one place for all output.
//!
//! * [`mod@format`]: the forms of output, and the options that choose one.
//! * [`rows`]: records, one after the other, in any of these forms; [`mod@record`]: a single one.
//! * [`cell`]: the fields of a record, and [`mod@time`] how a moment is worded in them.
//! * [`mod@table`]: tables that fit the terminal, and [`terminal`] what is known of it.
//! * [`escape`]: makes text from outside harmless for a terminal.
//! * [`streams`]: lines on standard output and standard error, which may be closed.

mod cell;
mod escape;
mod format;
mod record;
mod rows;
mod streams;
mod table;
mod terminal;
mod time;

pub use cell::Cell;
pub use escape::{escape_json, printable, printable_lines};
pub use format::{Format, Output};
pub use record::{nothing, record};
pub use rows::Rows;
pub use streams::{json, line, note, notes, prompt, raw};
pub use table::{fitted, table};
pub use time::time;

/// Words a number with its noun.
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
