//! `chatroom event`: a signed callback of one's own.

use std::time::SystemTime;

use chatroom_status_sync::{
    callback::keyring::Secret,
    domain::time::Timestamp,
    local::im_server::{APP_KEY, APP_SECRET, NONCE, SignedCallback, WireEvent, body_of},
};
use clap::{Args, ValueEnum};

use crate::{Result, print, send};

/// Where `chatroom serve` listens.
const LOCAL: &str = "http://127.0.0.1:8080/chatroom_status_sync";

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Create,
    Join,
    Leave,
    Destroy,
}

#[derive(Args)]
pub struct Options {
    /// What happened
    kind: Kind,
    /// The room it happened in
    #[arg(long)]
    room: String,
    /// Whom it is about; may be given several times
    #[arg(long = "user", value_name = "USER")]
    users: Vec<String>,
    /// How it came about: 0 requested, 1 auto-exit, 2 banned, 3 auto-destroyed
    #[arg(long, default_value_t = 0)]
    status: u64,
    /// When it happened, in Unix milliseconds; now if not given
    #[arg(long, value_name = "MILLISECONDS", value_parser = timestamp)]
    time: Option<Timestamp>,
    /// When it is signed, in Unix milliseconds; now if not given
    #[arg(long, value_name = "MILLISECONDS", value_parser = timestamp)]
    timestamp: Option<Timestamp>,
    /// The app
    #[arg(long, env = "APP_KEY", default_value = APP_KEY)]
    app_key: String,
    /// Its App Secret
    #[arg(long, env = "APP_SECRET", hide_env_values = true, hide_default_value = true, default_value = APP_SECRET)]
    secret: String,
    /// What makes the signature differ from others
    #[arg(long, default_value = NONCE)]
    nonce: String,
    /// Send it to this URL
    #[arg(long)]
    url: Option<String>,
    /// Print it as a curl command, for --url or for `chatroom serve`
    #[arg(long)]
    curl: bool,
}

fn timestamp(text: &str) -> std::result::Result<Timestamp, String> {
    let millis = text.parse().ok().and_then(Timestamp::from_millis);
    millis.ok_or_else(|| "Unix milliseconds have at most 13 digits".to_owned())
}

pub async fn run(options: Options) -> Result {
    let now = Timestamp::from(SystemTime::now());
    let users: Vec<_> = options.users.iter().map(String::as_str).collect();
    let time = options.time.unwrap_or(now);
    let event = WireEvent::new(&options.room, &users, options.kind as u64, options.status, time);
    let callback = SignedCallback::new(
        &options.app_key,
        &Secret::new(options.secret),
        &options.nonce,
        options.timestamp.unwrap_or(now),
        body_of(&[event]),
    );
    match options.url {
        url if options.curl => println!("{}", callback.curl(url.as_deref().unwrap_or(LOCAL))),
        Some(url) => {
            let (status, answer) = send::post(&callback, &url).await?;
            println!("{status} {answer}");
            if status != 200 {
                return Err("the callback was not accepted".into());
            }
        }
        None => print::json(&callback.gateway_event("sample", now))?,
    }
    Ok(())
}
