//! `chatroom load`: realistic traffic at a given rate, and an audit of the table after it.
//!
//! * [`world`] invents what happens, and words it as the sender does.
//! * [`traffic`] decides which callback is due when.
//! * [`play`] sends each when it is due, as often as it takes.
//! * [`record`] tells by the answers who must be where, and [`audit`] compares the table with it.
//! * [`report`] says what all that comes to.

mod audit;
mod play;
mod record;
mod report;
mod traffic;
mod world;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use chatroom_status_sync::{
    domain::{ids::RoomId, time::Timestamp},
    env::Environment,
    local::{ListenAddresses, Stack, dynamodb::Data, im_server::APP_SECRET},
    table::Table,
};
use clap::{Args, value_parser};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::json;
use tokio::sync::Notify;

use crate::{access::Access, print, result::Result, serve};
use audit::Audit;
use play::Sender;
use report::Report;

/// The effects of a run, for the help.
const TRACES: &str = "Every run has rooms and users of its own, named after it, so that runs do \
    not meet each other or anybody real. If the table is right, the rooms are destroyed in the end, so \
    that everything about them expires; otherwise they stay, to be looked at. A callback that is not answered 200 within 5 seconds is \
    tried twice more, as the IM server does. The exit code is 0 if every callback was accepted and \
    the table says of everybody what it should.";

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
    /// The app's App Secret
    #[arg(long, env = "APP_SECRET", hide_env_values = true, hide_default_value = true, default_value = APP_SECRET)]
    secret: String,
    #[command(flatten)]
    access: Access,
}

#[derive(Args, Serialize)]
struct Shape {
    /// Callbacks per second, whether or not earlier ones are answered
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u32).range(1..=1_000_000))]
    rate: u32,
    /// The length of the run, in seconds
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..=1_000_000))]
    #[serde(skip)]
    duration: u64,
    /// The number of callbacks, instead of a duration
    #[arg(long, conflicts_with = "duration", value_parser = value_parser!(u64).range(1..))]
    #[serde(skip)]
    callbacks: Option<u64>,
    /// The most callbacks under way at once, each over a connection of its own
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u32).range(1..))]
    connections: u32,
    /// Rooms; the first is the most popular
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..=1_000_000))]
    rooms: u32,
    /// Users
    #[arg(long, default_value_t = 5000, value_parser = value_parser!(u32).range(1..))]
    users: u32,
    /// Play what a run with this seed and these numbers played; any if not given
    #[arg(long)]
    #[serde(skip)]
    seed: Option<u64>,
}

/// A run: what decides its traffic, and what tells it from others.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    /// Begins the ids of all its rooms and users.
    id: String,
    seed: u64,
    started_at: Timestamp,
    url: &'a str,
    #[serde(flatten)]
    shape: &'a Shape,
}

impl Run<'_> {
    /// Gives the number of callbacks, repeats included.
    fn callbacks(&self) -> u64 {
        self.shape.callbacks.unwrap_or(u64::from(self.shape.rate) * self.shape.duration)
    }
}

impl Options {
    pub async fn run(self) -> Result {
        if let Some(url) = &self.url {
            return self.play(url, &self.access.table().await?).await;
        }
        let stack = Arc::new(self.start_receiver().await?);
        let table = self.access.table_at(Some(stack.dynamodb.url())).await?;
        // A task of its own, so that the pace does not depend on it.
        let worker = Arc::clone(&stack);
        let worker = tokio::spawn(async move { serve::work(&worker).await });
        tokio::select! {
            done = self.play(stack.api_gateway.url(), &table) => done,
            stopped = worker => stopped?,
        }
    }

    /// Starts a receiver for the same app and table. With a DynamoDB endpoint, that is where the
    /// table is; without one, it is in memory.
    async fn start_receiver(&self) -> Result<Stack> {
        let data = self.access.endpoint_url.clone().map_or(Data::Memory, Data::Elsewhere);
        let environment = Environment::of_process();
        let settings = Environment::new(|name| match name {
            "APP_SECRETS" => Some(json!({ self.access.app_key.as_str(): self.secret }).to_string()),
            "TABLE_NAME" => Some(self.access.table.clone()),
            _ => environment.get(name).or_else(|| serve::setting(name)),
        });
        Stack::start(data, ListenAddresses::free(), &settings, None, |_| {}).await
    }

    /// Plays a run at a callback endpoint, and audits the table behind it.
    async fn play(&self, url: &str, table: &Table) -> Result {
        let (app, is_for_people) = (&self.access.app_key, !self.access.json);
        let sender = Arc::new(Sender::new(url, app, &self.secret)?);
        let seed = self.shape.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
        let started_at = Timestamp::from(SystemTime::now());
        let id = format!("load-{started_at}-{seed}");
        let run = Run { id, seed, started_at, url, shape: &self.shape };
        // Better now than after all of it.
        table.room(app, &RoomId::new(&*run.id)?).await?;
        if is_for_people {
            let Shape { rate, connections, rooms, users, .. } = self.shape;
            let callbacks = run.callbacks();
            print::line(format_args!("run        {} at {url}", run.id))?;
            print::line(format_args!(
                "traffic    {callbacks} callbacks at {rate}/s, seed {seed}, {rooms} rooms, {users} users, \
                 {connections} connections"
            ))?;
        }

        let stop = Arc::new(Notify::new());
        tokio::spawn(interrupts(Arc::clone(&stop)));
        let progress = bar(run.callbacks(), "callbacks", is_for_people)?;
        let played = play::play(&run, &sender, &stop, &progress).await?;
        let rooms: Vec<_> = played.record.rooms.keys().map(String::as_str).collect();
        let progress = bar(u64::try_from(rooms.len())?, "rooms audited", is_for_people)?;
        let settle = Duration::from_secs(self.settle);
        let audit = tokio::select! {
            audit = audit::audit(table, app, &played.record, settle, &progress) => audit,
            () = stop.notified() => Audit::failed("interrupted".to_owned()),
        };

        let (tally, interrupted) = (&played.tally, played.is_interrupted);
        let report = Report { run: &run, interrupted, tally, table: &audit };
        if is_for_people { print::line(&report) } else { print::json(&json!(report)) }?;
        let is_right = played.tally.callbacks.accepted > 0 && audit.is_clean();
        let is_lasting = self.url.is_some() || self.access.endpoint_url.is_some();
        if is_lasting && is_right && !self.keep {
            let left = sender.end_rooms(&rooms).await;
            if left > 0 {
                eprintln!("warning: {left} of the run's rooms could not be destroyed");
            }
        }
        report.verdict()
    }
}

/// Makes a bar for this many of something. It is seen only by people with a terminal.
fn bar(length: u64, what: &str, is_for_people: bool) -> Result<ProgressBar> {
    let bar = if is_for_people { ProgressBar::new(length) } else { ProgressBar::hidden() };
    let template = format!("{{bar:30}} {{pos}}/{{len}} {what}  {{msg}}");
    Ok(bar.with_style(ProgressStyle::with_template(&template)?))
}

/// Ends the traffic, or else the audit, at the first Ctrl-C, and everything at the second.
async fn interrupts(stop: Arc<Notify>) {
    let _ = tokio::signal::ctrl_c().await;
    stop.notify_one();
    let _ = tokio::signal::ctrl_c().await;
    std::process::exit(130);
}
