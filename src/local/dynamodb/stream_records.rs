//! The records of the embedded engine's streams: kept in order, and for a day, as DynamoDB does.
//!
//! The engine numbers a record by looking through all that it has, and forgets none, so that each
//! write takes longer than the one before. All of its SQL finds an index that it did not make.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, Result};

use crate::domain::time::Timestamp;

/// The time for which DynamoDB keeps a record.
const KEPT: Duration = Duration::from_hours(24);
/// The records that are forgotten at once, so that requests have to wait for no more than these.
const BATCH: usize = 1000;

/// The expression is the engine's own: an index serves no other.
const INDEX: &str = "CREATE INDEX IF NOT EXISTS _stream_records_in_order
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";
/// The newest record stays: the engine counts on from it.
const FORGET: &str = "DELETE FROM _stream_records
    WHERE id IN (SELECT id FROM _stream_records ORDER BY id LIMIT ?1)
    AND id < (SELECT MAX(id) FROM _stream_records)
    AND created_at < ?2";

/// The records of all streams, through a connection of its own.
///
/// It belongs on the engine's thread. There it never meets a transaction of the engine's that is
/// not over, and none has to wait for it.
pub struct StreamRecords(Connection);

impl StreamRecords {
    /// Opens the records beside an engine that has just opened the same database.
    pub fn open(database: &Path) -> Result<Self> {
        let connection = Connection::open(database)?;
        connection.execute(INDEX, [])?;
        Ok(Self(connection))
    }

    /// Forgets the oldest records whose day is over. Tells whether there may be more of them.
    pub fn forget_oldest(&self) -> Result<bool> {
        let now = Timestamp::from(SystemTime::now()).seconds();
        let forgotten = self.0.execute(FORGET, (BATCH, now.saturating_sub(KEPT.as_secs())))?;
        Ok(forgotten == BATCH)
    }
}
