//! `chatroom dead-letters list`.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};

use super::{
    Access,
    entry::{Entry, entries},
    letter::Kind,
    resend::messages_for,
};
use crate::{
    Result,
    print::{self, counted, printable, table, time},
};

#[derive(Args)]
#[command(after_help = super::LOOKING)]
pub struct Options {
    #[command(flatten)]
    access: Access,
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
}

impl Options {
    pub async fn run(self) -> Result {
        let entries = entries(self.access.queue().await?.look().await?);
        if self.json {
            return print::json(&entries.iter().map(facts).collect::<Vec<_>>());
        }
        if !entries.is_empty() {
            let mut table = table(["id", "received", "app", "reason", "content", "bytes"]);
            for entry in &entries {
                let app = entry.letter.heading.app_key.as_deref();
                table.add_row([
                    entry.id(),
                    &time(entry.received_at()),
                    &printable(app.unwrap_or_default()),
                    &printable(entry.reason()),
                    &printable(&entry.content()),
                    &entry.letter.content.len().to_string(),
                ]);
            }
            println!("{table}");
        }
        println!("{}", summary(&entries));
        Ok(())
    }
}

/// How many letters there are for which reason.
fn summary(entries: &[Entry]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in entries {
        let reason = printable(&without_times(entry.reason()));
        *counts.entry(reason).or_default() += 1;
    }
    let letters = counted(entries.len(), "letter");
    let counts = counts.into_iter();
    let counts: Vec<_> = counts.map(|(reason, count)| format!("{count} × {reason}")).collect();
    if counts.is_empty() { letters } else { format!("{letters}: {}", counts.join("; ")) }
}

/// A reason without the milliseconds in it, which make it another one each time.
fn without_times(reason: &str) -> String {
    let is_time = |word: &str| word.len() > 9 && word.bytes().all(|byte| byte.is_ascii_digit());
    let words = reason.split(' ');
    let words = words.map(|word| if is_time(word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Everything about a letter but its content, for programs.
pub fn facts(entry: &Entry) -> Value {
    let heading = &entry.letter.heading;
    let (kind, room) = match &entry.letter.kind {
        Kind::Events(_) => ("events", None),
        Kind::Sweep(room) => ("sweep", Some(room)),
        Kind::Body | Kind::Part { .. } | Kind::Broken(_) => ("body", None),
        Kind::Unknown(_) => ("unknown", None),
    };
    let events = match entry.letter.kind {
        Kind::Events(count) => Some(count),
        _ => None,
    };
    let parts = entry.parts.map(|(there, parts)| json!({"there": there, "of": parts}));
    let sent: Option<u64> = entry.messages.first().and_then(|message| message.sent);
    json!({
        "id": entry.id(),
        "messageIds": entry.messages.iter().map(|message| &message.id).collect::<Vec<_>>(),
        "receives": entry.messages.iter().filter_map(|message| message.receives).max(),
        "sentAt": sent,
        "receivedAt": entry.received_at(),
        "appKey": heading.app_key,
        "requestId": heading.request_id,
        "reason": entry.reason(),
        "kind": kind,
        "chatRoomId": room,
        "events": events,
        "parts": parts,
        "bytes": entry.letter.content.len(),
        "staysBecause": messages_for(entry).err(),
    })
}
