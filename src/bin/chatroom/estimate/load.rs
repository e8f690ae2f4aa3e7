//! Units of a change, content of the table, and needs of a second.
//!
//! Left out, because it is rare or small: rooms that a join finds unknown or ended, what is written
//! a second time because events came in the wrong order, dead letters.

use chatroom_status_sync::table::{CONCURRENCY, room_cache::AGE};
use serde::Serialize;

use super::{assumptions::Assumptions, demand::Demand};

const WRITE_UNIT_BYTES: f64 = 1024.0;
/// Bytes of a strongly consistent read.
const READ_UNIT_BYTES: f64 = 4096.0;
pub const GB: f64 = 1024.0 * 1024.0 * 1024.0;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Units {
    pub table_writes: f64,
    /// Write units of the index that an item enters or leaves by getting or losing its key.
    pub index_writes: f64,
    pub reads: f64,
}

/// Units of each change. A write whose condition fails (`repeat`) costs the table's units as well:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnitsPerChange {
    /// A join, repeated or not, looks at its room, too, if its function did not lately.
    pub join: Units,
    pub leave: Units,
    pub repeat: Units,
    pub create: Units,
    pub destroy: Units,
    /// Member who is still in a room that ended; reading the room comes on top.
    pub swept_member: Units,
}

impl UnitsPerChange {
    pub fn of(assumed: &Assumptions) -> Self {
        let [member, room] = item_bytes(assumed).map(|bytes| (bytes / WRITE_UNIT_BYTES).ceil());
        let units = |table_writes, index_writes, reads| Units { table_writes, index_writes, reads };
        Self {
            join: units(member, member, 1.0),
            leave: units(member, member, 0.0),
            repeat: units(member, 0.0, 0.0),
            create: units(room, room, 0.0),
            destroy: units(room, room, 0.0),
            swept_member: units(member, member, 0.0),
        }
    }
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
    pub member_bytes: f64,
    pub room_bytes: f64,
    pub present_members: f64,
    pub members: f64,
    pub rooms: f64,
    pub table_gb: f64,
    /// GB of the indexes, which hold whole items: present members, active rooms.
    pub index_gb: f64,
}

impl Stored {
    pub fn of(demand: &Demand) -> Self {
        let assumed = &demand.assumed;
        let [member_bytes, room_bytes] = item_bytes(assumed);
        let (joins, retention) = (demand.new_joins_per_second(), assumed.retention * 86_400.0);
        let present_members = joins * assumed.stay * 60.0;
        let members = present_members + joins * retention * (1.0 - assumed.comebacks / 100.0);
        let rooms = assumed.rooms + demand.ends_per_second() * retention;
        let gb = |members, rooms| {
            let bytes = members * member_bytes + rooms * room_bytes;
            (bytes + (members + rooms) * assumed.item_overhead) / GB
        };
        let (table_gb, index_gb) = (gb(members, rooms), gb(present_members, assumed.rooms));
        Self { member_bytes, room_bytes, present_members, members, rooms, table_gb, index_gb }
    }
}

/// Needs of a second, at one rate of events.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rates {
    pub events_per_second: f64,
    pub callbacks_per_second: f64,
    /// Members who are still in a room that ends.
    pub swept_members_per_second: f64,
    pub lambda_concurrency: f64,
    pub table_writes_per_second: f64,
    pub by_user_writes_per_second: f64,
    pub active_rooms_writes_per_second: f64,
    pub reads_per_second: f64,
}

impl Rates {
    pub fn at(demand: &Demand, events: f64) -> Self {
        let (assumed, ends) = (&demand.assumed, demand.ends_per_second());
        let UnitsPerChange { join, create, .. } = UnitsPerChange::of(assumed);
        let stored = Stored::of(demand);
        let changes = events * demand.users_per_event;
        let callbacks = events / assumed.events_per_callback + 2.0 * ends;
        let functions = callbacks * callback_seconds(demand);
        // Nobody can be swept who did not join.
        let in_ended_rooms = ends * stored.present_members / assumed.rooms;
        let swept = in_ended_rooms.min(demand.new_joins_per_second());
        let by_user = changes * demand.news() + swept;
        let members_bytes = stored.members / stored.rooms * stored.member_bytes;
        let swept_units = (members_bytes / READ_UNIT_BYTES).ceil();
        // A function looks at a room once in the cache's age and the time between two joins.
        let (joins, caches) = (events / 2.0, assumed.rooms * functions.ceil().max(1.0));
        let looks = joins / (1.0 + AGE.as_secs_f64() * joins / caches);
        let sweep_units = swept_units + join.reads;
        Self {
            events_per_second: events,
            callbacks_per_second: callbacks,
            swept_members_per_second: swept,
            lambda_concurrency: functions,
            table_writes_per_second: (changes + swept) * join.table_writes
                + 2.0 * ends * create.table_writes,
            by_user_writes_per_second: by_user * join.index_writes,
            active_rooms_writes_per_second: 2.0 * ends * create.index_writes,
            reads_per_second: looks * join.reads + ends * sweep_units,
        }
    }
}

/// Seconds of a warm callback: so many changes at once take one turn, until the budget cuts.
pub fn callback_seconds(demand: &Demand) -> f64 {
    let turns = (demand.users_per_callback() / at_once()).ceil();
    (turns * demand.assumed.warm_ms).min(demand.assumed.budget_ms) / 1000.0
}

/// Changes that a function writes at once.
pub fn at_once() -> f64 {
    u32::try_from(CONCURRENCY).map_or(f64::INFINITY, f64::from)
}

/// Units per second to set before the peak, and no less than a new table takes anyhow.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WarmThroughput {
    pub table_writes: f64,
    pub table_reads: f64,
    pub by_user_writes: f64,
}

impl WarmThroughput {
    pub fn of(assumed: &Assumptions, peak: &Rates) -> Self {
        Self {
            table_writes: peak.table_writes_per_second.ceil().max(assumed.new_table_writes),
            table_reads: peak.reads_per_second.ceil().max(assumed.new_table_reads),
            by_user_writes: peak.by_user_writes_per_second.ceil().max(assumed.new_table_writes),
        }
    }
}
