//! Sends callbacks of the sample app, as the page asks for it: through the real endpoint.

use axum::body::Bytes;
use chatroom_status_sync::{
    callback::keyring::Secret,
    domain::event::Kind,
    local::im_server::{APP_KEY, APP_SECRET, SignedCallback, WireEvent, body_of, new_nonce},
};

use super::clock::now;
use crate::{
    result::Result,
    send::{HttpAnswer, HttpClient},
};

/// The most users that an event of the form may name.
const MOST_USERS: usize = 1000;

/// The content of the form: what was typed, so that it can be shown again.
#[derive(Debug, Clone, Default)]
pub struct EventForm {
    pub kind: String,
    pub room: String,
    /// Users, one on a line or separated by commas.
    pub users: String,
    pub status: String,
}

impl EventForm {
    /// Reads the fields of a form.
    pub fn read(fields: &[(String, String)]) -> Self {
        let field = |name: &str| {
            let field = fields.iter().find(|(other, _)| other == name);
            field.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        Self {
            kind: field("kind"),
            room: field("room"),
            users: field("users"),
            status: field("status"),
        }
    }

    /// Makes the event that the form describes, or says what is missing.
    pub fn event(&self) -> std::result::Result<WireEvent, &'static str> {
        let kind = match &*self.kind {
            "create" => Kind::Create,
            "join" => Kind::Join,
            "leave" => Kind::Leave,
            "destroy" => Kind::Destroy,
            _ => return Err("Choose what happened."),
        };
        let room = self.room.trim();
        if room.is_empty() {
            return Err("Name the room.");
        }
        let users = self.users.split([',', '\n', '\r']).map(str::trim);
        let users: Vec<_> = users.filter(|user| !user.is_empty()).collect();
        if users.is_empty() && matches!(kind, Kind::Join | Kind::Leave) {
            return Err("Name the users: a join or a leave without any changes nothing.");
        }
        if users.len() > MOST_USERS {
            return Err("Name at most 1,000 users.");
        }
        let status = self.status.parse().map_err(|_| "Choose a reason.")?;
        Ok(WireEvent::new(room, &users, kind.number(), status, now()))
    }
}

/// A sender for the sample app.
pub struct Resender {
    client: HttpClient,
    endpoint: String,
}

impl Resender {
    pub fn new(endpoint: &str) -> Result<Self> {
        Ok(Self { client: HttpClient::new()?, endpoint: endpoint.to_owned() })
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Sends an event, signed now. Gives the nonce, by which the callback is found, and the answer.
    pub async fn send(&self, event: WireEvent) -> Result<(String, HttpAnswer)> {
        self.send_body(body_of(&[event])).await
    }

    /// Sends a body again, signed now.
    pub async fn send_again(&self, body: &Bytes) -> Result<(String, HttpAnswer)> {
        let body = String::from_utf8(body.to_vec()).map_err(|_| "The body is no text.")?;
        self.send_body(body).await
    }

    async fn send_body(&self, body: String) -> Result<(String, HttpAnswer)> {
        let nonce = new_nonce();
        let secret = Secret::new(APP_SECRET);
        let callback = SignedCallback::new(APP_KEY, &secret, &nonce, now(), body);
        let answer = self.client.post(&callback, &self.endpoint).await?;
        Ok((nonce, answer))
    }
}
