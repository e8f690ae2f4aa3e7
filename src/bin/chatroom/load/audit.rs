//! Compares the table with the record.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chatroom_status_sync::{
    domain::ids::{AppKey, RoomId},
    table::{
        Table,
        presence::{Collection, Member},
    },
};
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::record::{Expected, Record, Room};
use crate::Result;

/// Rooms that are read at once.
const CONCURRENCY: usize = 8;
/// From one audit to the next.
const PAUSE: Duration = Duration::from_secs(1);

/// What the audit found.
#[derive(Debug, Default, Serialize)]
pub struct Audit {
    /// Rooms that were read.
    pub rooms: u64,
    /// Who is in a room, as it should be.
    pub present: u64,
    /// Who is in a room no more, as it should be.
    pub absent: u64,
    /// Who may be in a room or not, because what decides was never accepted.
    pub unknown: u64,
    /// Everything else.
    pub mismatches: Vec<Mismatch>,
    /// Why there was no audit.
    pub failure: Option<String>,
}

/// Something that the table says and should not.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mismatch {
    pub chat_room_id: String,
    pub user_id: String,
    pub expected: &'static str,
    pub found: String,
}

/// Audits until everything is as it should be, or `settle` is over: what is deferred takes a while.
/// Each round starts `progress` anew.
pub async fn audit(
    table: &Table,
    app: &AppKey,
    record: &Record,
    settle: Duration,
    progress: &ProgressBar,
) -> Audit {
    let until = Instant::now() + settle;
    loop {
        progress.set_position(0);
        let audit = once(table, app, record, progress).await;
        let audit = audit.unwrap_or_else(|why| Audit::failed(why.to_string()));
        let left = until.saturating_duration_since(Instant::now());
        if audit.is_clean() || left.is_zero() {
            progress.finish_and_clear();
            return audit;
        }
        progress.set_message(format!("{} members wrong so far", audit.mismatches.len()));
        sleep(PAUSE.min(left)).await;
    }
}

async fn once(
    table: &Table,
    app: &AppKey,
    record: &Record,
    progress: &ProgressBar,
) -> Result<Audit> {
    let rooms: Vec<_> = record.rooms().collect();
    let seen = stream::iter(rooms).map(async |(id, room)| {
        let seen = table.room(app, &RoomId::new(id)?).await?;
        Result::Ok((id, room, seen))
    });
    let mut seen = seen.buffer_unordered(CONCURRENCY);
    let mut audit = Audit::default();
    while let Some((id, room, seen)) = seen.try_next().await? {
        audit.compare(id, room, &seen);
        progress.inc(1);
    }
    audit
        .mismatches
        .sort_by(|a, b| (&a.chat_room_id, &a.user_id).cmp(&(&b.chat_room_id, &b.user_id)));
    Ok(audit)
}

impl Audit {
    /// There was none, for this reason.
    pub fn failed(why: String) -> Self {
        Self { failure: Some(why), ..Self::default() }
    }

    /// Whether the table is right.
    pub fn is_clean(&self) -> bool {
        self.failure.is_none() && self.mismatches.is_empty()
    }

    fn compare(&mut self, id: &str, room: &Room, seen: &Collection) {
        self.rooms += 1;
        let present: BTreeSet<_> = seen.present().map(|member| &*member.user_id).collect();
        let items: BTreeMap<_, _> =
            seen.members.iter().map(|member| (&*member.user_id, member)).collect();
        let mut mismatch = |user: &str, expected, found| {
            self.mismatches.push(Mismatch {
                chat_room_id: id.to_owned(),
                user_id: user.to_owned(),
                expected,
                found,
            });
        };
        for (user, expected) in room.members() {
            match (expected, present.contains(user)) {
                (Expected::Unknown, _) => self.unknown += 1,
                (Expected::Present, true) => self.present += 1,
                (Expected::Absent, false) => self.absent += 1,
                (Expected::Present, false) => {
                    let found = items.get(user).map_or_else(nothing, |member| as_it_is(member));
                    mismatch(user, "in the room", found);
                }
                (Expected::Absent, true) => mismatch(user, "not in the room", "in the room".into()),
            }
        }
        for user in present.into_iter().filter(|user| !room.knows(user)) {
            mismatch(user, "unheard of", "in the room".into());
        }
    }
}

fn nothing() -> String {
    "nothing".to_owned()
}

/// Why a member is not in a room.
fn as_it_is(member: &Member) -> String {
    match &*member.membership {
        "joined" => "joined before the room's end".to_owned(),
        membership => format!("{membership} ({})", member.reason),
    }
}
