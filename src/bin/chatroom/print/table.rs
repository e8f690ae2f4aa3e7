//! Tables that fit the terminal.

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets::UTF8_FULL_CONDENSED,
};

use super::{
    cell::{Cell, NO_BREAK},
    terminal,
};

/// The spaces beside a cell's content.
const PADDING: u16 = 2;
/// The line between two columns.
const BORDER: u16 = 1;

/// Makes an empty table, in the style of all commands.
pub fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = styled();
    table.set_header(header);
    table
}

/// Fits a table into the terminal.
pub fn fitted(table: Table) -> Table {
    fitted_with(table, &[])
}

/// Fits a table into the terminal; the columns have at least these widths, if the terminal has them.
fn fitted_with(mut table: Table, least: &[u16]) -> Table {
    let Some(width) = terminal::width() else {
        return table;
    };
    let fits = |widths: &[u16]| {
        let taken = widths.iter().map(|content| usize::from(content + PADDING + BORDER));
        taken.sum::<usize>() + usize::from(BORDER) <= width.into()
    };
    if fits(&table.column_max_content_widths()) {
        return table;
    }
    if fits(least) {
        let least = least
            .iter()
            .map(|least| ColumnConstraint::LowerBoundary(Width::Fixed(least + PADDING)));
        table.set_constraints(least);
    }
    table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn lines(table: &Table) -> impl Iterator<Item = String> {
    table.lines().map(|line| line.replace(NO_BREAK, " "))
}

fn styled() -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table
}

/// A table that is printed part by part, because it may be longer than memory. The first part
/// decides the widths of its columns.
pub struct GrowingTable {
    header: Vec<&'static str>,
    rows: Vec<comfy_table::Row>,
    /// The least widths of the columns, until they have their widths.
    least: Vec<u16>,
    frame: Option<Frame>,
}

/// The frame that the first part gave to all others.
struct Frame {
    widths: Vec<u16>,
    bottom: String,
}

impl GrowingTable {
    pub fn new(header: &[&'static str]) -> Self {
        let least = vec![0; header.len()];
        Self { header: header.to_vec(), rows: Vec::new(), least, frame: None }
    }

    /// Adds a row to the next part, and gives the length of this part.
    pub fn add(&mut self, cells: &[Cell<'_>]) -> usize {
        for (least, cell) in self.least.iter_mut().zip(cells) {
            *least = cell.least_width().max(*least);
        }
        let cells = cells.iter().map(|cell| {
            let align = if cell.is_number() { CellAlignment::Right } else { CellAlignment::Left };
            comfy_table::Cell::new(cell.table_text()).set_alignment(align)
        });
        self.rows.push(cells.collect::<Vec<_>>().into());
        self.rows.len()
    }

    /// Gives the lines of the next part, and begins another one.
    pub fn next_part(&mut self) -> Vec<String> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let mut table = styled();
        table.add_rows(self.rows.drain(..));
        let Some(frame) = &self.frame else {
            return self.first_part(table);
        };
        let widths = frame.widths.iter();
        table.set_constraints(
            widths.map(|&width| ColumnConstraint::Absolute(Width::Fixed(width + PADDING))),
        );
        // It has a frame of its own, and no header.
        let mut lines: Vec<_> = lines(&table).skip(1).collect();
        lines.pop();
        lines
    }

    fn first_part(&mut self, mut table: Table) -> Vec<String> {
        table.set_header(&self.header);
        let mut lines: Vec<_> = lines(&fitted_with(table, &self.least)).collect();
        let bottom = lines.pop().unwrap_or_default();
        let columns = bottom.trim_matches(['└', '┘']).split('┴');
        let widths = columns.map(|line| u16::try_from(line.chars().count()).unwrap_or(u16::MAX));
        self.frame =
            Some(Frame { widths: widths.map(|it| it.saturating_sub(PADDING)).collect(), bottom });
        let header = lines.iter().position(|line| line.starts_with('╞')).unwrap_or_default();
        for line in &mut lines[1..header.max(1)] {
            *line = terminal::bold(line);
        }
        lines
    }

    /// Gives the last lines.
    pub fn end(&mut self) -> Vec<String> {
        let mut lines = self.next_part();
        lines.extend(self.frame.take().map(|frame| frame.bottom));
        lines
    }
}
