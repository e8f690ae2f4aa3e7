//! A stand-in for the IM server: signs callbacks as it does.

use std::{fmt, time::SystemTime};

use serde::Serialize;

use crate::{
    callback::{self, keyring::Secret},
    domain::time::Timestamp,
};

/// The App Key of all samples: the one in the vendor's documentation.
pub const APP_KEY: &str = "someappKey";
/// The App Secret of that app, from the same place. It is a sample, so no secret at all.
pub const APP_SECRET: &str = "Y1W2MeFwwwRxa0";
/// The nonce of the sample in the vendor's documentation.
pub const NONCE: &str = "14314";
/// The path of callbacks: the vendor's, and the template's.
pub const PATH: &str = "/chatroom_status_sync";

/// Makes a nonce that nobody has sent before: the IM server's have at most 18 digits.
pub fn new_nonce() -> String {
    fastrand::u64(..1_000_000_000_000_000_000).to_string()
}

/// A callback, ready to be sent.
#[derive(Debug, Clone)]
pub struct SignedCallback {
    /// `appKey=...&timestamp=...&nonce=...&signature=...`
    pub query: String,
    /// JSON text.
    pub body: String,
}

impl SignedCallback {
    /// Signs a callback at `timestamp`. The signature does not cover the body.
    pub fn new(
        app_key: &str,
        secret: &Secret,
        nonce: &str,
        timestamp: Timestamp,
        body: impl Into<String>,
    ) -> Self {
        let timestamp = format!("{:013}", timestamp.millis());
        let signature = callback::sign(secret, nonce, &timestamp);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("appKey", app_key)
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", nonce)
            .append_pair("signature", &signature)
            .finish();
        Self { query, body: body.into() }
    }

    /// Signs a callback of the sample app now.
    pub fn now(body: impl Into<String>) -> Self {
        let (secret, now) = (Secret::new(APP_SECRET), SystemTime::now().into());
        Self::new(APP_KEY, &secret, NONCE, now, body)
    }

    /// Gives the URL to post the body to.
    pub fn url(&self, endpoint: &str) -> String {
        format!("{endpoint}?{}", self.query)
    }

    /// Words a command that sends it.
    pub fn curl(&self, endpoint: &str) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
        format!(
            "curl -sS {} -H 'content-type: application/json' -d {}",
            quoted(&self.url(endpoint)),
            quoted(&self.body)
        )
    }
}

/// One event of a callback's body, in wire format and in the sender's order of fields.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WireEvent {
    /// The room.
    pub chat_room_id: String,
    /// The users.
    pub user_ids: Vec<String>,
    /// The `status`.
    pub status: u64,
    /// The `type`: the number of a [`Kind`](crate::domain::event::Kind).
    pub r#type: u64,
    /// The time of the event.
    pub time: Timestamp,
}

impl WireEvent {
    /// Makes an event of any type and status, documented or not.
    pub fn new(room: &str, users: &[&str], r#type: u64, status: u64, time: Timestamp) -> Self {
        let user_ids = users.iter().map(|&user| user.to_owned()).collect();
        Self { chat_room_id: room.to_owned(), user_ids, status, r#type, time }
    }
}

impl fmt::Display for WireEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// Writes the body of a callback with these events.
pub fn body_of(events: &[WireEvent]) -> String {
    let texts: Vec<_> = events.iter().map(WireEvent::to_string).collect();
    format!("[{}]", texts.join(","))
}
