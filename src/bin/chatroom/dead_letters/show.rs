//! `chatroom dead-letters show`.

use base64::{Engine, prelude::BASE64_STANDARD};
use clap::Args;
use serde_json::value::RawValue;

use super::{
    Access,
    entry::{Entry, entries},
    indent::indented,
    letter::Kind,
    list::facts,
    resend::messages_for,
};
use crate::{
    Result,
    print::{self, counted, printable, time},
};

#[derive(Args)]
#[command(after_help = super::LOOKING)]
pub struct Options {
    /// The letter's id, as `list` shows it
    id: String,
    #[command(flatten)]
    access: Access,
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
    /// Write the content to standard output, byte for byte, and nothing else
    #[arg(long, conflicts_with = "json")]
    raw: bool,
}

impl Options {
    pub async fn run(self) -> Result {
        let entries = entries(self.access.queue().await?.look().await?);
        let entry = entries.iter().find(|entry| entry.has(&self.id));
        let entry = entry.ok_or_else(|| missing(&self.id))?;
        if self.raw {
            return raw(entry);
        }
        if self.json {
            let mut shown = facts(entry);
            let (name, content) = for_programs(&entry.letter.content);
            shown[name] = content.into();
            return print::json(&shown);
        }
        print(entry);
        Ok(())
    }
}

pub fn missing(id: &str) -> String {
    format!("the queue has no letter {id}, or somebody else is just looking at it")
}

/// The content as it came. Parts that make no whole would be something else.
fn raw(entry: &Entry) -> Result {
    if let Kind::Broken(why) = &entry.letter.kind {
        return Err(format!("the content is not whole: {why}").into());
    }
    print::raw(&entry.letter.content)
}

/// The content under the name of the form that keeps all of it.
fn for_programs(content: &[u8]) -> (&'static str, String) {
    match std::str::from_utf8(content) {
        Ok(text) => ("text", text.to_owned()),
        Err(_) => ("base64", BASE64_STANDARD.encode(content)),
    }
}

fn print(entry: &Entry) {
    let heading = &entry.letter.heading;
    let ids: Vec<_> = entry.messages.iter().map(|message| message.id.as_str()).collect();
    let receives = entry.messages.iter().filter_map(|message| message.receives).max();
    let redrive = match messages_for(entry) {
        Ok(messages) => format!("possible, as {}", counted(messages.len(), "message")),
        Err(why) => format!("not possible: {why}"),
    };
    let bytes = entry.letter.content.len();
    for (name, value) in [
        ("message", ids.join(", ")),
        ("received", time(entry.received_at())),
        ("sent", time(entry.messages.first().and_then(|message| message.sent))),
        ("receives", receives.map(|receives| receives.to_string()).unwrap_or_default()),
        ("app", heading.app_key.clone().unwrap_or_default()),
        ("request", heading.request_id.clone().unwrap_or_default()),
        ("reason", entry.reason().to_owned()),
        ("content", format!("{}, {}", entry.content(), counted(bytes, "byte"))),
        ("redrive", redrive),
    ] {
        println!("{name:<10} {}", printable(&value));
    }
    println!("\n{}", for_people(&entry.letter.content));
}

/// JSON indented, anything else as text.
fn for_people(content: &[u8]) -> String {
    let text = match serde_json::from_slice::<&RawValue>(content) {
        Ok(json) => indented(json.get()),
        Err(_) => String::from_utf8_lossy(content).into_owned(),
    };
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}
