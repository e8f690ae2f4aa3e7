//! Lists the dead letters: `chatroom dead-letters list`.

use std::collections::BTreeMap;

use clap::Args;

use super::{
    letter::{Letter, letters},
    queue::Access,
};
use crate::{
    print::{self, Cell, Output, Rows, counted, printable},
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
    #[command(flatten)]
    output: Output,
}

impl Options {
    pub async fn run(self) -> Result {
        let letters = letters(self.access.queue().await?.look().await?);
        let header = &["id", "received", "app", "reason", "content", "bytes"];
        let mut rows = Rows::new(self.output.format(), header);
        for letter in &letters {
            let app = letter.heading.app_key.as_deref().unwrap_or_default();
            let content = letter.content_in_words();
            let cells = [
                Cell::from(letter.id()),
                Cell::Time(letter.received_at()),
                Cell::from(app),
                Cell::from(letter.reason()),
                Cell::from(&content),
                Cell::Number(u64::try_from(letter.content.len())?),
            ];
            rows.add(&letter.facts(), &cells)?;
        }
        rows.finish()?;
        print::note(summary(&letters));
        Ok(())
    }
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
