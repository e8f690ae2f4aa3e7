//! `chatroom sweep`: asks for the sweep of a room that ended, because its own was lost.

use std::time::Duration;

use chatroom_status_sync::{
    aws::queue::{Outgoing, Queue},
    domain::{event::Version, ids::RoomId, sweep::Sweep},
    env::Environment,
    table::presence::Room,
    wire::deferred::sweep_message,
};
use clap::Args;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    access::{Access, is_local, sqs_client},
    print,
    result::Result,
};

/// The time for sending the message, repeats included.
const PATIENCE: Duration = Duration::from_secs(30);

/// The effects of a sweep, for the help.
const EFFECTS: &str = "Readers who compare with destroyVersion know of a room's end at once. Its \
    sweep, about a minute later, brings the end to the items of the members: they become left, for \
    the reason room_destroyed. A destroyed room whose item has no expiresAt still waits for that; if \
    it waits for more than ten minutes, its sweep may be lost. To sweep a room twice is harmless.";

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
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        let (app, id) = (&self.access.app_key, &self.room);
        let room = self.access.table().await?.reader().room(app, id).await?;
        let room = room.ok_or_else(|| format!("nothing is known of room {id}"))?;
        let Some(destroy) = room.destroy_version.and_then(Version::from_number) else {
            return self.say(&room, None, "it was never destroyed: nothing to sweep");
        };
        let (is_active, ended) = (room.lifecycle == "active", print::time(room.destroyed_at));
        let again = if room.expires_at.is_some() { ", and is swept already" } else { "" };
        let delay = self.delay()?;
        self.send(destroy, delay).await?;
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

    async fn send(&self, destroy: Version, delay: Duration) -> Result {
        let (app, url) = (&self.access.app_key, &self.queue);
        let client = sqs_client(url, self.sqs_endpoint_url.as_deref()).await?;
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
        if self.access.json {
            let delay = delay.map(|delay| delay.as_secs());
            return print::json(
                &json!({"room": room, "queued": delay.is_some(), "delaySeconds": delay}),
            );
        }
        print::line(format_args!("room {}: {what}", self.room))
    }
}
