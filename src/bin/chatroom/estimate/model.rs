//! What a load needs every second: requests, units, functions, partitions. Pure arithmetic, and upper
//! bounds where the truth depends on more than the options say.
//!
//! Left out, because it is rare or small: rooms that a join finds unknown or ended (two more write
//! units each), what is written a second time because events came in the wrong order, dead letters.

use chatroom_status_sync::table::{CONCURRENCY, room_cache::AGE};
use serde::Serialize;

use super::{
    constants as c,
    demand::Demand,
    units::{Stored, Units, UnitsPerChange},
};

/// Members that a sweep reads at once, as the table's own sweep does.
const PAGE: f64 = 1000.0;

/// What happens every second, at one rate of events.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rates {
    pub events_per_second: f64,
    /// Those that bring joins and leaves, and one for each create and destroy.
    pub callbacks_per_second: f64,
    /// Members written or found to be as new.
    pub changes_per_second: f64,
    /// Members who are still in a room that ends.
    pub swept_members_per_second: f64,
    /// Functions at work at once: callbacks per second times seconds of one (Little's law).
    pub lambda_concurrency: f64,
    pub table_writes_per_second: f64,
    pub by_user_writes_per_second: f64,
    pub active_rooms_writes_per_second: f64,
    pub reads_per_second: f64,
    /// Partitions of the table, at least.
    pub table_partitions: f64,
    /// Partitions of by-user, at least.
    pub by_user_partitions: f64,
}

impl Rates {
    pub fn at(demand: &Demand, events_per_second: f64) -> Self {
        let (units, stored) = (UnitsPerChange::of(demand), Stored::of(demand));
        let ends = demand.ends_per_second();
        let changes = events_per_second * f64::from(demand.users_per_event);
        let news = demand.news(events_per_second);
        let callbacks = events_per_second / f64::from(demand.events_per_callback) + 2.0 * ends;
        let concurrency = callbacks * callback_seconds(demand);
        // Nobody can be swept who did not join.
        let most = demand.news(demand.events_per_second) / 2.0;
        let swept = (ends * stored.present_members / f64::from(demand.rooms)).min(most);

        let Units { index_writes, .. } = units.join;
        let by_user = news * index_writes + swept * units.swept_member.index_writes;
        let active_rooms = ends * (units.create.index_writes + units.destroy.index_writes);
        let table = news * units.join.table_writes
            + (changes - news) * units.repeat.table_writes
            + swept * units.swept_member.table_writes
            + ends * (units.create.table_writes + units.destroy.table_writes);
        let collection = stored.members / stored.rooms;
        let sweep = (collection * stored.member_bytes / c::READ_UNIT_BYTES).ceil()
            + (collection / PAGE).ceil().max(1.0) * units.join.reads;
        let reads = looks(demand, events_per_second, concurrency) * units.join.reads + ends * sweep;
        Self {
            events_per_second,
            callbacks_per_second: callbacks,
            changes_per_second: changes,
            swept_members_per_second: swept,
            lambda_concurrency: concurrency,
            table_writes_per_second: table,
            by_user_writes_per_second: by_user,
            active_rooms_writes_per_second: active_rooms,
            reads_per_second: reads,
            table_partitions: partitions(table, reads, stored.table_gb),
            by_user_partitions: partitions(by_user, 0.0, stored.index_gb),
        }
    }
}

/// Seconds of a warm callback. So many changes at once take one turn; in the end the budget cuts.
pub fn callback_seconds(demand: &Demand) -> f64 {
    let turns = (demand.changes_per_callback() / at_once()).ceil();
    (turns * f64::from(demand.warm_ms)).min(f64::from(demand.budget_ms)) / 1000.0
}

/// Changes that a function writes at once.
pub fn at_once() -> f64 {
    u32::try_from(CONCURRENCY).map_or(f64::INFINITY, f64::from)
}

/// How often per second a join looks at its room. Each of the functions at work remembers a room for
/// five seconds and then looks again with the next join, so it looks once in five seconds and the
/// time between two joins. Busy rooms and few functions make looks rare.
fn looks(demand: &Demand, events_per_second: f64, concurrency: f64) -> f64 {
    let joins = events_per_second / 2.0;
    let memories = f64::from(demand.rooms) * concurrency.ceil().max(1.0);
    joins / (1.0 + AGE.as_secs_f64() * joins / memories)
}

/// Partitions for so many units per second and so many GB. A partition that reads and writes has
/// less of both.
fn partitions(writes: f64, reads: f64, gb: f64) -> f64 {
    let by_units = writes / c::PARTITION_WRITES_PER_SECOND + reads / c::PARTITION_READS_PER_SECOND;
    by_units.max(gb * c::GB / c::PARTITION_BYTES).ceil().max(1.0)
}
