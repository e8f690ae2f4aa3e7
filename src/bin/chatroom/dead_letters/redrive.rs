//! Sends dead letters to the worker: `chatroom dead-letters redrive`.

use std::{collections::BTreeMap, fmt::Display};

use clap::{ArgGroup, Args};
use futures_util::{StreamExt, future, stream};
use indicatif::ProgressBar;

use super::{
    letter::{Letter, find, letters},
    queue::Access,
    route::{Route, Target},
};
use crate::{
    consent::Consent,
    print::{self, counted, printable},
    result::Result,
};

/// Letters under way at once.
const CONCURRENCY: usize = 8;

const EXAMPLES: &str = "Examples:
  chatroom dead-letters redrive --all
  chatroom dead-letters redrive 5f0c --to http://127.0.0.1:9324/000000000000/deferred --yes";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
#[command(group(ArgGroup::new("which").args(["ids", "all"]).required(true)))]
pub struct Options {
    /// The letters' ids, as `list` shows them
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// All letters that the worker can read
    #[arg(long)]
    all: bool,
    /// The deferred queue, for events
    #[arg(long, env = "DEFERRED_QUEUE_URL", value_name = "QUEUE_URL")]
    to: String,
    /// The sweep queue, for sweeps; needed if one of the letters is a sweep
    #[arg(long, env = "SWEEP_QUEUE_URL", value_name = "QUEUE_URL")]
    sweeps_to: Option<String>,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    consent: Consent,
}

/// A letter that is about to be sent.
struct Going<'a> {
    letter: &'a Letter,
    messages: Vec<String>,
    to: &'a Target,
}

impl Options {
    pub async fn run(self) -> Result {
        for (option, url) in [("--to", Some(&self.to)), ("--sweeps-to", self.sweeps_to.as_ref())] {
            if url == Some(&self.access.queue_url) {
                return Err(format!("{option} is the dead-letter queue itself").into());
            }
        }
        self.consent.can_be_had("redrive")?;
        let route = Route::open(&self.access, &self.to, self.sweeps_to.as_deref()).await?;
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
                Ok(messages) => going.push(Going { letter, messages, to: route.target(letter)? }),
                Err(why) => {
                    staying += 1;
                    print::line(stays(letter, why))?;
                }
            }
        }
        if going.is_empty() {
            print::line("nothing to redrive")?;
        } else {
            let parts = by_queue(&going).into_iter().map(|(to, letters)| addressed(letters, to));
            let parts = parts.collect::<Vec<_>>().join(" and ");
            self.consent.ask(&format!("Send {parts}?")).await?;
            send(going, route).await?;
        }
        if !self.all && staying > 0 {
            return Err(format!("{} cannot be redriven", counted(staying, "letter")).into());
        }
        Ok(())
    }
}

async fn send(going: Vec<Going<'_>>, route: &Route) -> Result {
    let mut sent = by_queue(&going);
    let progress = ProgressBar::new(u64::try_from(going.len())?);
    let moves = going.into_iter().map(async |Going { letter, messages, to }| {
        let moved = route.take(letter, messages, to).await;
        progress.inc(1);
        moved.err().map(|why| (to, stays(letter, why)))
    });
    let moves = stream::iter(moves).buffer_unordered(CONCURRENCY);
    let failures: Vec<_> = moves.filter_map(future::ready).collect().await;
    progress.finish_and_clear();
    for (to, failure) in &failures {
        print::line(failure)?;
        sent.entry(&to.url).and_modify(|letters| *letters -= 1);
    }
    for (to, letters) in &sent {
        print::line(format_args!("{} sent to {to}", counted(*letters, "letter")))?;
    }
    if sent.values().any(|&letters| letters > 0) {
        print::line(
            "The worker applies what it understands; those still not understood come back.",
        )?;
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(format!("{} not redriven", counted(failures.len(), "letter")).into())
}

/// Counts letters by the URL of the queue that they go to.
fn by_queue<'a>(going: &[Going<'a>]) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for one in going {
        *counts.entry(&*one.to.url).or_default() += 1;
    }
    counts
}

fn addressed(letters: usize, url: &str) -> String {
    format!("{} to {url}", counted(letters, "letter"))
}

fn stays(letter: &Letter, why: impl Display) -> String {
    printable(&format!("{} stays: {why}", letter.id()))
}
