//! Sends dead letters to the worker: `chatroom dead-letters redrive`. They are first sent, then
//! deleted, so that nothing is ever in neither queue.

use std::{
    error::Error,
    io::{IsTerminal, stdin},
    time::Duration,
};

use chatroom_status_sync::{
    aws::queue::{Outgoing, Queue},
    callback::body::raw_events,
    domain::ids::AppKey,
    wire::deferred::raw_event_messages,
};
use clap::{ArgGroup, Args};
use futures_util::{StreamExt, future, stream};
use indicatif::ProgressBar;
use tokio::time::Instant;

use super::{
    letter::{Kind, Letter, find, letters},
    queue::{Access, DeadLetterQueue, LOOKING},
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
#[command(after_help = LOOKING)]
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

/// Makes the messages that stand for a letter in the deferred queue, or says why there are none.
pub fn messages_for(letter: &Letter) -> Result<Vec<String>> {
    match &letter.kind {
        // The worker ignores what else is in it.
        Kind::Events(_) | Kind::Sweep(_) => {
            Ok(letter.messages.iter().map(|message| message.body.clone()).collect())
        }
        Kind::Body | Kind::Part { .. } => {
            let app = letter.heading.app_key.as_deref().unwrap_or_default();
            let app = AppKey::new(app).map_err(|why| format!("the app key {why}"))?;
            Ok(raw_event_messages(&app, &raw_events(&letter.content)?)?)
        }
        Kind::Broken(why) | Kind::Unknown(why) => Err(why.as_str().into()),
    }
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
        let letters = letters(route.from.take().await?);
        let result = tokio::select! {
            result = self.redrive(&letters, &route) => result,
            _ = tokio::signal::ctrl_c() => Err("interrupted; what was not sent stays".into()),
        };
        route.from.give_back(letters.iter().flat_map(|letter| &letter.messages)).await;
        result
    }

    async fn redrive(&self, letters: &[Letter], route: &Route) -> Result {
        for id in &self.ids {
            find(letters, id)?;
        }
        let is_meant = |letter: &&Letter| self.all || self.ids.iter().any(|id| letter.has(id));
        let (mut going, mut staying) = (Vec::new(), 0);
        for letter in letters.iter().filter(is_meant) {
            match messages_for(letter) {
                Ok(messages) => going.push((letter, messages)),
                Err(why) => {
                    staying += 1;
                    print::line(stays(letter, &*why))?;
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
            moved.err().map(|why| stays(letter, &*why))
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

fn stays(letter: &Letter, why: &(dyn Error + Send + Sync)) -> String {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::dead_letters::queue::Received;

    fn resent(message: &Value) -> Result<Vec<String>> {
        let message = Received { body: message.to_string(), ..Received::default() };
        messages_for(&letters(vec![message])[0])
    }

    #[test]
    fn what_the_worker_understands_is_sent_as_it_is() {
        let letter = json!({"appKey": "a", "reason": "type 7 is unknown", "events": [{"type": 7}]});
        assert_eq!(resent(&letter).unwrap(), [letter.to_string()]);
    }

    #[test]
    fn a_body_that_is_json_by_now_becomes_events() {
        let object = json!({"appKey": "a", "body": " {\"type\": 1}"});
        assert_eq!(resent(&object).unwrap(), [r#"{"appKey":"a","events":[{"type": 1}]}"#]);
    }

    #[test]
    fn a_body_that_is_no_json_or_nobodys_stays() {
        let why = |message: Value| resent(&message).unwrap_err().to_string();
        assert!(why(json!({"appKey": "a", "body": "hello"})).contains("no JSON"));
        assert!(why(json!({"appKey": "a", "body": "[{}"})).contains("EOF"));
        assert!(why(json!({"body": "[]"})).contains("app key"));
    }
}
