//! Settings. A wrong one stops the start with one line, which names the setting, its value and the
//! allowed values.

use std::{collections::BTreeMap, time::Duration};

use chatroom_status_sync::{
    callback::Freshness,
    env::Environment,
    functions::settings::{SecretSource, Settings},
    table::room_cache::AGE,
};

fn read(changes: &[(&str, &str)]) -> Result<Settings, String> {
    let mut variables = BTreeMap::from([
        ("TABLE_NAME", "chatrooms"),
        ("APP_SECRETS", r#"{"app":"hush-hush"}"#),
        ("DEFERRED_QUEUE_URL", "http://deferred"),
        ("SWEEP_QUEUE_URL", "http://sweeps"),
        ("DEAD_LETTER_QUEUE_URL", "http://dead-letters"),
    ]);
    variables.extend(changes.iter().copied());
    let env = Environment::new(|name| variables.get(name).map(|&value| value.to_owned()));
    Settings::read(&env).map_err(|error| error.to_string())
}

#[test]
fn defaults_are_the_documented_ones() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.freshness, Freshness::WithinSeconds(900));
    assert_eq!(settings.budget, Duration::from_millis(3500));
    assert_eq!(settings.storage.retention_days, 30);
    assert_eq!(settings.storage.sweep_delay, Duration::from_mins(1));
    assert!(settings.allowed_sources.is_empty());
}

#[test]
fn zero_seconds_switch_freshness_off() {
    let settings = read(&[("SIGNATURE_MAX_AGE_SECONDS", "0")]).unwrap();
    assert_eq!(settings.freshness, Freshness::Unchecked);
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let settings = read(&[("ALLOWED_SOURCES", ""), ("BUDGET_MS", " "), ("APP_SECRETS_ARN", "")]);
    assert!(matches!(settings.unwrap().secrets, SecretSource::Given(_)));
}

#[test]
fn every_wrong_setting_is_explained_in_one_line() {
    let wrong = [
        ("TABLE_NAME", "", "TABLE_NAME is not set; it should be the name of the DynamoDB table"),
        (
            "DEAD_LETTER_QUEUE_URL",
            "",
            "DEAD_LETTER_QUEUE_URL is not set; it should be the URL of an SQS queue",
        ),
        (
            "BUDGET_MS",
            "3,5",
            "BUDGET_MS holds \"3,5\"; it should be a whole number from 100 to 4000",
        ),
        (
            "BUDGET_MS",
            "5000",
            "BUDGET_MS holds \"5000\"; it should be a whole number from 100 to 4000",
        ),
        (
            "RETENTION_DAYS",
            "0",
            "RETENTION_DAYS holds \"0\"; it should be a whole number from 1 to 3650",
        ),
        (
            "SIGNATURE_MAX_AGE_SECONDS",
            "-1",
            "SIGNATURE_MAX_AGE_SECONDS holds \"-1\"; it should be a whole number from 0 to 4294967295",
        ),
        (
            "ALLOWED_SOURCES",
            "203.0.113.0/24,example.com",
            "ALLOWED_SOURCES holds \"example.com\"; it should be CIDRs such as 203.0.113.0/24",
        ),
    ];
    for (name, value, line) in wrong {
        assert_eq!(read(&[(name, value)]).unwrap_err(), line);
    }
}

#[test]
fn exactly_one_source_of_secrets_is_set() {
    assert!(
        read(&[("APP_SECRETS", "")])
            .unwrap_err()
            .contains("neither APP_SECRETS nor APP_SECRETS_ARN")
    );
    assert!(read(&[("APP_SECRETS_ARN", "arn")]).unwrap_err().contains("both set"));
    let stored = read(&[("APP_SECRETS", ""), ("APP_SECRETS_ARN", "arn")]).unwrap();
    assert!(matches!(stored.secrets, SecretSource::SecretsManager(arn) if arn == "arn"));
}

#[test]
fn wrong_secrets_are_explained_without_showing_any() {
    let wrong = [
        ("hush-hush", "holds no JSON"),
        (r#""hush-hush""#, "holds a string instead of a JSON object"),
        (r#"["hush-hush"]"#, "holds a list instead of a JSON object"),
        ("{}", "names no app"),
        (r#"{"app":{"secret":"hush-hush"}}"#, "holds an object instead of a secret for app app"),
        (r#"{"app":["hush-hush",""]}"#, "holds an empty secret for app app"),
        (r#"{"app":[]}"#, "holds an empty list for app app"),
        (r#"{"a#b":"hush-hush"}"#, "has an app key that contains '#'"),
        (r#"{"hush":"hush"}"#, "holds the App Key itself as the secret of app hush"),
    ];
    for (json, why) in wrong {
        let line = read(&[("APP_SECRETS", json)]).unwrap_err();
        assert!(line.starts_with(&format!("APP_SECRETS {why}")), "{line}");
        assert!(!line.contains("hush-hush"), "{line}");
    }
}

/// Otherwise a sweep could miss a join: that of a function which still takes the room for alive.
#[test]
fn sweeps_wait_longer_than_any_function_runs_and_remembers_a_room() {
    let template = include_str!("../../template.yaml");
    let time_outs = template.lines().filter_map(|line| line.trim().strip_prefix("Timeout: "));
    let time_outs: Vec<u64> = time_outs.map(|seconds| seconds.parse().unwrap()).collect();
    assert_eq!(time_outs.len(), 3, "callback, worker and reader");
    let longest = Duration::from_secs(time_outs.into_iter().max().unwrap());
    assert!(read(&[]).unwrap().storage.sweep_delay > longest + AGE);
}
