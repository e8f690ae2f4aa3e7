//! The sample events in `events/`, and the answers that its README promises.

use std::{collections::BTreeSet, fs};

use chatroom_status_sync::local::{TABLE, api_gateway::read_event};
use serde_json::Value;

use crate::support::{deployment_with, now, rows};

/// An answer that the README promises to an event.
struct Promise {
    /// The name of the event's file.
    file: &'static str,
    status: u16,
    body: Value,
}

fn promises() -> Vec<Promise> {
    let readme = include_str!("../../events/README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let (file, rest) = row.split_once("` |").unwrap();
        let (_, answer) = rest.trim_end_matches(" |").rsplit_once("| `").unwrap();
        let (status, body) = answer.trim_end_matches('`').split_once(' ').unwrap();
        let (status, body) = (status.parse().unwrap(), serde_json::from_str(body).unwrap());
        Promise { file, status, body }
    })
    .collect()
}

#[tokio::test]
async fn every_sample_event_gives_the_answer_that_the_readme_promises() {
    let stack = deployment_with(&[("SIGNATURE_MAX_AGE_SECONDS", "0")]).await;
    for promise in promises() {
        let file = promise.file;
        let event = fs::read_to_string(format!("events/{file}")).unwrap();
        let request = read_event(&event, now()).unwrap();
        let (answer, _) = stack.api_gateway.receiver().receive(request, None).await;
        let body: Value = serde_json::from_str(&answer.body()).unwrap();
        assert_eq!(answer.status(), promise.status, "events/{file}");
        assert_eq!(body, promise.body, "events/{file}");
    }
    assert!(!rows(&stack.table).await.is_empty());
}

#[test]
fn the_readme_lists_every_sample_event() {
    let events: BTreeSet<_> = fs::read_dir("events")
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| !["README.md", "local.env", "docker.json"].contains(&name.as_str()))
        .collect();
    let listed: BTreeSet<_> =
        promises().into_iter().map(|promise| promise.file.to_owned()).collect();
    assert!(events.len() >= 13);
    assert_eq!(listed, events);
}

#[test]
fn the_environment_file_makes_sample_events_valid() {
    use chatroom_status_sync::{
        callback::Freshness, env::Environment, functions::settings::Settings,
    };
    let file = fs::read_to_string("events/local.env").unwrap();
    let variables: Vec<_> = file.lines().filter_map(|line| line.split_once('=')).collect();
    let env = Environment::new(|name| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|&(_, value)| value.trim_matches('\'').to_owned())
    });
    let settings = Settings::read(&env).unwrap();
    assert_eq!(settings.freshness, Freshness::Unchecked);
    assert_eq!(settings.storage.table_name, TABLE);
}
