//! Shows changes and losses: one line for each, as soon as it is known.

use chatroom_status_sync::{
    domain::time::Timestamp,
    table::changes::{Change, ChangeKind, Missed},
};
use serde_json::json;

use crate::{
    print::{self, Cell, Format, Rows, printable},
    result::Result,
};

/// The width of a column of ids, so that short ones stand below each other.
const WIDTH: usize = 16;
const HEADER: &[&str] = &["time", "room", "user", "change", "reason"];

/// Everything that is shown, one line after the other.
pub struct Lines {
    /// Records for programs; `None` where people read.
    rows: Option<Rows>,
    is_json: bool,
    /// The number of changes shown.
    pub count: usize,
}

impl Lines {
    pub fn new(format: Format) -> Self {
        // One JSON document would have no end.
        let is_json = matches!(format, Format::Json | Format::Jsonl);
        let format = if is_json { Format::Jsonl } else { format };
        let rows = (format != Format::Table).then(|| Rows::new(format, HEADER));
        Self { rows, is_json, count: 0 }
    }

    /// Shows a change.
    pub fn change(&mut self, change: &Change) -> Result {
        self.count += 1;
        let user = change.user_id.as_deref();
        let Some(rows) = &mut self.rows else {
            let time = print::time(Some(change.at.millis()));
            let [room, user] = [&*change.chat_room_id, user.unwrap_or("-")].map(printable);
            let words = words(change);
            return print::line(format_args!("{time}  {room:WIDTH$}  {user:WIDTH$}  {words}"));
        };
        let cells = [
            Cell::Time(Some(change.at.millis())),
            Cell::from(&change.chat_room_id),
            Cell::from(user.unwrap_or_default()),
            Cell::from(change.kind.name()),
            Cell::from(change.kind.reason().unwrap_or_default()),
        ];
        rows.add(change, &cells)?;
        rows.flush()
    }

    /// Shows a loss: beside the output, and in JSON for programs, too.
    pub fn missed(&mut self, missed: &Missed) -> Result {
        let time = |time: Timestamp| print::time(Some(time.millis()));
        let from = missed.from.map(|from| format!("between {} and", time(from)));
        let (from, until) = (from.unwrap_or_else(|| "before".to_owned()), time(missed.until));
        let lost = format!("missed: changes {from} {until} are lost: a stream keeps 24 hours");
        print::note(lost);
        let Some(rows) = self.rows.as_mut().filter(|_| self.is_json) else { return Ok(()) };
        rows.add(&json!({"change": "missed", "from": missed.from, "until": missed.until}), &[])?;
        rows.flush()
    }

    /// Ends the output.
    pub fn finish(self) -> Result {
        self.rows.map_or(Ok(()), |rows| rows.finish().map(drop))
    }
}

/// Words a change for people.
fn words(change: &Change) -> String {
    let is_room = change.user_id.is_none();
    let words = match &change.kind {
        ChangeKind::Joined { again: false } => "joined",
        ChangeKind::Joined { again: true } => "joined again, without having left",
        ChangeKind::Left { reason, again: false } => return format!("left: {reason}"),
        ChangeKind::Left { reason, again: true } => {
            return format!("left: {reason}; was out already");
        }
        ChangeKind::Ended => "out since the room ended",
        ChangeKind::Created { again: false } => "created",
        ChangeKind::Created { again: true } => "created again, without having ended",
        ChangeKind::Appeared => "active: somebody joined before any create was reported",
        ChangeKind::Revived => "active again: somebody joined after its end",
        ChangeKind::Destroyed { reason } => {
            return format!("destroyed: {reason}; out are all who joined before");
        }
        ChangeKind::Expired if is_room => "forgotten: it ended long ago",
        ChangeKind::Expired => "forgotten: out since long ago",
        ChangeKind::Deleted => "deleted from the table by hand",
    };
    words.to_owned()
}
