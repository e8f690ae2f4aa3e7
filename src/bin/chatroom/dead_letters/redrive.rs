//! Sends dead letters to the worker: `chatroom dead-letters redrive`. They are first sent, then
//! deleted, so that nothing is ever in neither queue.

use std::{
    fmt::Display,
    io::{IsTerminal, stdin},
    time::Duration,
};

use chatroom_status_sync::aws::queue::{Outgoing, Queue};
use clap::{ArgGroup, Args};
use futures_util::{StreamExt, future, stream};
use indicatif::ProgressBar;
use tokio::time::Instant;

use super::{
    letter::{Letter, find, letters},
    queue::{Access, DeadLetterQueue},
};
use crate::{
    print::{self, counted, printable},
    result::Result,
};

/// The time for one letter, repeats included.
const PATIENCE: Duration = Duration::from_secs(30);
/// Letters under way at once.
const CONCURRENCY: usize = 8;

#[derive(Args)]
#[command(group(ArgGroup::new("which").args(["ids", "all"]).required(true)))]
pub struct Options {
    /// The letters' ids, as `list` shows them
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// All letters that the worker can read
    #[arg(long)]
    all: bool,
    /// The deferred queue
    #[arg(long, env = "DEFERRED_QUEUE_URL", value_name = "QUEUE_URL")]
    to: String,
    #[command(flatten)]
    access: Access,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// The way that letters take.
struct Route {
    from: DeadLetterQueue,
    to: Queue,
}

impl Options {
    pub async fn run(self) -> Result {
        if self.to == self.access.queue_url {
            return Err("--to is the dead-letter queue itself".into());
        }
        if !self.yes && !stdin().is_terminal() {
            return Err(
                "there is no terminal to ask at: say --yes to redrive without asking".into()
            );
        }
        let client = self.access.client_for(&self.to).await?;
        let route = Route { from: self.access.queue().await?, to: Queue::new(|| client, &self.to) };
        route.from.lend(async |messages| self.redrive(&letters(messages), &route).await).await
    }

    async fn redrive(&self, letters: &[Letter], route: &Route) -> Result {
        for id in &self.ids {
            find(letters, id)?;
        }
        let is_meant = |letter: &&Letter| self.all || self.ids.iter().any(|id| letter.has(id));
        let (mut going, mut staying) = (Vec::new(), 0);
        for letter in letters.iter().filter(is_meant) {
            match letter.messages_for_worker() {
                Ok(messages) => going.push((letter, messages)),
                Err(why) => {
                    staying += 1;
                    print::line(stays(letter, why))?;
                }
            }
        }
        if going.is_empty() {
            print::line("nothing to redrive")?;
        } else {
            let question = format!("Send {} to {}?", counted(going.len(), "letter"), self.to);
            if !self.yes && !confirmed(&question).await {
                return Err("not confirmed, nothing was sent".into());
            }
            self.send(going, route).await?;
        }
        if !self.all && staying > 0 {
            return Err(format!("{} cannot be redriven", counted(staying, "letter")).into());
        }
        Ok(())
    }

    async fn send(&self, going: Vec<(&Letter, Vec<String>)>, route: &Route) -> Result {
        let letters = going.len();
        let progress = ProgressBar::new(u64::try_from(letters)?);
        let moves = going.into_iter().map(async |(letter, messages)| {
            let moved = route.take(letter, messages).await;
            progress.inc(1);
            moved.err().map(|why| stays(letter, why))
        });
        let moves = stream::iter(moves).buffer_unordered(CONCURRENCY);
        let failures: Vec<_> = moves.filter_map(future::ready).collect().await;
        progress.finish_and_clear();
        for failure in &failures {
            print::line(failure)?;
        }
        let sent = letters - failures.len();
        print::line(format_args!("{} sent to {}", counted(sent, "letter"), self.to))?;
        if sent > 0 {
            print::line(
                "The worker applies what it understands; those still not understood come back.",
            )?;
        }
        if failures.is_empty() {
            return Ok(());
        }
        Err(format!("{} not redriven", counted(failures.len(), "letter")).into())
    }
}

impl Route {
    /// Moves a letter from one queue to the other. If only the sending succeeds, it is in both,
    /// which is harmless: events that are applied twice change nothing.
    async fn take(&self, letter: &Letter, messages: Vec<String>) -> Result {
        let messages = Outgoing::after(Duration::ZERO, messages).collect();
        self.to.send(messages, Instant::now() + PATIENCE).await?;
        for message in &letter.messages {
            let deleted = self.from.delete(message).await;
            deleted.map_err(|why| format!("it was sent, but cannot be deleted here: {why}"))?;
        }
        Ok(())
    }
}

fn stays(letter: &Letter, why: impl Display) -> String {
    printable(&format!("{} stays: {why}", letter.id()))
}

/// Asks at the terminal.
async fn confirmed(question: &str) -> bool {
    eprint!("{question} [y/N] ");
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
