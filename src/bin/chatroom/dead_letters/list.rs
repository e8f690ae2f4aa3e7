//! Lists the dead letters: `chatroom dead-letters list`.

use std::collections::BTreeMap;

use clap::Args;

use super::{
    letter::{Letter, letters},
    queue::Access,
};
use crate::{
    print::{self, counted, fitted, printable, time},
    result::Result,
};

const EXAMPLES: &str = "Examples:
  chatroom dead-letters list \\
      --queue-url http://127.0.0.1:9324/000000000000/dead-letters
  chatroom dead-letters list --queue-url \"$DEAD_LETTER_QUEUE_URL\" --json |
      jq -r .[].reason";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    #[command(flatten)]
    access: Access,
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
}

impl Options {
    pub async fn run(self) -> Result {
        let letters = letters(self.access.queue().await?.look().await?);
        if self.json {
            return print::json(&letters.iter().map(Letter::facts).collect::<Vec<_>>());
        }
        if !letters.is_empty() {
            let mut table = print::table(["id", "received", "app", "reason", "content", "bytes"]);
            table.add_rows(letters.iter().map(row));
            print::line(fitted(table))?;
        }
        print::line(summary(&letters))
    }
}

fn row(letter: &Letter) -> [String; 6] {
    [
        letter.id().to_owned(),
        time(letter.received_at()),
        printable(letter.heading.app_key.as_deref().unwrap_or_default()),
        printable(letter.reason()),
        printable(&letter.content_in_words()),
        letter.content.len().to_string(),
    ]
}

/// Counts the letters by reason.
fn summary(letters: &[Letter]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for letter in letters {
        *counts.entry(printable(&without_times(letter.reason()))).or_default() += 1;
    }
    let counts = counts.iter().map(|(reason, count)| format!("{count} × {reason}"));
    let counts = counts.collect::<Vec<_>>().join("; ");
    let total = counted(letters.len(), "letter");
    if letters.is_empty() { total } else { format!("{total}: {counts}") }
}

/// Leaves the milliseconds out of a reason, which make it another one each time.
fn without_times(reason: &str) -> String {
    let is_time = |word: &str| word.len() > 9 && word.bytes().all(|byte| byte.is_ascii_digit());
    let words = reason.split(' ').map(|word| if is_time(word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}
