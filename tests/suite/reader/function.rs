//! The real `reader` binary behind a Lambda Runtime API.

use chatroom_status_sync::{
    env::Environment, functions::reader::apps::Apps, local::im_server::APP_KEY,
};
use serde_json::{Value, json};

use super::lobby_and_stage;
use crate::support::functions::{answer_in, reader as function};

/// The event that API Gateway makes of a request for the reader.
fn event(method: &str, path: &str, query: &str) -> Value {
    json!({
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "id.execute-api.eu-central-1.amazonaws.com"},
        "requestContext": {
            "requestId": "request-1",
            "stage": "$default",
            "timeEpoch": 1_700_000_000_000_u64,
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
        },
        "isBase64Encoded": false,
    })
}

#[tokio::test]
async fn the_function_answers_events_and_logs_neither_ids_nor_query_strings() {
    let (stack, _) = lobby_and_stage().await;
    let mut reader = function(&stack, &[("APP_KEYS", APP_KEY)]).await;
    let query = "room=lobby&user=anna";
    let response = reader.invoke(event("GET", "/member", query).to_string()).await.unwrap();
    assert_eq!(response["statusCode"], 200);
    assert_eq!(response["headers"]["content-type"], "application/json");
    assert_eq!(response["isBase64Encoded"], false);
    assert_eq!(answer_in(&response)["present"], true);
    for (method, path, status) in [
        ("POST", "/member", 405),
        ("GET", "/members/anna", 404),
        ("GET", "/anna ?room", 404),
        ("anna anna", "/room", 400),
    ] {
        let response = reader.invoke(event(method, path, "").to_string()).await.unwrap();
        assert_eq!(response["statusCode"], status, "{method} {path}");
    }
    let log = reader.end().unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[0]["message"], "read");
    assert_eq!((&lines[0]["path"], &lines[0]["status"]), (&json!("/member"), &json!(200)));
    assert_eq!(
        (&lines[0]["read_units"], &lines[0]["request_id"]),
        (&json!(1.0), &json!("request-1"))
    );
    assert!(!log.contains("anna") && !log.contains("lobby"), "{log}");
}

#[test]
fn a_wrong_app_key_stops_the_start_with_the_name_of_the_variable() {
    let env = Environment::new(|name| (name == "APP_KEYS").then(|| "a, b#c".to_owned()));
    let line = Apps::read(&env).unwrap_err().to_string();
    assert!(line.starts_with("APP_KEYS holds \"b#c\", which contains '#'; it should be"), "{line}");
}
