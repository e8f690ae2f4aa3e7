//! The queues on disk: what a request changed is in a file before it is answered.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, Result, Row};
use tokio::time::Instant;

use super::queue::{LocalQueue, QueuedMessage, count_on_from};
use crate::domain::time::Timestamp;

/// `AUTOINCREMENT` has the file remember the largest number even after its message is gone.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    body TEXT NOT NULL,
    sent_ms INTEGER NOT NULL,
    receives INTEGER NOT NULL,
    visible_from_ms INTEGER NOT NULL)";
const NEWEST: &str = "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence";
const LOAD: &str = "SELECT queue, number, body, sent_ms, receives, visible_from_ms FROM messages";
const SAVE: &str = "INSERT INTO messages
    (queue, number, body, sent_ms, receives, visible_from_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (number) DO UPDATE SET queue = ?1, receives = ?5, visible_from_ms = ?6";
/// A message that moved to another queue is saved there, and stays.
const FORGET: &str = "DELETE FROM messages WHERE number = ?1 AND queue = ?2";

/// The file of all queues.
pub struct Disk(Connection);

impl Disk {
    /// Opens a file, and makes it if it is not there. Gives the queues in it.
    pub fn open(file: &Path) -> Result<(Self, BTreeMap<String, LocalQueue>)> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // With WAL, what is committed is in the hands of the operating system, so that a kill of
        // this process loses nothing. Only a power cut could, and waiting for the disk at each
        // request is too much to ask for that on a machine of a developer.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute(SCHEMA, [])?;
        count_on_from(connection.query_row(NEWEST, [], |row| row.get(0))?);
        let mut queues = BTreeMap::<String, LocalQueue>::new();
        let mut saved = connection.prepare(LOAD)?;
        let mut rows = saved.query([])?;
        while let Some(row) = rows.next()? {
            queues.entry(row.get("queue")?).or_default().add(message(row)?);
        }
        drop(rows);
        drop(saved);
        queues.values_mut().for_each(LocalQueue::forget_touched);
        Ok((Self(connection), queues))
    }

    /// Saves the messages that were touched, all or none of them.
    pub fn save(&mut self, queues: &mut BTreeMap<String, LocalQueue>) -> Result<()> {
        if !queues.values().any(LocalQueue::is_touched) {
            return Ok(());
        }
        let (now, instant) = (Timestamp::from(SystemTime::now()), Instant::now());
        let transaction = self.0.transaction()?;
        {
            let mut save = transaction.prepare_cached(SAVE)?;
            let mut forget = transaction.prepare_cached(FORGET)?;
            for (queue, messages) in &*queues {
                for (number, message) in messages.touched() {
                    let Some(message) = message else {
                        forget.execute((number, queue))?;
                        continue;
                    };
                    let hidden = message.visible_from.saturating_duration_since(instant);
                    let (sent, visible_from) = (message.sent.millis(), now.after(hidden).millis());
                    let QueuedMessage { body, receives, .. } = message;
                    save.execute((queue, number, body, sent, receives, visible_from))?;
                }
            }
        }
        transaction.commit()?;
        queues.values_mut().for_each(LocalQueue::forget_touched);
        Ok(())
    }
}

/// Reads a message. One that was in flight can be received at once, because whoever received it
/// ended with the process that had the file before.
fn message(row: &Row<'_>) -> Result<QueuedMessage> {
    let receives = row.get("receives")?;
    let visible_from = row.get::<_, u64>("visible_from_ms")?;
    let now = Timestamp::from(SystemTime::now()).millis();
    let delay = if receives > 0 { 0 } else { visible_from.saturating_sub(now) };
    Ok(QueuedMessage {
        number: row.get("number")?,
        body: row.get("body")?,
        sent: Timestamp::from_millis(row.get("sent_ms")?).unwrap_or(Timestamp::MAX),
        receives,
        visible_from: Instant::now() + Duration::from_millis(delay),
    })
}
