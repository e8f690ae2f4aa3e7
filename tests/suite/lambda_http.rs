//! The reason for the guard: `lambda_http` alone panics on requests that any caller can send, and a
//! panic ends the function's process. Once these tests fail, the guard is no longer needed.

use std::panic::catch_unwind;

use serde_json::{Value, json};

fn sample() -> Value {
    serde_json::from_str(include_str!("../../events/join.json")).unwrap()
}

fn panics(change: impl FnOnce(&mut Value)) -> bool {
    let mut event = sample();
    change(&mut event);
    catch_unwind(|| drop(lambda_http::request::from_str(&event.to_string()))).is_err()
}

#[test]
fn lambda_http_reads_a_sample_event_as_one_of_an_http_api() {
    use lambda_http::RequestExt;
    let request = lambda_http::request::from_str(&sample().to_string()).unwrap();
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri().path(), "/chatroom_status_sync");
    assert_eq!(request.query_string_parameters().first("nonce"), Some("14314"));
    assert!(matches!(
        request.request_context(),
        lambda_http::request::RequestContext::ApiGatewayV2(_)
    ));
}

#[test]
fn lambda_http_panics_on_a_malformed_host() {
    assert!(panics(|event| event["headers"]["host"] = json!("exa mple:99999999")));
}

#[test]
fn lambda_http_panics_on_a_query_string_that_is_no_uri() {
    assert!(panics(|event| event["rawQueryString"] = json!("a=<b> c")));
}

#[test]
fn lambda_http_panics_on_a_body_that_is_no_base64() {
    assert!(panics(|event| event["isBase64Encoded"] = json!(true)));
}

#[test]
fn lambda_http_panics_on_a_malformed_path() {
    assert!(panics(|event| event["rawPath"] = json!(":99999999")));
}
