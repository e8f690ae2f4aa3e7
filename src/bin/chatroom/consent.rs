//! Consent: asks the person at the terminal before something is done.

use std::io::{IsTerminal, stdin};

use clap::Args;

use crate::{print, result::Result};

#[derive(Args)]
pub struct Consent {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Consent {
    /// Fails where there is nobody to ask. `deed` is what would be done, such as `redrive`.
    pub fn can_be_had(&self, deed: &str) -> Result {
        if self.yes || stdin().is_terminal() {
            return Ok(());
        }
        Err(format!("there is no terminal to ask at: say --yes to {deed} without asking").into())
    }

    /// Asks at the terminal, unless it was said before that nobody is to be asked.
    pub async fn ask(&self, question: &str) -> Result {
        if self.yes || confirmed(question).await {
            return Ok(());
        }
        Err("not confirmed, nothing was sent".into())
    }
}

async fn confirmed(question: &str) -> bool {
    print::prompt(format_args!("{question} [y/N]"));
    let (answer, answered) = tokio::sync::oneshot::channel();
    // A thread of its own, because the runtime would wait for one of its own even after Ctrl-C.
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = stdin().read_line(&mut line);
        answer.send(line)
    });
    let line = answered.await.unwrap_or_default();
    ["y", "yes"].contains(&line.trim().to_lowercase().as_str())
}
