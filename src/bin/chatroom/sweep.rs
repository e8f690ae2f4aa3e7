//! `chatroom sweep`: asks for the sweep of a room that ended, because its own was lost.

use std::time::Duration;

use chatroom_status_sync::{
    aws::queue::{Outgoing, Queue},
    domain::{
        event::Version,
        ids::{AppKey, RoomId},
        sweep::Sweep,
    },
    env::Environment,
    table::{presence::Room, read::Reader},
    wire::deferred::sweep_message,
};
use clap::Args;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    access::{Access, is_local},
    print::{self, printable},
    result::{NothingKnown, Result},
};

/// The time for sending the message, repeats included.
const PATIENCE: Duration = Duration::from_secs(30);

/// The effects of a sweep, for the help.
const EFFECTS: &str = "Readers who compare with destroyVersion know of a room's end at once. Its \
    sweep, about a minute later, brings the end to the items of the members: they become left, for \
    the reason room_destroyed. A destroyed room whose item has no expiresAt still waits for that; if \
    it waits for more than ten minutes, its sweep may be lost. To sweep a room twice is harmless.

Examples:
  chatroom sweep lobby --queue http://127.0.0.1:9324/000000000000/sweeps \\
      --endpoint-url http://127.0.0.1:8000
  chatroom sweep lobby --queue \"$SWEEP_QUEUE_URL\" \\
      --table \"$TABLE_NAME\" --app-key my-app";

#[derive(Args)]
#[command(after_help = EFFECTS)]
pub struct Options {
    /// The room's id
    #[arg(value_parser = |text: &str| RoomId::new(text))]
    room: RoomId,
    /// The sweep queue
    #[arg(long, env = "SWEEP_QUEUE_URL", value_name = "QUEUE_URL")]
    queue: String,
    /// An SQS endpoint; without it, a queue on this machine is found by its URL, and any other in
    /// AWS
    #[arg(long, env = "AWS_ENDPOINT_URL_SQS")]
    sqs_endpoint_url: Option<String>,
    /// Print JSON for programs
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        self.access.read(async |reader, app| self.sweep(reader, app).await).await
    }

    async fn sweep(&self, reader: &Reader, app: &AppKey) -> Result {
        let id = &self.room;
        let room = reader.room(app, id).await?.ok_or_else(|| {
            NothingKnown::because(format_args!("nothing is known of room {id} in app {app}"))
        })?;
        let Some(destroy) = room.destroy_version.and_then(Version::from_number) else {
            return self.say(&room, None, "it was never destroyed: nothing to sweep");
        };
        let (is_active, ended) = (room.lifecycle == "active", print::time(room.destroyed_at));
        let again = if room.expires_at.is_some() { ", and is swept already" } else { "" };
        let delay = self.delay()?;
        self.send(app, destroy, delay).await?;
        let seconds = delay.as_secs();
        let what = if is_active {
            format!(
                "it is active again. In {seconds} seconds the worker marks as left whoever joined \
                 before its last end, {ended}, and never since"
            )
        } else {
            format!(
                "it was destroyed at {ended}{again}. In {seconds} seconds the worker marks as left whoever \
                 joined before that, and then lets the room's item expire"
            )
        };
        self.say(&room, Some(delay), &what)
    }

    async fn send(&self, app: &AppKey, destroy: Version, delay: Duration) -> Result {
        let url = &self.queue;
        let client = self.access.account.sqs(url, self.sqs_endpoint_url.as_deref()).await?;
        let sweep = Sweep { room: self.room.clone(), destroy, after: None };
        let message = Outgoing { body: sweep_message(app, &sweep), delay, group: None };
        let message = message.of(app, Some(&self.room));
        Ok(Queue::new(|| client, url).send(vec![message], Instant::now() + PATIENCE).await?)
    }

    /// Gives the time after which every function is over that saw the room before: as for any other
    /// sweep, a minute in AWS, and on this machine whatever is set.
    fn delay(&self) -> Result<Duration> {
        let place = self.sqs_endpoint_url.as_deref().unwrap_or(&self.queue);
        let environment = Environment::new(|name| {
            is_local(place).then(|| Environment::of_process().get(name)).flatten()
        });
        Ok(Duration::from_secs(environment.number("SWEEP_DELAY_SECONDS", 60, 0..=900)?))
    }

    fn say(&self, room: &Room, delay: Option<Duration>, what: &str) -> Result {
        if self.json {
            let delay = delay.map(|delay| delay.as_secs());
            return print::json(
                &json!({"room": room, "queued": delay.is_some(), "delaySeconds": delay}),
            );
        }
        print::line(format_args!("room {}: {what}", printable(self.room.as_str())))
    }
}
