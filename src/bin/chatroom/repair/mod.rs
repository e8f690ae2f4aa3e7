//! `chatroom repair`: undoes an event that never happened.
//!
//! A join just after the wrong event is newer than it, so the table ends the same whatever order they
//! come in, and every later event still wins. So a repair goes through the front door, as callbacks.
//!
//! * [`removed`]: finds the users whom a wrong event removed, and the time at which they join again.
//! * [`callbacks`]: words the joins as callbacks, and posts them.
//! * [`words`]: tells people of it before, and after.

mod callbacks;
mod removed;
mod words;

use std::{collections::BTreeSet, time::SystemTime};

use chatroom_status_sync::{
    domain::{
        ids::{AppKey, RoomId, UserId},
        time::Timestamp,
    },
    table::{presence::Collection, read::Reader},
};
use clap::Args;
use serde_json::json;

use crate::{
    access::{Access, AppSecret},
    consent::Consent,
    print::{self, counted},
    result::Result,
    sender::Sender,
};
use callbacks::{Sent, post};
use removed::Removed;

/// The way in which a repair works, for the help.
const HOW: &str = "A repair sends signed join callbacks, dated one millisecond after the wrong \
    event: so it is newer than that event, and everything that really happened since is newer than \
    the repair. Of those who are back, joinedAt is the time of the repair: when they really joined \
    is known no more. Whoever left before the wrong event, and whose leave has not come in yet, \
    would come back too: look at the deferred queue first. To repair twice is harmless.

Examples:
  chatroom repair lobby --dry-run --endpoint-url http://127.0.0.1:8000
  chatroom repair lobby --user anna --endpoint-url http://127.0.0.1:8000 \\
      --url http://127.0.0.1:8080/chatroom_status_sync";

#[derive(Args)]
#[command(after_help = HOW)]
pub struct Options {
    /// The room's id
    #[arg(value_parser = |text: &str| RoomId::new(text))]
    room: RoomId,
    /// A user whose newest leave or ban was wrong; may be given several times. Without it, the
    /// room's newest destroy was wrong
    #[arg(long = "user", value_name = "USER", value_parser = |text: &str| UserId::new(text))]
    users: Vec<UserId>,
    /// The callback endpoint of the deployment whose table is --table
    #[arg(long, required_unless_present = "dry_run")]
    url: Option<String>,
    /// Only print who would join again, and when
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    secret: AppSecret,
    /// Print JSON for programs
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        self.repair().await.map_err(|error| self.access.explain(error))
    }

    async fn repair(&self) -> Result {
        let (app, json) = (&self.access.names()?.app, self.json);
        let sender = match &self.url {
            Some(url) if !self.dry_run => {
                self.consent.can_be_had("repair")?;
                Some(Sender::new(url, app, &self.secret)?)
            }
            _ => None,
        };
        let table = self.access.reader().await?;
        let room = table.collection(app, &self.room).await?;
        let removed = self.removed(&room)?;
        if !json {
            print::line(words::before(&self.room, &room, &removed, now()))?;
        }
        let Some(sender) = sender.filter(|_| !removed.is_empty()) else {
            return if json { print::json(&json!({"joins": removed})) } else { Ok(()) };
        };
        removed::check_times(&removed, now())?;
        let members = counted(removed.len(), "member");
        self.consent.ask(&format!("Let {members} join room {} again?", self.room)).await?;
        let sent = post(&sender, &self.room, &removed, json).await?;
        self.tell(&table, app, &removed, &sent).await
    }

    /// Finds everybody who was removed.
    fn removed(&self, room: &Collection) -> Result<Vec<Removed>> {
        if self.users.is_empty() {
            return removed::by_destroy(&self.room, room);
        }
        let found = self.users.iter().map(|user| removed::by_leave(&self.room, room, user));
        let mut found: Vec<_> = found.filter_map(Result::transpose).collect::<Result<_>>()?;
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Reads the room again, and tells what came of it.
    async fn tell(&self, table: &Reader, app: &AppKey, removed: &[Removed], sent: &Sent) -> Result {
        let room = table.collection(app, &self.room).await?;
        let present: BTreeSet<_> = room.present().map(|member| &member.user_id).collect();
        let back = removed.iter().filter(|member| present.contains(&member.user_id)).count();
        if self.json {
            print::json(&json!({"joins": removed, "sent": sent, "back": back}))?;
        } else {
            print::line(words::after(&self.room, removed.len(), back, sent))?;
        }
        sent.verdict()
    }
}

fn now() -> Timestamp {
    SystemTime::now().into()
}
