//! Records, one after the other, in constant memory.

use std::io::{self, BufWriter, Stdout, Write, stdout};

use serde::Serialize;

use super::{cell::Cell, escape::escape_json, format::Format, table::GrowingTable};
use crate::result::Result;

/// Rows in a part of a table. The first part decides the widths of its columns.
const PART: usize = 100;

/// A printer of records. The first is seen at once, except in tables, which need some to choose
/// their widths by.
pub struct Rows {
    header: &'static [&'static str],
    out: BufWriter<Stdout>,
    form: Form,
    count: u64,
}

enum Form {
    Table(GrowingTable),
    /// One array, with a record on each line.
    Json,
    Jsonl,
    /// Has a buffer of its own.
    Csv(Box<csv::Writer<Stdout>>),
    Tsv,
}

impl Rows {
    /// Begins records with these fields. In JSON they have the names of their attributes instead.
    pub fn new(format: Format, header: &'static [&'static str]) -> Self {
        let form = match format {
            Format::Table => Form::Table(GrowingTable::new(header)),
            Format::Json => Form::Json,
            Format::Jsonl => Form::Jsonl,
            Format::Csv => Form::Csv(Box::new(csv::Writer::from_writer(stdout()))),
            Format::Tsv => Form::Tsv,
        };
        Self { header, out: BufWriter::new(stdout()), form, count: 0 }
    }

    /// Prints a record: as it is serialized, or as its cells.
    pub fn add(&mut self, record: &impl Serialize, cells: &[Cell<'_>]) -> Result {
        let is_first = self.count == 0;
        self.count += 1;
        match &mut self.form {
            Form::Table(table) => {
                if table.add(cells) < PART {
                    return Ok(());
                }
                print(&mut self.out, table.next_part())?;
                return Ok(self.out.flush()?);
            }
            Form::Json => {
                let separator = if is_first { "[\n" } else { ",\n" };
                write!(self.out, "{separator}{}", escape_json(&serde_json::to_string(record)?))?;
            }
            Form::Jsonl => writeln!(self.out, "{}", escape_json(&serde_json::to_string(record)?))?,
            Form::Csv(csv) => {
                if is_first {
                    csv.write_record(self.header).map_err(cause)?;
                }
                let cells = cells.iter().map(|cell| cell.text(Format::Csv));
                csv.write_record(cells).map_err(cause)?;
            }
            Form::Tsv => {
                let cells: Vec<_> = cells.iter().map(|cell| cell.text(Format::Tsv)).collect();
                writeln!(self.out, "{}", cells.join("\t"))?;
            }
        }
        if is_first { self.flush() } else { Ok(()) }
    }

    /// Gives the number of records so far.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Shows everything so far, for somebody who waits for more.
    pub fn flush(&mut self) -> Result {
        match &mut self.form {
            Form::Table(table) => print(&mut self.out, table.next_part())?,
            Form::Csv(csv) => csv.flush()?,
            Form::Json | Form::Jsonl | Form::Tsv => {}
        }
        Ok(self.out.flush()?)
    }

    /// Ends the output, and gives the number of records.
    pub fn finish(mut self) -> Result<u64> {
        match &mut self.form {
            Form::Table(table) => print(&mut self.out, table.end())?,
            Form::Json if self.count == 0 => writeln!(self.out, "[]")?,
            Form::Json => writeln!(self.out, "\n]")?,
            Form::Csv(csv) if self.count == 0 => {
                csv.write_record(self.header).map_err(cause)?;
            }
            Form::Csv(_) | Form::Jsonl | Form::Tsv => {}
        }
        self.flush()?;
        Ok(self.count)
    }

    /// Ends the output of a question that nothing is known about: there is none, except in JSON.
    pub fn nothing(mut self) -> Result {
        if matches!(self.form, Form::Json) {
            writeln!(self.out, "[]")?;
        }
        Ok(self.out.flush()?)
    }
}

fn print(out: &mut impl Write, lines: Vec<String>) -> Result {
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Gives the cause of an error, which tells whether somebody closed standard output.
fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => cause,
        other => io::Error::other(format!("{other:?}")),
    }
}
