//! Measures verifying, parsing and planning, without network and table: `cargo bench`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::time::SystemTime;

use chatroom_status_sync::{
    callback::{Freshness, Unverified, Verified, body::parse, keyring::Keyring},
    domain::{event::Kind, plan::Plan, time::Timestamp},
    local::im_server::{APP_KEY, APP_SECRET, SignedCallback, WireEvent, body_of},
};
use divan::{Bencher, counter::ItemsCount};

const USERS: [usize; 3] = [1, 100, 10_000];

fn main() {
    divan::main();
}

/// The check of the signature, which does not cover the body.
#[divan::bench(args = USERS)]
fn verify(bencher: Bencher<'_, '_>, users: usize) {
    let (keyring, now) = (keyring(), Timestamp::from(SystemTime::now()));
    let callback = callback(users, now);
    of_users(bencher, users)
        .with_inputs(|| received(&callback))
        .bench_values(|received| received.verify(&keyring, Freshness::WithinSeconds(900), now));
}

/// From bytes to events.
#[divan::bench(args = USERS)]
fn parse_body(bencher: Bencher<'_, '_>, users: usize) {
    let now = Timestamp::from(SystemTime::now());
    let verified = verified(users, now);
    of_users(bencher, users).bench(|| parse(&verified, now));
}

/// From events to one change per member.
#[divan::bench(args = USERS)]
fn plan(bencher: Bencher<'_, '_>, users: usize) {
    let now = Timestamp::from(SystemTime::now());
    let verified = verified(users, now);
    of_users(bencher, users)
        .with_inputs(|| parse(&verified, now).unwrap().events)
        .bench_values(Plan::of);
}

fn of_users<'a, 'b>(bencher: Bencher<'a, 'b>, users: usize) -> Bencher<'a, 'b> {
    bencher.counter(ItemsCount::new(users))
}

fn keyring() -> Keyring {
    Keyring::from_json(&format!(r#"{{"{APP_KEY}":"{APP_SECRET}"}}"#)).unwrap()
}

/// A callback in which so many users join one room.
fn callback(users: usize, now: Timestamp) -> SignedCallback {
    let users: Vec<String> = (0..users).map(|user| format!("user-{user:08}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    SignedCallback::now(body_of(&[WireEvent::new("room", &users, Kind::Join as u64, 0, now)]))
}

fn received(callback: &SignedCallback) -> Unverified {
    Unverified::new(callback.query.clone(), callback.body.clone().into_bytes())
}

fn verified(users: usize, now: Timestamp) -> Verified {
    let received = received(&callback(users, now));
    let verified = received.verify(&keyring(), Freshness::Unchecked, now);
    verified.map_err(|(_, refusal)| refusal).unwrap()
}
