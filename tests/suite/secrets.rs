//! Secrets that are rotated while functions run.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use chatroom_status_sync::{
    env::Environment,
    functions::receiver::Receiver,
    local::{
        Stack,
        api_gateway::{event_of, read_event},
    },
};
use futures_util::future::join_all;
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{deployment, join, now, patient_function, signed};

const OLD: Option<&str> = Some(r#"{"someappKey":"old"}"#);
const NEW: Option<&str> = Some(r#"{"someappKey":"Y1W2MeFwwwRxa0"}"#);
/// An error of Secrets Manager.
const DOWN: Option<&str> = None;

/// A Secrets Manager that answers its first requests as given, and all later ones like the last.
#[derive(Clone)]
struct SecretsManager {
    answers: &'static [Option<&'static str>],
    reads: Arc<AtomicUsize>,
}

async fn answer(State(manager): State<SecretsManager>) -> impl IntoResponse {
    let read = manager.reads.fetch_add(1, Ordering::SeqCst);
    match manager.answers[read.min(manager.answers.len() - 1)] {
        Some(secret) => (StatusCode::OK, json!({"SecretString": secret}).to_string()),
        None => (StatusCode::BAD_REQUEST, json!({"__type": "NoSuchThing"}).to_string()),
    }
}

/// Starts a function whose secrets are in a Secrets Manager that answers so. Gives it, and the
/// number of its reads.
async fn function(
    stack: &Stack,
    answers: &'static [Option<&'static str>],
) -> (Receiver, Arc<AtomicUsize>) {
    let manager = SecretsManager { answers, reads: Arc::default() };
    let reads = manager.reads.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = Router::new().fallback(post(answer)).with_state(manager);
    tokio::spawn(async { axum::serve(listener, server).await });
    let env = Environment::new(|name| match name {
        "APP_SECRETS_ARN" => Some("arn:aws:secretsmanager:local".to_owned()),
        "AWS_ENDPOINT_URL_SECRETS_MANAGER" => Some(url.clone()),
        _ => stack.variable(name),
    });
    (patient_function(&env).await, reads)
}

/// The status of the answer to a callback that is signed with the new secret.
async fn status(function: &Receiver) -> u16 {
    let now = now();
    let callback = signed(&[join("room", "ann")]);
    let request = read_event(&event_of(&callback, "test", now).to_string(), now).unwrap();
    function.receive(request, None).await.0.status()
}

/// Moves the clock of time-outs on without waiting; all other clocks stay.
async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn secrets_are_read_once_at_the_start() {
    let stack = deployment().await;
    let (function, reads) = function(&stack, &[NEW]).await;
    assert_eq!((status(&function).await, status(&function).await), (200, 200));
    assert_eq!(reads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_new_secret_is_found_when_a_signature_needs_it_and_until_then_the_sender_is_to_try_again()
{
    let stack = deployment().await;
    let (function, reads) = function(&stack, &[OLD, NEW]).await;
    pass(4).await;
    assert_eq!((status(&function).await, reads.load(Ordering::SeqCst)), (503, 1));
    pass(1).await;
    assert_eq!((status(&function).await, reads.load(Ordering::SeqCst)), (200, 2));
}

#[tokio::test]
async fn wrong_signatures_read_the_secrets_once_in_five_seconds_at_most() {
    let stack = deployment().await;
    let (function, reads) = function(&stack, &[OLD]).await;
    for _ in 0..3 {
        pass(5).await;
        assert_eq!((status(&function).await, status(&function).await), (401, 503));
    }
    assert_eq!(reads.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_secret_that_was_taken_away_is_refused_five_minutes_later() {
    let stack = deployment().await;
    let (function, reads) = function(&stack, &[NEW, OLD]).await;
    pass(299).await;
    assert_eq!((status(&function).await, reads.load(Ordering::SeqCst)), (200, 1));
    pass(1).await;
    assert_eq!(status(&function).await, 200, "the secret is read beside this request");
    while reads.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    pass(5).await;
    assert_eq!((status(&function).await, reads.load(Ordering::SeqCst)), (401, 3));
}

#[tokio::test]
async fn a_function_starts_without_secrets_manager_and_reads_the_secrets_later() {
    let stack = deployment().await;
    let (function, reads) = function(&stack, &[DOWN, DOWN, NEW]).await;
    assert_eq!((status(&function).await, status(&function).await), (503, 503));
    assert_eq!(reads.load(Ordering::SeqCst), 1, "and it is not asked again at once");
    pass(5).await;
    assert_eq!((status(&function).await, reads.load(Ordering::SeqCst)), (503, 2));
    pass(5).await;
    assert_eq!((status(&function).await, reads.load(Ordering::SeqCst)), (200, 3));
}

#[tokio::test]
async fn while_secrets_cannot_be_read_nobody_is_told_that_a_signature_is_wrong() {
    let stack = deployment().await;
    let (function, reads) = function(&stack, &[OLD, DOWN, NEW]).await;
    pass(5).await;
    assert_eq!((status(&function).await, status(&function).await), (503, 503));
    assert_eq!(reads.load(Ordering::SeqCst), 2, "and it is not asked again at once");
    pass(5).await;
    assert_eq!(status(&function).await, 200);
}

#[tokio::test]
async fn simultaneous_callbacks_share_one_read_of_the_secrets() {
    let stack = deployment().await;
    let (function, reads) = function(&stack, &[OLD, NEW]).await;
    pass(5).await;
    let statuses = join_all((0..8).map(|_| status(&function))).await;
    assert_eq!((statuses, reads.load(Ordering::SeqCst)), (vec![200; 8], 2));
}
