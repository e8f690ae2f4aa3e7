//! An estimate as tables, for people.

use std::iter;

use comfy_table::{CellAlignment, Table};

use super::{
    Estimate,
    crowd::FlashCrowd,
    limits::Limit,
    load::{Rates, WarmThroughput},
};
use crate::{print, result::Result};

/// A figure of an object, and its name.
type Row<T> = (&'static str, fn(&T) -> f64);

const RATES: [Row<Rates>; 8] = [
    ("joins and leaves", |rates| rates.events_per_second),
    ("callbacks", |rates| rates.callbacks_per_second),
    ("functions at work at once", |rates| rates.lambda_concurrency),
    ("write units, table", |rates| rates.table_writes_per_second),
    ("write units, by-user", |rates| rates.by_user_writes_per_second),
    ("write units, active-rooms", |rates| rates.active_rooms_writes_per_second),
    ("read units, table", |rates| rates.reads_per_second),
    ("members swept", |rates| rates.swept_members_per_second),
];
const WARM: [Row<WarmThroughput>; 3] = [
    ("write units/s, table", |warm| warm.table_writes),
    ("write units/s, by-user", |warm| warm.by_user_writes),
    ("read units/s, table", |warm| warm.table_reads),
];
const CROWD: [Row<FlashCrowd>; 5] = [
    ("functions at work at once", |crowd| crowd.lambda_concurrency),
    ("cold starts among them", |crowd| crowd.cold_starts),
    ("seconds that one partition needs", |crowd| crowd.partition_seconds),
    ("seconds that the budget leaves it", |crowd| crowd.writing_seconds),
    ("users deferred", |crowd| crowd.deferred_users),
];

impl Estimate {
    /// Prints it for people.
    pub fn print(&self) -> Result {
        let [users, seconds] = [self.flash_crowd.users, self.flash_crowd.seconds].map(figure);
        let crowd = format!("{users} join one room in {seconds} s");
        for table in [
            figures(["every second", "average", "peak"], &RATES, &[&self.average, &self.peak]),
            figures(["warm throughput to set", ""], &WARM, &[&self.warm_throughput]),
            figures([&crowd, ""], &CROWD, &[&self.flash_crowd]),
            self.met_limits(),
            self.bill(),
            self.assumed(),
        ] {
            print::line(format!("{table}\n"))?;
        }
        print::line(verdict(self.binds_first.as_ref()))?;
        let per_million = self.cost.usd_per_million_events;
        let per_million = per_million.map(|usd| format!(", {} per million events", dollars(usd)));
        let month = dollars(self.cost.usd_per_month);
        print::line(format!("A month costs {month}{}.", per_million.unwrap_or_default()))
    }

    fn assumed(&self) -> Table {
        let rows = self.assumptions.iter().map(|assumption| {
            let number = assumption.value.to_string();
            [assumption.name.clone(), number, assumption.unit.into(), assumption.source.into()]
        });
        table(["assumed", "number", "unit", "source"], &[1], rows)
    }

    fn met_limits(&self) -> Table {
        let rows = self.limits.iter().map(|limit| {
            let mark = if limit.is_exceeded() { " !" } else { "" };
            [
                limit.name.to_owned(),
                format!("{} {}", figure(limit.allowed), limit.unit),
                format!("{}{mark}", figure(limit.needed)),
                format!("{} {}", figure(limit.binds_at), limit.of_unit),
                limit.beyond.to_owned(),
            ]
        });
        table(["limit", "it allows", "needed", "met at", "beyond it"], &[], rows)
    }

    fn bill(&self) -> Table {
        let items = self.cost.items.iter().filter(|item| item.amount > 0.0);
        let rows = items.map(|item| {
            let amount = format!("{} {}", figure(item.amount), item.unit);
            let per =
                if item.price_per > 1.0 { "million" } else { item.unit.trim_end_matches('s') };
            let price = format!("${} per {per}", item.price_usd);
            [item.name.into(), amount, price, dollars(item.usd_per_month), item.source.into()]
        });
        table(["a month", "amount", "price", "US dollars", "source of the price"], &[3], rows)
    }
}

/// Names the limit that binds first.
fn verdict(first: Option<&Limit>) -> String {
    let Some(limit) = first else {
        return "Without a load no limit binds.".to_owned();
    };
    let Limit { name, of_unit, beyond, .. } = limit;
    let [load, expected] = [limit.binds_at, limit.expected].map(figure);
    let is = if limit.is_exceeded() { "is" } else { "would be" };
    format!(
        "The first limit is {name}: it binds at {load} {of_unit}, and {expected} {of_unit} are \
         expected. What is beyond {is} {beyond}."
    )
}

/// Makes a table of the same figures of some objects, side by side.
fn figures<const N: usize, T>(header: [&str; N], rows: &[Row<T>], objects: &[&T]) -> Table {
    let rows = rows.iter().map(|(name, value)| {
        let values = objects.iter().map(|object| figure(value(object)));
        iter::once((*name).to_owned()).chain(values).collect::<Vec<_>>()
    });
    table(header, &[1, 2], rows)
}

/// Makes a table, some of whose columns are figures.
fn table<const N: usize, R: Into<comfy_table::Row>>(
    header: [&str; N],
    figures: &[usize],
    rows: impl IntoIterator<Item = R>,
) -> Table {
    let mut table = print::table(header);
    table.add_rows(rows);
    for (_, column) in table.column_iter_mut().enumerate().filter(|(at, _)| figures.contains(at)) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Words an amount of money, in cents.
pub fn dollars(usd: f64) -> String {
    format!("${}", grouped(&format!("{usd:.2}")))
}

/// Words a figure with three digits that count, or all of those before the point.
pub fn figure(value: f64) -> String {
    let text = match value {
        100.0.. => return grouped(&format!("{value:.0}")),
        10.0.. => format!("{value:.1}"),
        0.1.. => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Puts commas between thousands.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let groups = whole.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",") + rest
}
