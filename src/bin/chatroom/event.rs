//! `chatroom event`: a signed callback of one's own.

use std::time::SystemTime;

use chatroom_status_sync::{
    callback::keyring::Secret,
    domain::{ids::AppKey, time::Timestamp},
    local::{
        api_gateway::event_of,
        im_server::{NONCE, SignedCallback, WireEvent, body_of},
    },
};
use clap::{Args, ValueEnum};
use tokio::time::error::Elapsed;

use crate::{
    access::{AppSecret, app_at},
    print,
    result::{Error, Result},
    send::{HttpClient, check},
};

/// The URL where `chatroom serve` takes callbacks.
const LOCAL: &str = "http://127.0.0.1:8080/chatroom_status_sync";

/// The types of events, in the sender's numbering.
#[derive(Clone, Copy, ValueEnum)]
enum EventType {
    Create = 0,
    Join = 1,
    Leave = 2,
    Destroy = 3,
}

const EXAMPLES: &str = "Examples:
  chatroom event join --room lobby --user anna --curl
  chatroom event leave --room lobby --user anna --status 2 \\
      --url http://127.0.0.1:8080/chatroom_status_sync
  chatroom event destroy --room lobby > event.json";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The type of the event
    kind: EventType,
    /// The room that it happened in
    #[arg(long)]
    room: String,
    /// A user whom it is about; may be given several times
    #[arg(long = "user", value_name = "USER")]
    users: Vec<String>,
    /// The way it came about: 0 requested, 1 auto-exit, 2 banned, 3 auto-destroyed
    #[arg(long, default_value_t = 0)]
    status: u64,
    /// The time of the event, in Unix milliseconds; now if not given
    #[arg(long, value_name = "MILLISECONDS", value_parser = timestamp)]
    time: Option<Timestamp>,
    /// The time of the signature, in Unix milliseconds; now if not given
    #[arg(long, value_name = "MILLISECONDS", value_parser = timestamp)]
    timestamp: Option<Timestamp>,
    /// The app. For a URL on this machine, and without one, it is the sample's unless you say
    /// otherwise
    #[arg(long, env = "APP_KEY", hide_env_values = true)]
    #[arg(value_parser = |text: &str| AppKey::new(text))]
    app_key: Option<AppKey>,
    #[command(flatten)]
    secret: AppSecret,
    /// The nonce, which makes the signature differ from others
    #[arg(long, default_value = NONCE)]
    nonce: String,
    /// Send it to this URL
    #[arg(long)]
    url: Option<String>,
    /// Print it as a curl command, for --url or for `chatroom serve`
    #[arg(long)]
    curl: bool,
}

impl Options {
    pub async fn run(self) -> Result {
        if self.users.is_empty() && matches!(self.kind, EventType::Join | EventType::Leave) {
            return Err("a join or leave without users says nothing: give --user".into());
        }
        let url = self.url.as_deref().unwrap_or(LOCAL);
        check(url)?;
        let app = app_at(Some(url), self.app_key)?;
        let now = Timestamp::from(SystemTime::now());
        let event = WireEvent {
            chat_room_id: self.room,
            user_ids: self.users,
            status: self.status,
            r#type: self.kind as u64,
            time: self.time.unwrap_or(now),
        };
        let callback = SignedCallback::new(
            app.as_str(),
            &Secret::new(self.secret.at(url)?),
            &self.nonce,
            self.timestamp.unwrap_or(now),
            body_of(&[event]),
        );
        if self.curl {
            // The body is JSON, and can be escaped as such.
            return print::line(print::escape_json(&callback.curl(url)));
        }
        if self.url.is_none() {
            return print::json(&event_of(&callback, "sample", now));
        }
        let answer = HttpClient::new()?.post(&callback, url).await;
        let answer = answer.map_err(|why| in_words(why, url))?;
        print::line(&answer)?;
        if answer.status == 200 { Ok(()) } else { Err("the callback was not accepted".into()) }
    }
}

/// Says of an answer that never came where it should have come from.
fn in_words(why: Error, url: &str) -> Error {
    if why.is::<Elapsed>() { format!("{url} does not answer in time").into() } else { why }
}

fn timestamp(text: &str) -> Result<Timestamp> {
    let time = text.parse().ok().and_then(Timestamp::from_millis);
    time.ok_or_else(|| "Unix milliseconds have at most 13 digits".into())
}
