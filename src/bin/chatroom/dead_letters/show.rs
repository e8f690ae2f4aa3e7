//! Shows one dead letter: `chatroom dead-letters show`.

use std::{
    fmt::{self, Formatter},
    result,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chatroom_status_sync::callback::body::raw_events;
use clap::Args;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::{Deserializer, value::RawValue};

use super::{
    letter::{Kind, Letter, find, letters},
    queue::Access,
};
use crate::{
    print::{self, counted, printable, time},
    result::Result,
};

const EXAMPLES: &str = "Examples:
  chatroom dead-letters show 5f0c
  chatroom dead-letters show 5f0c --raw > body.json";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
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
        let letters = letters(self.access.queue().await?.look().await?);
        let letter = find(&letters, &self.id)?;
        if self.raw {
            return match &letter.fault {
                // Something else than the content would come out.
                Some(why) if letter.parts.is_some() => {
                    Err(format!("the content is not whole: {why}").into())
                }
                _ => print::raw(&letter.content),
            };
        }
        if self.json {
            let mut facts = letter.facts();
            match str::from_utf8(&letter.content) {
                Ok(text) => facts["text"] = text.into(),
                Err(_) => facts["base64"] = BASE64_STANDARD.encode(&letter.content).into(),
            }
            return print::json(&facts);
        }
        print_for_people(letter)
    }
}

fn print_for_people(letter: &Letter) -> Result {
    let heading = &letter.heading;
    let ids: Vec<_> = letter.messages.iter().map(|message| message.id.as_str()).collect();
    let redrive = match letter.messages_for_worker() {
        Ok(messages) => {
            let queue = if matches!(letter.kind, Kind::Sweep(_)) { "sweep" } else { "deferred" };
            format!("possible, as {} to the {queue} queue", counted(messages.len(), "message"))
        }
        Err(why) => format!("not possible: {why}"),
    };
    for (name, value) in [
        ("message", ids.join(", ")),
        ("received", time(letter.received_at())),
        ("sent", time(letter.sent_at())),
        ("receives", letter.receives().map(|times| times.to_string()).unwrap_or_default()),
        ("app", heading.app_key.clone().unwrap_or_default()),
        ("request", heading.request_id.clone().unwrap_or_default()),
        ("reason", letter.reason().to_owned()),
        (
            "content",
            format!("{}, {}", letter.content_in_words(), counted(letter.content.len(), "byte")),
        ),
        ("redrive", redrive),
    ] {
        print::line(format_args!("{name:<10} {}", printable(&value)))?;
    }
    let text = String::from_utf8_lossy(&letter.content);
    let text = indented(&text).unwrap_or_else(|| text.into_owned());
    let lines: Vec<_> = text.lines().map(printable).collect();
    print::line(format_args!("\n{}", lines.join("\n")))
}

/// Puts every event and each of its fields on a line. The tokens stay as they came, because one of
/// them may be what is wrong with the letter.
fn indented(text: &str) -> Option<String> {
    let events = raw_events(text.as_bytes()).ok()?.into_iter().map(|event| {
        let fields = Deserializer::from_str(event.get()).deserialize_map(Fields);
        fields.map_or_else(|_| event.to_string(), |fields| block('{', &fields, '}'))
    });
    let events: Vec<_> = events.collect();
    let is_array = text.trim_start().starts_with('[');
    Some(if is_array { block('[', &events, ']') } else { events.concat() })
}

fn block(open: char, lines: &[String], close: char) -> String {
    if lines.is_empty() {
        return format!("{open}{close}");
    }
    format!("{open}\n  {}\n{close}", lines.join(",\n").replace('\n', "\n  "))
}

/// Reads the fields of an object in the order in which they came.
struct Fields;

impl<'a> Visitor<'a> for Fields {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> result::Result<Vec<String>, M::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            fields.push(format!("{name}: {value}"));
        }
        Ok(fields)
    }
}
