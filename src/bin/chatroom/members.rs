//! `chatroom members`: the members of a room.

use chatroom_status_sync::{
    domain::{ids::RoomId, time::Timestamp},
    table::{
        presence::Member,
        read::members::{MemberFilter, Presence},
    },
};
use clap::{Args, value_parser};

use crate::{
    access::Access,
    moment::moment,
    print::{Cell, Output, Rows},
    result::{NothingKnown, Result},
};

const EXAMPLES: &str = "Examples:
  chatroom members lobby --endpoint-url http://127.0.0.1:8000
  chatroom members lobby --left --reason banned --since 1h
  chatroom members lobby -o jsonl | jq -r .userId";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The room's id
    #[arg(value_parser = |text: &str| RoomId::new(text))]
    room: RoomId,
    /// Show those who are gone instead, until they expire
    #[arg(long, conflicts_with = "all")]
    left: bool,
    /// Show those who are gone, too
    #[arg(long)]
    all: bool,
    /// Only those for whom this is the reason, such as `banned`, `auto_exit` or `room_destroyed`
    #[arg(long)]
    reason: Option<String>,
    /// Only those who joined, or left, since: an age such as `1h`, a time such as
    /// `2026-11-25T13:00`, or Unix milliseconds
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Show no more than this many
    #[arg(long, value_name = "NUMBER", value_parser = value_parser!(u64).range(1..))]
    limit: Option<u64>,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        self.access
            .read(async |reader, app| {
                let mut rows = Rows::new(self.output.format(), self.header());
                let mut left = self.limit.unwrap_or(u64::MAX);
                let members = reader.members(app, &self.room, self.filter()).await?;
                let mut members = members.in_pages_of(usize::try_from(left)?);
                while left > 0
                    && let Some(page) = members.next_page().await?
                {
                    for member in page.members.iter().take(usize::try_from(left)?) {
                        rows.add(member, &self.cells(member))?;
                        left -= 1;
                    }
                    // The next page may have none who are meant, and so may many after it.
                    rows.flush()?;
                }
                if rows.count() == 0 && members.room().is_none() {
                    rows.nothing()?;
                    return Err(NothingKnown::because(format_args!(
                        "nothing is known of room {} in app {app}",
                        self.room
                    )));
                }
                let count = rows.finish()?;
                self.access.note(self.summary(count, left == 0));
                Ok(())
            })
            .await
    }

    fn filter(&self) -> MemberFilter {
        let presence = match self {
            Self { all: true, .. } => Presence::Any,
            Self { left: true, .. } => Presence::Left,
            _ => Presence::Joined,
        };
        MemberFilter { presence, reason: self.reason.clone(), since: self.since, after: None }
    }

    /// Names the fields that differ among those who are shown.
    fn header(&self) -> &'static [&'static str] {
        let all = &["user", "reason", "joined", "left"];
        if self.all || self.left { all } else { &all[..3] }
    }

    fn cells<'a>(&self, member: &'a Member) -> Vec<Cell<'a>> {
        let Member { user_id, reason, joined_at, gone_at, .. } = member;
        let mut cells = vec![user_id.into(), reason.into(), Cell::Time(*joined_at)];
        cells.extend((self.all || self.left).then_some(Cell::Time(*gone_at)));
        cells
    }

    fn summary(&self, count: u64, is_limited: bool) -> String {
        let relation = match self {
            Self { all: true, .. } => "in or gone from",
            Self { left: true, .. } => "gone from",
            _ => "in",
        };
        let more = if is_limited { ", perhaps more" } else { "" };
        format!("{count} {relation} room {}{more}", self.room)
    }
}
