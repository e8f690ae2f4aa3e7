//! Words the joins of a repair as callbacks, and posts them one after the other.

use chatroom_status_sync::{
    domain::{event::Kind, ids::RoomId},
    local::im_server::WireEvent,
};
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use super::removed::Removed;
use crate::{
    result::Result,
    sender::{Outcome, Sender},
};

/// Users in one callback: so many the table can write within a second.
const USERS: usize = 1000;

/// The sum of the answers.
#[derive(Default, Serialize)]
pub struct Sent {
    /// Callbacks that were accepted.
    pub callbacks: usize,
    pub applied: u64,
    pub stale: u64,
    pub deferred: u64,
    pub quarantined: u64,
    /// The reason why a callback was not accepted. None was sent after it.
    pub failure: Option<String>,
}

/// Posts the joins, and stops at the first callback that is not accepted.
pub async fn post(
    sender: &Sender,
    room: &RoomId,
    removed: &[Removed],
    is_quiet: bool,
) -> Result<Sent> {
    let bar = if is_quiet { ProgressBar::hidden() } else { ProgressBar::no_length() };
    bar.set_length(u64::try_from(removed.len())?);
    let mut sent = Sent::default();
    for users in removed.chunks(USERS) {
        let outcome = sender.deliver(joins(room, users).into(), Instant::now()).await;
        sent.add(&outcome);
        if sent.failure.is_some() {
            break;
        }
        bar.inc(u64::try_from(users.len())?);
    }
    bar.finish_and_clear();
    Ok(sent)
}

/// Words an event for all who join at the same time.
fn joins(room: &RoomId, removed: &[Removed]) -> Vec<WireEvent> {
    let groups = removed.chunk_by(|one, other| one.join_at == other.join_at);
    let event = |group: &[Removed]| {
        let users: Vec<_> = group.iter().map(|member| &*member.user_id).collect();
        WireEvent::new(room.as_str(), &users, Kind::Join.number(), 0, group[0].join_at)
    };
    groups.map(event).collect()
}

impl Sent {
    fn add(&mut self, outcome: &Outcome) {
        let Some(answer) = outcome.accepted() else {
            self.failure = outcome.answers.last().map(|answer| match answer {
                Ok(answer) => answer.to_string(),
                Err(why) => why.to_string(),
            });
            return;
        };
        let counts: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let count = |name| counts[name].as_u64().unwrap_or_default();
        self.callbacks += 1;
        self.applied += count("applied");
        self.stale += count("stale");
        self.deferred += count("deferred");
        self.quarantined += count("quarantined");
    }

    /// Tells whether everything was taken and understood.
    pub fn verdict(&self) -> Result {
        match &self.failure {
            Some(why) => Err(format!(
                "a callback was not accepted, and none was sent after it: {why}. To repair again \
                 goes on with the rest"
            )
            .into()),
            None if self.quarantined > 0 => {
                Err("the receiver did not understand a join: see the dead-letter queue".into())
            }
            None => Ok(()),
        }
    }
}
