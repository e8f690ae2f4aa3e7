//! Compares the table with the record.

use std::{collections::BTreeSet, fmt, time::Duration};

use chatroom_status_sync::{
    domain::ids::{AppKey, RoomId},
    table::{presence::Collection, read::Reader},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::record::{Expected, Record, RecordedRoom};
use crate::result::Result;

/// Rooms that are read at once.
const CONCURRENCY: usize = 8;
/// The time from one audit to the next.
const PAUSE: Duration = Duration::from_secs(1);
/// Mismatches that are listed.
const LISTED: usize = 20;

/// The findings of an audit.
#[derive(Default, Serialize)]
pub struct Audit {
    /// Rooms that were read.
    rooms: usize,
    /// Members who are in a room, and members who are in it no more, as it should be.
    present: usize,
    absent: usize,
    /// Members who may be in a room or not, because what decides was never accepted.
    unknown: usize,
    /// All other members, and the first of them.
    pub wrong: usize,
    mismatches: Vec<Mismatch>,
    /// The reason why there was no audit.
    pub failure: Option<String>,
}

/// Audits until everything is as it should be, or `settle` is over: what is deferred takes a while.
/// Each round starts `progress` anew.
pub async fn audit(
    reader: &Reader,
    app: &AppKey,
    record: &Record,
    settle: Duration,
    progress: &ProgressBar,
) -> Audit {
    let until = Instant::now() + settle;
    loop {
        progress.set_position(0);
        let audited = Audit::once(reader, app, record, progress).await;
        let audit = audited.unwrap_or_else(|why| Audit::failed(why.to_string()));
        let left = until.saturating_duration_since(Instant::now());
        if audit.is_clean() || left.is_zero() {
            progress.finish_and_clear();
            return audit;
        }
        progress.set_message(format!("{} members wrong so far", audit.wrong));
        sleep(PAUSE.min(left)).await;
    }
}

impl Audit {
    /// Reports that there was none, for this reason.
    pub fn failed(why: String) -> Self {
        Self { failure: Some(why), ..Self::default() }
    }

    /// Tells whether the table is right.
    pub fn is_clean(&self) -> bool {
        self.failure.is_none() && self.wrong == 0
    }

    /// Compares every room.
    async fn once(
        reader: &Reader,
        app: &AppKey,
        record: &Record,
        bar: &ProgressBar,
    ) -> Result<Self> {
        let reads = stream::iter(&record.rooms).map(async |(id, recorded)| {
            let found = reader.collection(app, &RoomId::new(id)?).await?;
            Result::Ok((id, recorded, found))
        });
        let mut rooms = reads.buffered(CONCURRENCY);
        let mut audit = Self::default();
        while let Some((id, recorded, found)) = rooms.try_next().await? {
            audit.compare(id, recorded, &found);
            bar.inc(1);
        }
        Ok(audit)
    }

    fn compare(&mut self, id: &str, room: &RecordedRoom, collection: &Collection) {
        self.rooms += 1;
        let present: BTreeSet<_> = collection.present().map(|member| &*member.user_id).collect();
        let users: BTreeSet<_> = room.users().chain(present.iter().copied()).collect();
        for user in users {
            match (room.expected(user), present.contains(user)) {
                (Some(Expected::Unknown), _) => self.unknown += 1,
                (Some(Expected::Present), true) => self.present += 1,
                (Some(Expected::Absent), false) => self.absent += 1,
                (expected, _) => {
                    self.wrong += 1;
                    if self.mismatches.len() < LISTED {
                        self.mismatches.push(Mismatch::of(user, expected, collection, id));
                    }
                }
            }
        }
    }
}

/// Something that the table says and should not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mismatch {
    chat_room_id: String,
    user_id: String,
    expected: &'static str,
    found: String,
}

impl Mismatch {
    fn of(user: &str, expected: Option<Expected>, collection: &Collection, room: &str) -> Self {
        let expected = match expected {
            Some(Expected::Present) => "in the room",
            Some(_) => "not in the room",
            None => "unheard of",
        };
        let found = match collection.members.iter().find(|member| member.user_id == user) {
            None => "nothing",
            Some(member) if member.is_present_in(collection.room.as_ref()) => "in the room",
            Some(member) if member.membership == "joined" => "joined before the room's end",
            Some(member) => &format!("{} ({})", member.membership, member.reason),
        };
        let (chat_room_id, user_id) = (room.to_owned(), user.to_owned());
        Self { chat_room_id, user_id, expected, found: found.to_owned() }
    }
}

/// Words it for people.
impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.failure {
            return write!(f, "not audited: {why}");
        }
        let Self { rooms, present, absent, unknown, wrong, mismatches, .. } = self;
        write!(
            f,
            "{rooms} rooms, {present} members in them and {absent} gone as they should be, \
             {unknown} unknown, {wrong} wrong"
        )?;
        for Mismatch { chat_room_id: room, user_id, expected, found } in mismatches {
            write!(
                f,
                "\n           {user_id} in {room}: should be {expected}, the table says {found}"
            )?;
        }
        match wrong - mismatches.len() {
            0 => Ok(()),
            more => write!(f, "\n           and {more} more"),
        }
    }
}
