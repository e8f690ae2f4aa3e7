//! `chatroom load`: realistic traffic at a given rate, and whether the table is right after it.
//!
//! * [`popularity`], [`room`] and [`world`]: what happens, and how the sender words it.
//! * [`traffic`]: which callback is due when.
//! * [`target`]: where they go.
//! * [`sender`]: sending one, as often as it takes.
//! * [`play`]: sending all of them in time.
//! * [`tally`] and [`record`]: what was answered, and who must be where by that.
//! * [`audit`]: who is where.
//! * [`report`]: what that comes to.
//! * [`tidy`]: leaving nothing behind that never expires.

mod audit;
mod play;
mod popularity;
mod record;
mod report;
mod room;
mod sender;
mod tally;
mod target;
mod tidy;
mod traffic;
mod world;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use chatroom_status_sync::{
    callback::keyring::Secret,
    domain::{ids::RoomId, time::Timestamp},
    local::im_server::APP_SECRET,
};
use clap::{Args, value_parser};
use serde_json::json;
use tokio::sync::Notify;

use crate::{Result, access::Access};
use audit::Audit;
use report::Report;
use sender::Sender;
use target::Target;
use traffic::{Shape, Traffic};

/// What a run does to what it is played at, for the help.
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
    /// Callbacks per second, whether or not earlier ones are answered
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u64).range(1..=1_000_000))]
    rate: u64,
    /// For how long, in seconds
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..=1_000_000))]
    duration: u64,
    /// How many callbacks, instead of for how long
    #[arg(long, conflicts_with = "duration", value_parser = value_parser!(u64).range(1..))]
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
    seed: Option<u64>,
    /// How long what was deferred may take, in seconds
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

impl Options {
    pub async fn run(self) -> Result {
        let target = match &self.url {
            Some(url) => Target::deployed(url, &self.access).await?,
            None => Target::local(&self.access, &self.secret).await?,
        };
        tokio::select! {
            done = self.play_at(&target) => done,
            stopped = target.work() => stopped,
        }
    }

    async fn play_at(&self, target: &Target) -> Result {
        let app = &self.access.app_key;
        let connections = usize::try_from(self.connections)?;
        let secret = Secret::new(&*self.secret);
        let sender = Sender::new(&target.url, app.as_str(), secret, connections)?;
        let sender = Arc::new(sender);
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
        let start = Timestamp::from(SystemTime::now());
        let run = format!("load-{start}-{seed}");
        // Better now than after all of it.
        target.table.room(app, &RoomId::new(&*run)?).await?;

        let callbacks = self.callbacks.unwrap_or(self.rate * self.duration);
        if !self.access.json {
            println!("run        {run} at {}", target.url);
            println!(
                "traffic    {callbacks} callbacks at {}/s, seed {seed}, {} rooms, {} users, {connections} connections",
                self.rate, self.rooms, self.users
            );
        }
        let facts = json!({
            "id": run,
            "seed": seed,
            "startedAt": start,
            "url": target.url,
            "rate": self.rate,
            "rooms": self.rooms,
            "users": self.users,
            "connections": connections,
        });
        let traffic = Traffic::new(Shape {
            run,
            seed,
            start,
            rate: self.rate,
            callbacks,
            rooms: self.rooms,
            users: self.users,
        });
        let progress = play::bar(callbacks, "callbacks", !self.access.json)?;
        let stop = Arc::new(Notify::new());
        tokio::spawn(interrupts(Arc::clone(&stop)));
        let played = play::play(traffic, &sender, connections, &stop, &progress).await?;
        let settle = Duration::from_secs(self.settle);
        let rooms = u64::try_from(played.record.rooms().len())?;
        let progress = play::bar(rooms, "rooms audited", !self.access.json)?;
        let audit = tokio::select! {
            audit = audit::audit(&target.table, app, &played.record, settle, &progress) => audit,
            () = stop.notified() => Audit::failed("interrupted".to_owned()),
        };
        let report = Report { facts, played: &played, audit: &audit };
        if self.access.json {
            report.print_json()?;
        } else {
            report.print();
        }
        if target.is_lasting && !self.keep && played.tally.accepted > 0 && audit.is_clean() {
            let rooms: Vec<_> = played.record.rooms().map(|(id, _)| id).collect();
            let left = tidy::destroy(&sender, &rooms).await;
            if left > 0 {
                eprintln!("warning: {left} of the run's rooms could not be destroyed");
            }
        }
        report.verdict()
    }
}

/// The first Ctrl-C ends the traffic, or else the audit; the second everything.
async fn interrupts(stop: Arc<Notify>) {
    let _ = tokio::signal::ctrl_c().await;
    stop.notify_one();
    let _ = tokio::signal::ctrl_c().await;
    std::process::exit(130);
}
