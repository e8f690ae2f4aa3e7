//! The real `callback` binary, between a Lambda Runtime API and an embedded engine.

use chatroom_status_sync::local::{
    ListenAddresses, TABLE,
    dynamodb::{Data, DynamoDb},
    im_server::{APP_KEY, APP_SECRET},
    sqs::{DEAD_LETTERS, DEFERRED, SWEEPS, Sqs},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{
    applied, counts_of, deferred, deployment,
    functions::{CALLBACK, answer_in, answer_to, gateway_event, in_front_of, response_to},
    join, member_row, rows, signed,
};

#[tokio::test]
async fn a_signed_event_becomes_rows_an_answer_and_one_log_line() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    let response = response_to(&mut function, &signed(&[join("room", "ann")])).await;
    assert_eq!(response["statusCode"], 200);
    assert_eq!(response["headers"]["content-type"], "application/json");
    assert_eq!(counts_of(&answer_in(&response)), applied(1));
    assert_eq!(member_row(&rows(&stack.table).await, "room", "ann")["membership"], "joined");

    let log = function.end().unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [line] = &lines[..] else { panic!("one line per request, not {log}") };
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["status"], 200);
    assert_eq!(line["request_id"], "request-1");
    assert_eq!(line["app_key"], APP_KEY);
    assert_eq!(line["applied"], 1);
    assert!(line["duration_ms"].is_u64() && line["lag_ms"].as_u64() > Some(0));
    assert_eq!(
        (&line["joins"], &line["destroys"], &line["future"]),
        (&json!(1), &json!(0), &json!(0))
    );
    assert_eq!(line["cold_start"], true);
    let timestamp = line["timestamp"].as_str().unwrap();
    assert!(timestamp.len() == 24 && timestamp.starts_with("20") && timestamp.ends_with('Z'));
}

#[tokio::test]
async fn neither_query_strings_nor_secrets_nor_bodies_are_logged() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    let good = signed(&[join("room", "user-in-the-body")]);
    let mut bad = good.clone();
    bad.query = bad.query.replace("signature=", "signature=f");
    for callback in [&good, &bad] {
        response_to(&mut function, callback).await;
    }
    let log = function.end().unwrap();
    assert_eq!(log.lines().count(), 2);
    let (_, signature) = good.query.split_once("signature=").unwrap();
    for hidden in [APP_SECRET, signature, "nonce=", "user-in-the-body"] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}

#[tokio::test]
async fn no_request_of_a_caller_ends_the_process() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    let callback = signed(&[join("room", "ann")]);
    let mut strange = Vec::new();
    let mut strange_event = |change: &dyn Fn(&mut Value)| {
        let mut event = gateway_event(&callback);
        change(&mut event);
        strange.push(event);
    };
    // Without the guard, each of these three ends the process: `lambda_http` panics.
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
    let mut unsigned = gateway_event(&callback);
    unsigned["rawQueryString"] = json!("a=<b> c&\u{0}=\u{1F600}&%zz=%ff");
    let refused =
        [unsigned, json!({}), json!({"requestContext": {}, "body": null, "rawQueryString": null})];
    for event in refused {
        let response = function.invoke(event.to_string()).await.unwrap();
        assert_eq!(response["statusCode"], 401, "{event}");
    }
    for no_event in ["", "7", "{\"body\": 7}", "\u{0}"] {
        function.invoke(no_event).await.unwrap_err();
    }
    let response = response_to(&mut function, &signed(&[join("room", "ben")])).await;
    assert_eq!(response["statusCode"], 200, "and it still works");
}

#[tokio::test]
async fn a_base64_body_is_decoded() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    let callback = signed(&[join("room", "ann")]);
    let mut event = gateway_event(&callback);
    event["body"] = json!(BASE64_STANDARD.encode(&callback.body));
    event["isBase64Encoded"] = json!(true);
    let response = function.invoke(event.to_string()).await.unwrap();
    assert_eq!(counts_of(&answer_in(&response)), applied(1));
}

#[tokio::test]
async fn a_wrong_setting_stops_the_start_with_one_line() {
    let queues = Sqs::start(ListenAddresses::free().sqs).await.unwrap();
    let engine = DynamoDb::start(Data::Memory, ListenAddresses::free().dynamodb).await.unwrap();
    let output = std::process::Command::new(CALLBACK)
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ENDPOINT_URL_DYNAMODB", engine.url())
        .env("TABLE_NAME", TABLE)
        .env("DEFERRED_QUEUE_URL", queues.url_of(DEFERRED))
        .env("SWEEP_QUEUE_URL", queues.url_of(SWEEPS))
        .env("DEAD_LETTER_QUEUE_URL", queues.url_of(DEAD_LETTERS))
        .env("APP_SECRETS", "{}")
        .env("BUDGET_MS", "soon")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let line: Value = serde_json::from_slice(&output.stderr).expect("one line of JSON");
    assert_eq!(line["message"], "start failed");
    assert!(line["error"].as_str().unwrap().contains("APP_SECRETS names no app"), "{line}");
}

/// Starts a server that answers every request with the same bytes, and gives its URL.
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
async fn an_error_of_the_table_is_logged_without_its_content() {
    let stack = deployment().await;
    let refusal = "HTTP/1.1 400 Bad Request\r\nx-header: hush-hush\r\nconnection: close\r\n\r\n\
        {\"__type\":\"ValidationException\",\"message\":\"no\",\"Item\":\"hush-hush\"}";
    let engine = always(refusal).await;
    let mut function = in_front_of(&stack, &[("AWS_ENDPOINT_URL_DYNAMODB", &engine)]).await;
    let answer = answer_to(&mut function, &[join("room", "user-in-the-body")]).await;
    assert_eq!(counts_of(&answer), deferred(1));
    let log = function.end().unwrap();
    assert!(log.contains("ValidationException"), "{log}");
    for hidden in ["hush-hush", "user-in-the-body", "x-header"] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}

#[tokio::test]
async fn a_secret_that_is_no_keyring_is_named_and_never_shown() {
    let stack = deployment().await;
    let unreadable =
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"SecretString\":\"{app: hush-hush}\"";
    let url = always(unreadable).await;
    let variables = [
        ("APP_SECRETS", ""),
        ("APP_SECRETS_ARN", "arn:aws:secretsmanager:local"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &url),
    ];
    let mut function = in_front_of(&stack, &variables).await;
    let response = response_to(&mut function, &signed(&[join("room", "ann")])).await;
    assert_eq!(response["statusCode"], 503);
    let said = function.end().unwrap();
    assert!(
        said.contains("APP_SECRETS_ARN: arn:aws:secretsmanager:local cannot be read"),
        "{said}"
    );
    assert!(!said.contains("hush"), "{said}");
}
