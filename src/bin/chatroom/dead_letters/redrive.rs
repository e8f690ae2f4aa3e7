//! `chatroom dead-letters redrive`: first sent, then deleted, so that nothing is ever in neither
//! queue.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    io::{IsTerminal, stdin},
    time::Duration,
};

use chatroom_status_sync::aws::queue::{Outgoing, Queue};
use clap::{ArgGroup, Args};
use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use super::{
    Access,
    entry::{Entry, entries},
    queue::{DeadLetterQueue, Received},
    resend::messages_for,
    show::missing,
};
use crate::{
    Result,
    print::{counted, printable},
};

/// For one letter, repeats included.
const PATIENCE: Duration = Duration::from_secs(30);
/// Letters under way at once.
const CONCURRENCY: usize = 8;

#[derive(Args)]
#[command(after_help = super::LOOKING)]
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

/// What is to be done.
#[derive(Default)]
struct Plan<'a> {
    going: Vec<(&'a Entry, Vec<String>)>,
    staying: Vec<(&'a Entry, String)>,
}

/// What was done.
#[derive(Default)]
struct Done {
    letters: usize,
    failures: Vec<String>,
    deleted: BTreeSet<String>,
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
        let (letters, target) =
            (self.access.queue().await?, self.access.client_for(&self.to).await?);
        let target = Queue::new(|| target, &self.to);
        let entries = entries(letters.take().await?);
        let done = RefCell::default();
        let result = tokio::select! {
            result = self.redrive(&entries, &letters, &target, &done) => result,
            _ = tokio::signal::ctrl_c() => Err("interrupted; what was not sent stays".into()),
        };
        let done = done.into_inner();
        let messages = entries.into_iter().flat_map(|entry| entry.messages);
        let left: Vec<_> = messages.filter(|message| !done.deleted.contains(&message.id)).collect();
        letters.give_back(&left).await;
        result
    }

    async fn redrive(
        &self,
        entries: &[Entry],
        letters: &DeadLetterQueue,
        target: &Queue,
        done: &RefCell<Done>,
    ) -> Result {
        let plan = self.plan(entries)?;
        for (entry, why) in &plan.staying {
            println!("{} stays: {}", entry.id(), printable(why));
        }
        let going = counted(plan.going.len(), "letter");
        if plan.going.is_empty() {
            println!("nothing to redrive");
        } else if self.yes || confirmed(&format!("Send {going} to {}?", self.to)).await {
            send(&plan, letters, target, done).await?;
            self.tell(&done.borrow());
        } else {
            return Err("not confirmed, nothing was sent".into());
        }
        let (failed, staying) = (done.borrow().failures.len(), plan.staying.len());
        if failed > 0 {
            return Err(format!("{} not redriven", counted(failed, "letter")).into());
        }
        if !self.all && staying > 0 {
            return Err(format!("{} cannot be redriven", counted(staying, "letter")).into());
        }
        Ok(())
    }

    fn plan<'a>(&self, entries: &'a [Entry]) -> Result<Plan<'a>> {
        let is_there = |id: &&String| entries.iter().any(|entry| entry.has(id));
        if let Some(id) = self.ids.iter().find(|id| !is_there(id)) {
            return Err(missing(id).into());
        }
        let mut plan = Plan::default();
        for entry in entries {
            if self.all || self.ids.iter().any(|id| entry.has(id)) {
                match messages_for(entry) {
                    Ok(messages) => plan.going.push((entry, messages)),
                    Err(why) => plan.staying.push((entry, why)),
                }
            }
        }
        Ok(plan)
    }

    fn tell(&self, done: &Done) {
        for failure in &done.failures {
            println!("{}", printable(failure));
        }
        println!("{} sent to {}", counted(done.letters, "letter"), self.to);
        if done.letters > 0 {
            println!(
                "The worker applies what it understands; those still not understood come back."
            );
        }
    }
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

async fn send(
    plan: &Plan<'_>,
    letters: &DeadLetterQueue,
    target: &Queue,
    done: &RefCell<Done>,
) -> Result {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} letters")?;
    let length = u64::try_from(plan.going.len()).unwrap_or(u64::MAX);
    let progress = ProgressBar::new(length).with_style(style);
    let all = plan.going.iter().map(async |(entry, messages)| {
        let result = move_one(&entry.messages, messages, letters, target).await;
        progress.inc(1);
        (entry, result)
    });
    let mut all = stream::iter(all).buffer_unordered(CONCURRENCY);
    while let Some((entry, result)) = all.next().await {
        let mut done = done.borrow_mut();
        match result {
            Ok(()) => {
                done.letters += 1;
                let ids = entry.messages.iter().map(|message| message.id.clone());
                done.deleted.extend(ids);
            }
            Err(why) => done.failures.push(format!("{} stays: {why}", entry.id())),
        }
    }
    progress.finish_and_clear();
    Ok(())
}

/// Moves a letter from one queue to the other. If only the sending succeeds, it is in both, which
/// is harmless: events that are applied twice change nothing.
async fn move_one(
    letter: &[Received],
    messages: &[String],
    letters: &DeadLetterQueue,
    target: &Queue,
) -> std::result::Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    let messages = Outgoing::after(Duration::ZERO, messages.to_vec());
    target.send(messages.collect(), deadline).await.map_err(|why| why.to_string())?;
    let deleted = letters.delete(letter).await;
    deleted.map_err(|why| format!("it was sent, but cannot be deleted here: {why}"))
}
