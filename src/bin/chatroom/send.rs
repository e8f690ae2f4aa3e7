//! Sending a callback over HTTP, as the IM server does.

use std::time::Duration;

use chatroom_status_sync::local::im_server::SignedCallback;
use ureq::Agent;

use crate::Result;

/// How long the IM server waits for an answer.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Posts a callback; gives status and body of the answer, whatever they are.
pub async fn post(callback: &SignedCallback, endpoint: &str) -> Result<(u16, String)> {
    let (url, body) = (callback.url(endpoint), callback.body.clone());
    tokio::task::spawn_blocking(move || {
        let config =
            Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
        let request = Agent::from(config.build()).post(&url).content_type("application/json");
        let mut answer = request.send(body)?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    })
    .await?
}
