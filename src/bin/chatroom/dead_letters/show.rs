//! Shows one dead letter: `chatroom dead-letters show`.

use base64::{Engine, prelude::BASE64_STANDARD};
use clap::Args;
use serde_json::Value;

use super::{
    letter::{Letter, find, letters},
    queue::Access,
};
use crate::{
    print::{self, counted, printable, time},
    result::Result,
};

#[derive(Args)]
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
        Ok(messages) => format!("possible, as {}", counted(messages.len(), "message")),
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

/// Indents JSON whose tokens all come back from the parser. It drops a field that is named twice
/// and rounds numbers, and either may be what is wrong with a letter.
fn indented(text: &str) -> Option<String> {
    let characters = |json: &str| {
        let mut characters: Vec<_> = json.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
        // Fields are printed in the order of their names.
        characters.sort_unstable();
        characters
    };
    let json: Value = serde_json::from_str(text).ok()?;
    let shown = format!("{json:#}");
    (characters(&shown) == characters(text)).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_where_that_changes_no_token() {
        let shown = indented(r#"[ {"time":1.50,"b":{ },"a":"x, [\"y\\"},[ ] ]"#);
        assert_eq!(shown, None, "a number that would be another text");
        let shown = indented(r#"[ {"time":1.5,"b":{ },"a":"x, [\"y\\"},[ ] ]"#);
        let lines = r#"[
  {
    "a": "x, [\"y\\",
    "b": {},
    "time": 1.5
  },
  []
]"#;
        assert_eq!(shown.as_deref(), Some(lines));
        for kept in [r#"{"a":1,"a":1}"#, "18446744073709551616", r#""\u0061""#, "hello", "[1"] {
            assert_eq!(indented(kept), None);
        }
        assert_eq!(indented(&("[".repeat(100_000) + &"]".repeat(100_000))), None);
    }
}
