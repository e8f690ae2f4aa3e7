//! An estimate as tables, for people.

use comfy_table::{CellAlignment, Table};

use super::{
    Estimate,
    cost::Item,
    limits::{Limit, Load},
    model::Rates,
    numbers::{dollars, figure},
};
use crate::print::table;

impl Estimate {
    /// Prints it for people.
    pub fn print(&self) {
        println!("{}\n", self.load());
        println!("{}\n", self.crowd());
        println!("{}\n", self.meeting_limits());
        println!("{}\n", self.bill());
        println!("{}", self.verdict());
        let per_million = self
            .cost
            .usd_per_million_events
            .map_or_else(String::new, |usd| format!(", {} per million events", dollars(usd)));
        println!("A month costs {}{per_million}.", dollars(self.cost.usd_per_month));
    }

    fn load(&self) -> Table {
        let mut table = table(["every second", "average", "peak", "warm throughput to set"]);
        let warm = &self.warm_throughput;
        let rows = [
            ("callbacks", None),
            ("changes of members", None),
            ("functions at work at once", None),
            ("write units, table", Some(warm.table_writes)),
            ("write units, by-user", Some(warm.by_user_writes)),
            ("read units, table", Some(warm.table_reads)),
            ("partitions, table", None),
            ("partitions, by-user", None),
        ];
        let values = |rates: &Rates| {
            [
                rates.callbacks_per_second,
                rates.changes_per_second,
                rates.lambda_concurrency,
                rates.table_writes_per_second,
                rates.by_user_writes_per_second,
                rates.reads_per_second,
                rates.table_partitions,
                rates.by_user_partitions,
            ]
        };
        let values = values(&self.average).into_iter().zip(values(&self.peak));
        for ((name, warm), (average, peak)) in rows.into_iter().zip(values) {
            let warm = warm.map(figure).unwrap_or_default();
            table.add_row([name.to_owned(), figure(average), figure(peak), warm]);
        }
        right(table)
    }

    fn crowd(&self) -> Table {
        let crowd = &self.flash_crowd;
        let users = figure(crowd.users);
        let header = format!("{users} join one room in {} s", figure(crowd.seconds));
        let mut table = table([&*header, ""]);
        let seconds = |seconds| format!("{} s", figure(seconds));
        for (name, value) in [
            ("callbacks", figure(crowd.callbacks)),
            ("functions at work at once", figure(crowd.lambda_concurrency)),
            ("of them cold starts", figure(crowd.cold_starts)),
            ("one partition needs", seconds(crowd.partition_seconds)),
            ("the budget leaves it", seconds(crowd.writing_seconds)),
            ("in the table in time", figure(crowd.in_time_users)),
            ("deferred", figure(crowd.deferred_users)),
        ] {
            table.add_row([name.to_owned(), value]);
        }
        right(table)
    }

    fn meeting_limits(&self) -> Table {
        let mut table = table(["limit", "it allows", "needed", "met at", "beyond it"]);
        for limit in &self.limits {
            let (allowed, needed) = (figure(limit.allowed), figure(limit.needed));
            let mark = if limit.is_exceeded() { " !" } else { "" };
            table.add_row([
                limit.name.to_owned(),
                format!("{allowed} {}", limit.unit),
                format!("{needed}{mark}"),
                limit.met_at(),
                limit.beyond.to_string(),
            ]);
        }
        table
    }

    fn bill(&self) -> Table {
        let mut table = table(["a month", "amount", "price", "US dollars"]);
        for item in self.cost.items.iter().filter(|item| item.amount > 0.0) {
            table.add_row([
                item.name.to_owned(),
                format!("{} {}", figure(item.amount), item.unit),
                item.price(),
                dollars(item.usd_per_month),
            ]);
        }
        let total = dollars(self.cost.usd_per_month);
        table.add_row([String::from("total"), String::new(), String::new(), total]);
        if let Some(column) = table.column_mut(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    /// Which limit binds first, in one sentence.
    fn verdict(&self) -> String {
        let Some(limit) = &self.binds_first else {
            return "Without a load no limit binds.".to_owned();
        };
        let expected = limit.of.in_words(limit.expected);
        let so = if limit.is_exceeded() {
            format!("is {}", limit.beyond)
        } else {
            format!("would be {}", limit.beyond)
        };
        format!(
            "The first limit is {}: it binds at {}, and {expected} are expected. What is beyond {so}.",
            limit.name,
            limit.met_at(),
        )
    }
}

impl Limit {
    fn met_at(&self) -> String {
        self.binds_at.map_or_else(|| "no load".to_owned(), |load| self.of.in_words(load))
    }
}

impl Item {
    fn price(&self) -> String {
        let (whole, cents) = (self.price_usd.to_string(), format!("{:.2}", self.price_usd));
        let price = if whole.len() > cents.len() { whole } else { cents };
        let unit = self.unit.trim_end_matches('s');
        match self.price_per {
            1e6 => format!("${price} per million"),
            1.0 => format!("${price} per {unit}"),
            many => format!("${price} per {}", figure(many)),
        }
    }
}

impl Load {
    fn in_words(self, load: f64) -> String {
        let unit = match self {
            Self::PeakEventsPerSecond => "events/s",
            Self::FlashCrowdUsers => "users at once",
        };
        format!("{} {unit}", figure(load))
    }
}

/// All columns but the first are figures.
fn right(mut table: Table) -> Table {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
