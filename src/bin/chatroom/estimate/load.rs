//! Units of a change, content of the table, and needs of a second.
//!
//! Left out, because it is rare or small: creating and destroying rooms (five write units with the
//! sweep, and a swept member costs as much as one who leaves), the claim and the release that each
//! hop of a sweep writes where a room has more than one page of members, rooms that a join finds
//! unknown or ended, what is written a second time because events came in the wrong order, dead
//! letters.

use std::collections::BTreeMap;

use chatroom_status_sync::table::{CONCURRENCY, room_cache::AGE};
use serde::Serialize;

use super::{assumptions::Assumptions, demand::Demand};

pub const GB: f64 = 1024.0 * 1024.0 * 1024.0;

/// Capacity of the table and of its indexes that a change, or a second, uses.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Units {
    pub table_writes: f64,
    /// Write units of the index that an item enters or leaves by getting or losing its key.
    pub index_writes: f64,
    pub reads: f64,
}

/// Lists the units of each change. A write whose condition fails (`repeat`) costs the table's units
/// as well: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html>
pub fn units_per_change(assumed: &Assumptions) -> BTreeMap<&'static str, Units> {
    let [member, room] = write_units(assumed);
    let units = |table_writes, index_writes, reads| Units { table_writes, index_writes, reads };
    BTreeMap::from([
        // A join, repeated or not, looks at its room, too, if its function did not lately.
        ("join", units(member, member, 1.0)),
        ("leave", units(member, member, 0.0)),
        ("repeat", units(member, 0.0, 0.0)),
        ("create", units(room, room, 0.0)),
        ("destroy", units(room, room, 0.0)),
        // Reading the room that ended, and the page of its members, comes on top.
        ("sweptMember", units(member, member, 0.0)),
        ("sweptRoom", units(room, 0.0, 0.0)),
    ])
}

/// Write units of a member's and of a room's item, in the table or in an index.
pub fn write_units(assumed: &Assumptions) -> [f64; 2] {
    item_bytes(assumed).map(|bytes| (bytes / 1024.0).ceil())
}

/// Bytes of a member's and of a room's item at their largest: ids, three App Keys, and the rest,
/// attribute names included. A number takes a byte for two digits and one more.
fn item_bytes(assumed: &Assumptions) -> [f64; 2] {
    [(137.0, 5.0), (172.0, 2.0)]
        .map(|(rest, ids)| rest + ids * assumed.id_bytes + 3.0 * assumed.app_key_bytes)
}

/// Content of the table at the average rate, with what is gone for less than the retention.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stored {
    member_bytes: f64,
    room_bytes: f64,
    present_members: f64,
    members: f64,
    pub table_gb: f64,
    /// GB of the indexes, which hold whole items: present members, active rooms.
    pub index_gb: f64,
}

impl Stored {
    pub fn of(demand: &Demand) -> Self {
        let assumed = &demand.assumed;
        let [member_bytes, room_bytes] = item_bytes(assumed);
        let joins = demand.events_per_second * demand.users_per_event * demand.news() / 2.0;
        let present_members = joins * assumed.stay * 60.0;
        let newcomers = joins * (1.0 - assumed.comebacks / 100.0);
        let members = present_members + newcomers * assumed.retention * 86_400.0;
        let gb = |members| {
            let rooms = assumed.rooms * (room_bytes + assumed.item_overhead);
            (members * (member_bytes + assumed.item_overhead) + rooms) / GB
        };
        let (table_gb, index_gb) = (gb(members), gb(present_members));
        Self { member_bytes, room_bytes, present_members, members, table_gb, index_gb }
    }
}

/// Needs of a second, at one rate of events.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rates {
    pub events_per_second: f64,
    pub callbacks_per_second: f64,
    pub lambda_concurrency: f64,
    #[serde(flatten)]
    pub units: Units,
}

impl Rates {
    pub fn at(demand: &Demand, events_per_second: f64) -> Self {
        let assumed = &demand.assumed;
        let callbacks_per_second = events_per_second / assumed.events_per_callback;
        let lambda_concurrency = callbacks_per_second * callback_seconds(demand);
        let [member, _] = write_units(assumed);
        let table_writes = events_per_second * demand.users_per_event * member;
        let index_writes = table_writes * demand.news();
        // A function looks at a room once in the cache's age and the time between two joins.
        let joins = events_per_second / 2.0;
        let caches = assumed.rooms * lambda_concurrency.ceil().max(1.0);
        let reads = joins / (1.0 + AGE.as_secs_f64() * joins / caches);
        let units = Units { table_writes, index_writes, reads };
        Self { events_per_second, callbacks_per_second, lambda_concurrency, units }
    }
}

/// Seconds of a warm callback: so many changes at once take one turn, until the budget cuts.
pub fn callback_seconds(demand: &Demand) -> f64 {
    let at_once = u32::try_from(CONCURRENCY).map_or(f64::INFINITY, f64::from);
    let turns = (demand.users_per_callback() / at_once).ceil();
    (turns * demand.assumed.warm_ms).min(demand.assumed.budget_ms) / 1000.0
}

/// Units per second to set before the peak, and no less than a new table takes anyhow.
pub fn warm_throughput(demand: &Demand) -> Units {
    let assumed = &demand.assumed;
    let peak = Rates::at(demand, demand.peak_events_per_second()).units;
    Units {
        table_writes: peak.table_writes.ceil().max(assumed.new_table_writes),
        index_writes: peak.index_writes.ceil().max(assumed.new_table_writes),
        reads: peak.reads.ceil().max(assumed.new_table_reads),
    }
}
