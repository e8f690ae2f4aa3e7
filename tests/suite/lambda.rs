//! The real `callback` binary, between a Lambda Runtime API and an embedded engine.

use chatroom_status_sync::{
    local::{
        Addresses, Stack, TABLE,
        engine::{Engine, Storage},
        queues::{DEAD_LETTERS, DEFERRED, Queues},
        sample::{APP_KEY, APP_SECRET, SignedCallback, body_of, gateway_event},
    },
    time::Timestamp,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{JOIN, counts, deployment, event, row, rows, runtime_api::Function};

const BINARY: &str = env!("CARGO_BIN_EXE_callback");

/// The variables of a function in front of these endpoints; later ones replace earlier ones.
async fn function(dynamodb: &str, queues: &Queues, more: &[(&str, &str)]) -> Function {
    let secrets = json!({ APP_KEY: APP_SECRET }).to_string();
    let [deferred, dead_letters] = [DEFERRED, DEAD_LETTERS].map(|queue| queues.url_of(queue));
    let mut variables = vec![
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("AWS_ENDPOINT_URL_SQS", queues.url()),
        ("TABLE_NAME", TABLE),
        ("APP_SECRETS", &secrets),
        ("DEFERRED_QUEUE_URL", &deferred),
        ("DEAD_LETTER_QUEUE_URL", &dead_letters),
    ];
    variables.extend(more);
    Function::start(BINARY, &variables).await
}

async fn in_front_of(stack: &Stack, more: &[(&str, &str)]) -> Function {
    let variables: Vec<_> = [("TABLE_NAME", stack.table.name())]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    function(stack.engine.url(), &stack.queues, &variables).await
}

fn join(user: &str) -> SignedCallback {
    SignedCallback::now(body_of(&[event("r", &[user], JOIN, 0, 0)]))
}

fn gateway(callback: &SignedCallback) -> Value {
    callback.gateway_event("request-1", Timestamp::now())
}

fn answer(response: &Value) -> Value {
    serde_json::from_str(response["body"].as_str().unwrap()).unwrap()
}

/// A server that takes connections and never says anything.
async fn silence() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    url
}

#[tokio::test]
async fn a_signed_event_becomes_rows_an_answer_and_one_log_line() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    let callback = join("u");
    let response = function
        .invoke(gateway(&callback).to_string())
        .await
        .unwrap();
    assert_eq!(response["statusCode"], 200);
    assert_eq!(response["headers"]["content-type"], "application/json");
    assert_eq!(counts(&answer(&response)), [1, 0, 0, 0]);
    assert_eq!(
        row(&rows(&stack.table).await, "r", Some("u"))["membership"],
        "joined"
    );

    let log = function.end();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [line] = &lines[..] else {
        panic!("one line per request, not {log}")
    };
    assert_eq!(
        (&line["level"], &line["status"]),
        (&json!("INFO"), &json!(200))
    );
    assert_eq!(
        (&line["request_id"], &line["app_key"]),
        (&json!("request-1"), &json!(APP_KEY))
    );
    assert_eq!(line["applied"], 1);
    assert!(line["duration_ms"].is_u64() && line["lag_ms"].as_u64() > Some(0));
}

#[tokio::test]
async fn neither_query_strings_nor_secrets_nor_bodies_are_logged() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    let good = join("user-in-the-body");
    let mut bad = good.clone();
    bad.query = bad.query.replace("signature=", "signature=f");
    for callback in [&good, &bad] {
        function
            .invoke(gateway(callback).to_string())
            .await
            .unwrap();
    }
    let log = function.end();
    assert_eq!(log.lines().count(), 2);
    let (_, signature) = good.query.split_once("signature=").unwrap();
    for hidden in [APP_SECRET, signature, "nonce=", "user-in-the-body"] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}

#[tokio::test]
async fn nothing_that_a_caller_sends_ends_the_process() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    let callback = join("u");
    let mut strange = Vec::new();
    let mut strange_event = |change: &dyn Fn(&mut Value)| {
        let mut event = gateway(&callback);
        change(&mut event);
        strange.push(event);
    };
    // Each of these four ends a process that builds an http::Request of the event.
    strange_event(&|event| event["headers"]["host"] = json!("exa mple:99999999"));
    strange_event(&|event| event["rawPath"] = json!(":99999999"));
    strange_event(&|event| event["isBase64Encoded"] = json!(true));
    strange_event(&|event| event["headers"] = json!({"bad name": "\u{0}\n", "x": 7}));
    strange_event(&|event| event["requestContext"]["http"]["method"] = json!("NO SUCH METHOD"));
    strange_event(&|event| event["requestContext"]["timeEpoch"] = json!(u64::MAX));
    for event in strange {
        let response = function.invoke(event.to_string()).await.unwrap();
        assert_eq!(response["statusCode"], 200, "{event}");
    }
    let mut query = gateway(&callback);
    query["rawQueryString"] = json!("a=<b> c&\u{0}=\u{1F600}&%zz=%ff");
    let refused = [
        query,
        json!({}),
        json!({"requestContext": {}, "body": null, "rawQueryString": null}),
    ];
    for event in refused {
        let response = function.invoke(event.to_string()).await.unwrap();
        assert_eq!(response["statusCode"], 401, "{event}");
    }
    for no_event in ["", "7", "{\"body\": 7}", "\u{0}"] {
        function.invoke(no_event).await.unwrap_err();
    }
    let response = function
        .invoke(gateway(&join("v")).to_string())
        .await
        .unwrap();
    assert_eq!(response["statusCode"], 200, "and it still works");
}

#[tokio::test]
async fn a_base64_body_is_decoded() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    let callback = join("u");
    let body = BASE64_STANDARD.encode(&callback.body);
    let event = gateway_event(
        &callback.query,
        &body,
        true,
        "127.0.0.1",
        "id",
        Timestamp::now(),
    );
    let response = function.invoke(event.to_string()).await.unwrap();
    assert_eq!(counts(&answer(&response)), [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_table_that_never_answers_gives_503_and_a_time_to_retry() {
    let queues = Queues::start(Addresses::free().sqs).await.unwrap();
    let mut function = function(&silence().await, &queues, &[("BUDGET_MS", "300")]).await;
    let response = function
        .invoke(gateway(&join("u")).to_string())
        .await
        .unwrap();
    assert_eq!(response["statusCode"], 503);
    assert_eq!(response["headers"]["retry-after"], "1");
    assert_eq!(answer(&response)["error"], "unavailable");
    let line: Value = serde_json::from_str(function.end().trim()).unwrap();
    assert_eq!(line["level"], "ERROR");
    assert!(
        line["error"]
            .as_str()
            .unwrap()
            .starts_with("1 of 1 changes unwritten"),
        "{line}"
    );
}

#[tokio::test]
async fn a_table_out_of_reach_gives_503_and_what_it_missed_is_written_by_the_retry() {
    let stack = deployment().await;
    let mut missing = in_front_of(&stack, &[("TABLE_NAME", "no-such-table")]).await;
    let event = gateway(&join("u")).to_string();
    assert_eq!(
        missing.invoke(event.clone()).await.unwrap()["statusCode"],
        503
    );
    let mut present = in_front_of(&stack, &[]).await;
    let response = present.invoke(event).await.unwrap();
    assert_eq!(
        counts(&answer(&response)),
        [1, 0, 0, 0],
        "a retry with the same nonce is welcome"
    );
}

#[tokio::test]
async fn a_dead_letter_queue_out_of_reach_gives_503_and_never_a_lost_event() {
    let stack = deployment().await;
    let silence = silence().await;
    let variables = [
        ("AWS_ENDPOINT_URL_SQS", silence.as_str()),
        ("BUDGET_MS", "300"),
    ];
    let mut function = in_front_of(&stack, &variables).await;
    for body in [
        event("r", &["u"], 7, 0, 0).to_string(),
        "no json".to_owned(),
    ] {
        let response = function
            .invoke(gateway(&SignedCallback::now(body)).to_string())
            .await
            .unwrap();
        assert_eq!(response["statusCode"], 503);
    }
}

fn taken(milliseconds_ago: u64) -> Timestamp {
    Timestamp::from_millis(Timestamp::now().millis() - milliseconds_ago).unwrap()
}

#[tokio::test]
async fn a_request_that_the_gateway_took_long_ago_has_used_up_its_budget() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    let late = join("u").gateway_event("late", taken(5_000));
    assert_eq!(
        function.invoke(late.to_string()).await.unwrap()["statusCode"],
        503
    );
    assert!(rows(&stack.table).await.is_empty());
}

#[tokio::test]
async fn a_sample_event_of_long_ago_or_of_tomorrow_has_a_budget_of_its_own() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    let tomorrow = Timestamp::from_millis(Timestamp::now().millis() + 86_400_000).unwrap();
    for taken in [taken(31_000), taken(86_400_000), tomorrow] {
        let sample = join("u").gateway_event("sample", taken);
        assert_eq!(
            function.invoke(sample.to_string()).await.unwrap()["statusCode"],
            200
        );
    }
}

#[tokio::test]
async fn a_wrong_setting_stops_the_start_with_one_line() {
    let queues = Queues::start(Addresses::free().sqs).await.unwrap();
    let engine = Engine::start(Storage::Memory, Addresses::free().dynamodb)
        .await
        .unwrap();
    let output = std::process::Command::new(BINARY)
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ENDPOINT_URL_DYNAMODB", engine.url())
        .env("TABLE_NAME", TABLE)
        .env("DEFERRED_QUEUE_URL", queues.url_of(DEFERRED))
        .env("DEAD_LETTER_QUEUE_URL", queues.url_of(DEAD_LETTERS))
        .env("APP_SECRETS", "{}")
        .env("BUDGET_MS", "soon")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let line: Value = serde_json::from_slice(&output.stderr).expect("one line of JSON");
    assert_eq!(line["message"], "start failed");
    assert!(
        line["error"]
            .as_str()
            .unwrap()
            .contains("APP_SECRETS names no app"),
        "{line}"
    );
}

/// A server that answers everything with the same bytes.
async fn always(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection.read(&mut [0; 16 * 1024]).await;
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    url
}

#[tokio::test]
async fn what_a_failing_engine_says_is_not_logged_with_its_content() {
    let stack = deployment().await;
    let answer = "HTTP/1.1 400 Bad Request\r\nx-header: hush-hush\r\nconnection: close\r\n\r\n\
        {\"__type\":\"ValidationException\",\"message\":\"no\",\"Item\":\"hush-hush\"}";
    let engine = always(answer).await;
    let mut function = in_front_of(&stack, &[("AWS_ENDPOINT_URL_DYNAMODB", &engine)]).await;
    let response = function
        .invoke(gateway(&join("user-in-the-body")).to_string())
        .await
        .unwrap();
    assert_eq!(response["statusCode"], 503);
    let log = function.end();
    assert!(log.contains("ValidationException"), "{log}");
    for hidden in ["hush-hush", "user-in-the-body", "x-header"] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}

#[tokio::test]
async fn secrets_that_cannot_be_read_stop_the_start_without_being_shown() {
    let stack = deployment().await;
    let answer =
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"SecretString\":\"{app: hush-hush}\"";
    let url = always(answer).await;
    let output = tokio::process::Command::new(BINARY)
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_ENDPOINT_URL_DYNAMODB", stack.engine.url())
        .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", url)
        .env("TABLE_NAME", TABLE)
        .env("DEFERRED_QUEUE_URL", stack.queues.url_of(DEFERRED))
        .env("DEAD_LETTER_QUEUE_URL", stack.queues.url_of(DEAD_LETTERS))
        .env("APP_SECRETS_ARN", "arn:aws:secretsmanager:local")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(
        said.contains("APP_SECRETS_ARN: arn:aws:secretsmanager:local cannot be read"),
        "{said}"
    );
    assert!(!said.contains("hush"), "{said}");
}
