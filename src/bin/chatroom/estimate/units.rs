//! What one change costs, and what is stored: by the sizes of items.

use serde::Serialize;

use super::{constants as c, demand::Demand};

/// What one change costs.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Units {
    /// Write units of the table.
    pub table_writes: f64,
    /// Write units of the index that the item enters or leaves.
    pub index_writes: f64,
    /// Read units, strongly consistent.
    pub reads: f64,
}

/// What each kind of change costs. An item enters its index by getting the index key and leaves it
/// by losing the key; each is one write of the index. A write whose condition fails costs the
/// table's units all the same, and the index nothing:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnitsPerChange {
    /// Enters by-user, and looks at its room, if its function did not within five seconds.
    pub join: Units,
    /// Leaves by-user.
    pub leave: Units,
    /// Changes nothing: the condition fails. (A repeated join looks at its room, too.)
    pub repeat: Units,
    /// Enters active-rooms.
    pub create: Units,
    /// Leaves active-rooms.
    pub destroy: Units,
    /// One who is still in a room that ended leaves by-user. Reading the room comes on top.
    pub swept_member: Units,
}

impl UnitsPerChange {
    pub fn of(demand: &Demand) -> Self {
        let units = |bytes, index_writes, reads| Units {
            table_writes: write_units(bytes),
            index_writes: index_writes * write_units(bytes),
            reads,
        };
        let (member, room) = (member_bytes(demand), room_bytes(demand));
        let look = (room / c::READ_UNIT_BYTES).ceil();
        Self {
            join: units(member, 1.0, look),
            leave: units(member, 1.0, 0.0),
            repeat: units(member, 0.0, 0.0),
            create: units(room, 1.0, 0.0),
            destroy: units(room, 1.0, 0.0),
            swept_member: units(member, 1.0, 0.0),
        }
    }
}

/// Write units of an item.
fn write_units(bytes: f64) -> f64 {
    (bytes / c::WRITE_UNIT_BYTES).ceil()
}

/// Bytes of a member's item at its largest, attribute names included: five ids, three App Keys, and
/// what is the same in every item. A number takes a byte for two digits and one more.
fn member_bytes(demand: &Demand) -> f64 {
    f64::from(137 + 3 * c::APP_KEY_BYTES + 5 * demand.id_bytes)
}

/// Bytes of a room's item at its largest: two ids, three App Keys, and the rest.
fn room_bytes(demand: &Demand) -> f64 {
    f64::from(172 + 3 * c::APP_KEY_BYTES + 2 * demand.id_bytes)
}

/// What is in the table, at the average rate.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stored {
    /// Members who are in a room: joins per second times the seconds of a stay (Little's law).
    pub present_members: f64,
    /// Members' items: those present, and those gone for less than the retention.
    pub members: f64,
    /// Rooms' items: the active ones, and those destroyed within the retention.
    pub rooms: f64,
    /// Bytes of one member's item.
    pub member_bytes: f64,
    /// Bytes of one room's item.
    pub room_bytes: f64,
    /// GB of the table, the overhead of each item included.
    pub table_gb: f64,
    /// GB of both indexes, which hold whole items: present members, active rooms.
    pub index_gb: f64,
}

impl Stored {
    pub fn of(demand: &Demand) -> Self {
        let joins_per_second = demand.news(demand.events_per_second) / 2.0;
        let retention_seconds = f64::from(demand.retention) * 86_400.0;
        let present_members = joins_per_second * demand.stay * 60.0;
        let gone = joins_per_second * retention_seconds;
        let members = demand.members.unwrap_or(present_members + gone);
        let active = f64::from(demand.rooms);
        let rooms = active + demand.ends_per_second() * retention_seconds;
        let [member, room] = [member_bytes(demand), room_bytes(demand)]
            .map(|bytes| (bytes + c::ITEM_OVERHEAD_BYTES) / c::GB);
        Self {
            present_members,
            members,
            rooms,
            member_bytes: member_bytes(demand),
            room_bytes: room_bytes(demand),
            table_gb: members * member + rooms * room,
            index_gb: present_members.min(members) * member + active * room,
        }
    }
}
