//! Lists the dead letters: `chatroom dead-letters list`.

use std::collections::BTreeMap;

use clap::Args;

use super::{
    describe,
    letter::{Letter, letters},
    queue::{Access, LOOKING},
};
use crate::{
    print::{self, counted, printable, time},
    result::Result,
};

#[derive(Args)]
#[command(after_help = LOOKING)]
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
            return print::json(&letters.iter().map(describe::facts).collect::<Vec<_>>());
        }
        if !letters.is_empty() {
            let mut table = print::table(["id", "received", "app", "reason", "content", "bytes"]);
            table.add_rows(letters.iter().map(row));
            print::line(table)?;
        }
        print::line(summary(&letters))
    }
}

fn row(letter: &Letter) -> [String; 6] {
    [
        letter.id().to_owned(),
        time(letter.received_at()),
        printable(letter.heading.app_key.as_deref().unwrap_or_default()),
        printable(describe::reason(letter)),
        printable(&describe::content(letter)),
        letter.content.len().to_string(),
    ]
}

/// Counts the letters by reason.
fn summary(letters: &[Letter]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for letter in letters {
        let reason = printable(&without_times(describe::reason(letter)));
        *counts.entry(reason).or_default() += 1;
    }
    let total = counted(letters.len(), "letter");
    let counts: Vec<_> =
        counts.iter().map(|(reason, count)| format!("{count} × {reason}")).collect();
    if counts.is_empty() { total } else { format!("{total}: {}", counts.join("; ")) }
}

/// Leaves the milliseconds out of a reason, which make it another one each time.
fn without_times(reason: &str) -> String {
    let is_time = |word: &str| word.len() > 9 && word.bytes().all(|byte| byte.is_ascii_digit());
    let words = reason.split(' ').map(|word| if is_time(word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}
