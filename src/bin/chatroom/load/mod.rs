//! `chatroom load`: realistic traffic at a given rate, and an audit of the table after it.
//!
//! * [`run`] describes a run.
//! * [`world`] invents what happens, and words it as the sender does.
//! * [`traffic`] decides which callback is due when.
//! * [`play`] has each sent when it is due, as often as it takes.
//! * [`record`] tells by the answers who must be where, and [`audit`] compares the table with it.
//! * [`tally`] counts the answers, [`latency`] collects the time that they took, and [`report`]
//!   says what all that comes to.

mod audit;
mod latency;
mod play;
mod record;
mod report;
mod run;
mod tally;
mod traffic;
mod world;

use std::{sync::Arc, time::Duration};

use chatroom_status_sync::{
    domain::ids::{AppKey, RoomId},
    env::Environment,
    local::{ListenAddresses, Stack, dynamodb::Data},
    table::read::Reader,
};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::sync::Notify;

use crate::{
    access::{Access, AppSecret, Names},
    print,
    result::Result,
    sender::Sender,
    serve,
};
use audit::Audit;
use report::Report;
use run::{Run, Shape};

/// The effects of a run, for the help.
const TRACES: &str = "Every run has rooms and users of its own, named after it, so that runs do \
    not meet each other or anybody real. If the table is right, the rooms are destroyed in the end, so \
    that everything about them expires; otherwise they stay, to be looked at. A callback that is not answered 200 within 5 seconds is \
    tried twice more, as the IM server does. The exit code is 0 if every callback was accepted and \
    the table says of everybody what it should.

Examples:
  chatroom load --rate 100 --duration 10
  chatroom load --url http://127.0.0.1:8080/chatroom_status_sync \\
      --endpoint-url http://127.0.0.1:8000
  chatroom load --url \"$CALLBACK_URL\" --table \"$TABLE_NAME\" \\
      --app-key my-app --secret \"$SECRET\"";

#[derive(Args)]
#[command(after_help = TRACES)]
pub struct Options {
    /// The callback endpoint of a deployment, whose table is --table; without it, a receiver is
    /// started in this process, in front of a table in memory or at --endpoint-url
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    shape: Shape,
    /// The time that deferred changes may take, in seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    settle: u64,
    /// Leave the run's rooms as they are
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    secret: AppSecret,
    /// Print JSON for programs
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        self.run_all().await.map_err(|error| self.access.explain(error))
    }

    async fn run_all(&self) -> Result {
        let names = if self.url.is_none() && self.access.endpoint().is_none() {
            // Everything is in this process.
            self.access.names_or_samples()
        } else {
            self.access.names()
        };
        let Names { table, app } = names?;
        if let Some(url) = &self.url {
            let sender = Sender::new(url, &app, &self.secret)?;
            return self.play(url, sender, &self.access.reader().await?, &app).await;
        }
        let stack = Arc::new(self.start_receiver(&table, &app).await?);
        let (table, url) = (stack.table.reader(), stack.api_gateway.url());
        let sender = Sender::new(url, &app, &self.secret)?;
        // A task of its own, so that the pace does not depend on it.
        let deployment = Arc::clone(&stack);
        let worker = tokio::spawn(async move { serve::work(&deployment).await });
        tokio::select! {
            done = self.play(url, sender, &table, &app) => done,
            stopped = worker => Ok(stopped?),
        }
    }

    /// Starts a receiver for the same app and table. With a DynamoDB endpoint, that is where the
    /// table is; without one, it is in memory.
    async fn start_receiver(&self, table: &str, app: &AppKey) -> Result<Stack> {
        let data = self.access.endpoint().map_or(Data::Memory, Data::Elsewhere);
        let environment = Environment::of_process();
        let settings = Environment::new(|name| match name {
            "APP_SECRETS" => Some(json!({ app.as_str(): self.secret.or_sample() }).to_string()),
            "TABLE_NAME" => Some(table.to_owned()),
            _ => environment.get(name).or_else(|| serve::setting(name)),
        });
        Stack::start(data, ListenAddresses::free(), &settings, None, |_| {}).await
    }

    /// Plays a run at a callback endpoint, and audits the table behind it.
    async fn play(&self, url: &str, sender: Sender, table: &Reader, app: &AppKey) -> Result {
        let sender = Arc::new(sender);
        let run = Run::new(url, &self.shape);
        // Better now than after all of it.
        table.collection(app, &RoomId::new(&*run.id)?).await?;
        if !self.json {
            print::line(&run)?;
        }

        let stop = Arc::new(Notify::new());
        tokio::spawn(interrupts(Arc::clone(&stop)));
        let progress = self.bar(run.callbacks(), "callbacks")?;
        let (tally, record) = play::play(&run, &sender, &stop, &progress).await?;
        let progress = self.bar(u64::try_from(record.rooms.len())?, "rooms audited")?;
        let settle = Duration::from_secs(self.settle);
        let audit = tokio::select! {
            audit = audit::audit(table, app, &record, settle, &progress) => audit,
            () = stop.notified() => Audit::failed("interrupted".to_owned()),
        };

        let interrupted = tally.callbacks.sent < run.callbacks();
        let report = Report { run: &run, interrupted, tally: &tally, table: &audit };
        if self.json { print::json(&json!(report)) } else { print::line(&report) }?;
        let is_right = tally.callbacks.accepted > 0 && audit.is_clean();
        let is_lasting = self.url.is_some() || self.access.endpoint().is_some();
        if is_lasting && is_right && !self.keep {
            let left = sender.end_rooms(&record.rooms.keys().collect::<Vec<_>>()).await;
            if left > 0 {
                print::note(format_args!(
                    "warning: {left} of the run's rooms could not be destroyed"
                ));
            }
        }
        report.verdict()
    }

    /// Makes a bar for this many of something. It is seen only by people with a terminal.
    fn bar(&self, length: u64, what: &str) -> Result<ProgressBar> {
        let bar = if self.json { ProgressBar::hidden() } else { ProgressBar::new(length) };
        let template = format!("{{bar:30}} {{pos}}/{{len}} {what}  {{msg}}");
        Ok(bar.with_style(ProgressStyle::with_template(&template)?))
    }
}

/// Ends the traffic, or else the audit, at the first Ctrl-C, and everything at the second.
async fn interrupts(stop: Arc<Notify>) {
    let _ = tokio::signal::ctrl_c().await;
    stop.notify_one();
    let _ = tokio::signal::ctrl_c().await;
    std::process::exit(130);
}
