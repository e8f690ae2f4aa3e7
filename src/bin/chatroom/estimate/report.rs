//! An estimate as tables, for people.

use comfy_table::{CellAlignment, Table};

use super::{
    cost::Cost,
    crowd::FlashCrowd,
    demand::Demand,
    limits::{self, Limit},
    load::{Rates, warm_throughput},
};
use crate::{print, result::Result};

/// Prints the estimate of a demand.
pub fn print(demand: &Demand) -> Result {
    let (limits, cost) = (limits::of(demand), Cost::of(demand));
    for table in
        [needs(demand), warmed(demand), crowded(demand), met(&limits), bill(&cost), assumed(demand)]
    {
        print::line(format!("{}\n", print::fitted(table)))?;
    }
    print::line(verdict(limits::first(&limits)))?;
    let per_million = cost.usd_per_million_events;
    let per_million = per_million.map(|usd| format!(", {} per million events", dollars(usd)));
    let month = dollars(cost.usd_per_month);
    print::line(format!("A month costs {month}{}.", per_million.unwrap_or_default()))
}

fn needs(demand: &Demand) -> Table {
    let rates = [demand.events_per_second, demand.peak_events_per_second()];
    let [average, peak] = rates.map(|events| Rates::at(demand, events));
    let row = |name: &str, of: fn(&Rates) -> f64| {
        [name.to_owned(), figure(of(&average)), figure(of(&peak))]
    };
    let rows = [
        row("joins and leaves", |rates| rates.events_per_second),
        row("callbacks", |rates| rates.callbacks_per_second),
        row("functions at work at once", |rates| rates.lambda_concurrency),
        row("write units, table", |rates| rates.units.table_writes),
        row("write units, by-user", |rates| rates.units.index_writes),
        row("read units, table", |rates| rates.units.reads),
    ];
    table(["every second", "average", "peak"], &[1, 2], rows)
}

fn warmed(demand: &Demand) -> Table {
    let warm = warm_throughput(demand);
    let rows = [
        ("write units/s, table", warm.table_writes),
        ("write units/s, by-user", warm.index_writes),
        ("read units/s, table", warm.reads),
    ];
    figures("warm throughput to set", rows)
}

fn crowded(demand: &Demand) -> Table {
    let crowd = FlashCrowd::of(demand);
    let rows = [
        ("functions at work at once", crowd.lambda_concurrency),
        ("cold starts, before one of them is free", crowd.cold_starts),
        ("seconds that one partition needs", crowd.partition_seconds),
        ("users deferred", crowd.deferred_users),
        ("seconds until the table is right", crowd.right_after_seconds),
    ];
    let [users, seconds] = [demand.flash_crowd, demand.assumed.flash_seconds].map(figure);
    figures(&format!("{users} join one room in {seconds} s"), rows)
}

fn met(limits: &[Limit]) -> Table {
    let rows = limits.iter().map(|limit| {
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

fn bill(cost: &Cost) -> Table {
    let items = cost.items.iter().filter(|item| item.amount > 0.0);
    let rows = items.map(|item| {
        let amount = format!("{} {}", figure(item.amount), item.unit);
        let per = if item.price_per > 1.0 { "million" } else { item.unit.trim_end_matches('s') };
        let price = format!("${} per {per}", item.price_usd);
        [item.name.into(), amount, price, dollars(item.usd_per_month), item.source.into()]
    });
    table(["a month", "amount", "price", "US dollars", "source of the price"], &[3], rows)
}

fn assumed(demand: &Demand) -> Table {
    let rows = demand.assumed.list().into_iter().map(|assumption| {
        let number = assumption.value.to_string();
        [assumption.name, number, assumption.unit.into(), assumption.source.into()]
    });
    table(["assumed", "number", "unit", "source"], &[1], rows)
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

/// Makes a table of figures, one a row.
fn figures<const N: usize>(title: &str, rows: [(&str, f64); N]) -> Table {
    let rows = rows.map(|(name, value)| [name.to_owned(), figure(value)]);
    table([title, ""], &[1], rows)
}

/// Makes a table, some of whose columns are figures.
fn table<const N: usize>(
    header: [&str; N],
    figures: &[usize],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Table {
    let mut table = print::table(header);
    table.add_rows(rows);
    for (_, column) in table.column_iter_mut().enumerate().filter(|(at, _)| figures.contains(at)) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Words an amount of money, in cents.
fn dollars(usd: f64) -> String {
    format!("${}", grouped(&format!("{usd:.2}")))
}

/// Words a figure with three digits that count, or all of those before the point.
fn figure(value: f64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_shows_three_digits_that_count_and_commas() {
        let shown = [0.0, 0.0495, 4.25, 14.286, 20.0, 999.6, 1e6, 12_345_678.9].map(figure);
        let expected = ["0", "0.0495", "4.25", "14.3", "20", "1,000", "1,000,000", "12,345,679"];
        assert_eq!(shown, expected);
        assert_eq!(dollars(1234.5), "$1,234.50");
    }
}
