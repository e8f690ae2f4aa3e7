//! Sending callbacks: over HTTP to a deployment, or straight to a function.

use std::sync::LazyLock;

use chatroom_status_sync::{
    functions::receiver::Receiver,
    local::{
        Stack,
        api_gateway::{event_of, read_event},
        im_server::{SignedCallback, WireEvent},
    },
};
use serde_json::Value;
use ureq::Agent;

use super::{now, signed};

static AGENT: LazyLock<Agent> =
    LazyLock::new(|| Agent::config_builder().http_status_as_error(false).build().into());

/// Sends events, signed now. Gives the status and the body of the answer.
pub async fn send(stack: &Stack, events: &[WireEvent]) -> (u16, Value) {
    post(stack, signed(events)).await
}

pub async fn post(stack: &Stack, callback: SignedCallback) -> (u16, Value) {
    post_bytes(&callback.url(stack.api_gateway.url()), callback.body.into_bytes()).await
}

pub async fn post_bytes(url: &str, body: Vec<u8>) -> (u16, Value) {
    let url = url.to_owned();
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = AGENT.post(&url).send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    });
    let (status, body) = answer.await.unwrap();
    (status, serde_json::from_str(&body).unwrap())
}

/// Hands events to a function as API Gateway would.
pub async fn hand(function: &Receiver, events: &[WireEvent]) -> (u16, Value) {
    let now = now();
    let event = event_of(&signed(events), "test", now).to_string();
    let request = read_event(&event, now).unwrap();
    let (answer, _) = function.receive(request, None).await;
    (answer.status(), serde_json::from_str(&answer.body()).unwrap())
}
