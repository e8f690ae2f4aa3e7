//! A single record.

use serde::Serialize;

use super::{
    cell::Cell,
    format::Format,
    rows::Rows,
    streams::{json, line},
};
use crate::result::Result;

/// Prints a record: for people, one field a line.
pub fn record<const N: usize>(
    format: Format,
    value: &impl Serialize,
    header: &'static [&'static str; N],
    cells: &[Cell<'_>; N],
) -> Result {
    match format {
        Format::Json => json(value),
        Format::Table => {
            let width = header.iter().map(|name| name.len()).max().unwrap_or_default();
            let fields = header.iter().zip(cells);
            let fields = fields.map(|(name, cell)| (name, cell.text(Format::Table)));
            let lines = fields.filter(|(_, text)| !text.is_empty());
            let lines = lines.map(|(name, text)| format!("{name:width$}  {text}"));
            line(lines.collect::<Vec<_>>().join("\n"))
        }
        Format::Jsonl | Format::Csv | Format::Tsv => {
            let mut rows = Rows::new(format, header);
            rows.add(value, cells)?;
            rows.finish().map(drop)
        }
    }
}

/// Ends the output of a question that nothing is known about: there is none, except in JSON.
pub fn nothing(format: Format) -> Result {
    if matches!(format, Format::Json | Format::Jsonl) { line("null") } else { Ok(()) }
}
