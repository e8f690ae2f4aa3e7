//! The real `callback` binary behind everything in AWS that makes events of HTTP requests.

use base64::{Engine, prelude::BASE64_STANDARD};
use chatroom_status_sync::local::im_server::SignedCallback;
use serde_json::{Value, json};

use crate::support::{
    counts, deployment,
    functions::{answer, in_front_of, join},
    gateways::{CALLER, Gateway},
    row, rows,
};

fn event(gateway: Gateway, callback: &SignedCallback) -> Value {
    gateway.event(&callback.query, &callback.body)
}

#[tokio::test]
async fn a_callback_becomes_rows_and_an_answer_whichever_gateway_it_comes_through() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    for gateway in Gateway::ALL {
        let user = format!("{gateway:?}");
        let response = function.invoke(event(gateway, &join(&user)).to_string()).await.unwrap();
        assert_eq!(response["statusCode"], 200, "{gateway:?}");
        assert_eq!(counts(&answer(&response)), [1, 0, 0, 0], "{gateway:?}");
        assert_eq!(row(&rows(&stack.table).await, "r", Some(&user))["membership"], "joined");
    }
}

#[tokio::test]
async fn an_answer_has_the_shape_that_its_gateway_reads() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    for gateway in Gateway::ALL {
        for (query, status) in [(join("u").query, 200), (String::new(), 401)] {
            let event = gateway.event(&query, "[]");
            let response = function.invoke(event.to_string()).await.unwrap();
            assert_eq!(response["statusCode"], status);
            assert!(answer(&response).is_object());
            assert_eq!(response["isBase64Encoded"], false);
            let (one, all) = (&response["headers"], &response["multiValueHeaders"]);
            let is_multi_value =
                [Gateway::RestApi, Gateway::LoadBalancerMultiValue].contains(&gateway);
            if is_multi_value {
                assert_eq!(all["content-type"], json!(["application/json"]), "{gateway:?}");
            } else {
                assert_eq!(one["content-type"], "application/json", "{gateway:?}");
            }
        }
    }
}

#[tokio::test]
async fn when_to_try_again_stands_where_the_gateway_reads_headers() {
    let stack = deployment().await;
    let nowhere = [
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9"),
        ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9"),
        ("BUDGET_MS", "300"),
    ];
    let mut function = in_front_of(&stack, &nowhere).await;
    for gateway in [Gateway::HttpApi, Gateway::RestApi, Gateway::LoadBalancer] {
        let response = function.invoke(event(gateway, &join("u")).to_string()).await.unwrap();
        assert_eq!(response["statusCode"], 503, "{gateway:?}");
        if gateway == Gateway::RestApi {
            assert_eq!(response["multiValueHeaders"]["retry-after"], json!(["1"]));
        } else {
            assert_eq!(response["headers"]["retry-after"], "1", "{gateway:?}");
        }
    }
}

#[tokio::test]
async fn a_repeated_parameter_is_refused_by_every_gateway_that_hands_on_repeats() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    for gateway in Gateway::ALL {
        let mut repeats = vec!["signTimestamp=1574476797772"];
        // This one has kept the last value by then, and nothing else.
        if gateway != Gateway::LoadBalancer {
            repeats.extend(["nonce=14314", "nonce=", "%6eonce=2"]);
        }
        for repeat in repeats {
            let callback = join("u");
            let event = gateway.event(&format!("{}&{repeat}", callback.query), &callback.body);
            let response = function.invoke(event.to_string()).await.unwrap();
            let expected =
                if repeat == "nonce=" { "missing_parameter" } else { "repeated_parameter" };
            assert_eq!(response["statusCode"], 401, "{gateway:?}: {repeat}");
            assert_eq!(answer(&response)["error"], expected, "{gateway:?}: {repeat}");
        }
    }
}

#[tokio::test]
async fn sources_are_told_by_what_the_gateway_saw_and_never_by_what_the_caller_claims() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[("ALLOWED_SOURCES", "203.0.113.0/24")]).await;
    for gateway in Gateway::ALL {
        for (claimed, source, status) in
            [("198.51.100.1", CALLER, 200), (CALLER, "198.51.100.1", 403)]
        {
            let mut event = event(gateway, &join("u"));
            gateway.set_source(&mut event, claimed, source);
            let response = function.invoke(event.to_string()).await.unwrap();
            assert_eq!(response["statusCode"], status, "{gateway:?}: {source}");
        }
    }
}

#[tokio::test]
async fn a_base64_body_is_decoded_whichever_gateway_it_comes_through() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    for gateway in Gateway::ALL {
        let callback = join(&format!("{gateway:?}"));
        let mut event = gateway.event(&callback.query, &BASE64_STANDARD.encode(&callback.body));
        event["isBase64Encoded"] = json!(true);
        let response = function.invoke(event.to_string()).await.unwrap();
        assert_eq!(counts(&answer(&response)), [1, 0, 0, 0], "{gateway:?}");
        // Neither base64 nor JSON: taken as it stands, and kept.
        event["body"] = json!("no base64 !");
        let response = function.invoke(event.to_string()).await.unwrap();
        assert_eq!(response["statusCode"], 400, "{gateway:?}");
    }
}

#[tokio::test]
async fn the_log_names_a_request_as_its_gateway_does_or_else_as_lambda_does() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    for gateway in Gateway::ALL {
        function.invoke(event(gateway, &join("u")).to_string()).await.unwrap();
    }
    let log = function.end();
    let line = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let ids: Vec<_> = log.lines().map(|text| line(text)["request_id"].clone()).collect();
    let expected = [
        "http-api-request",
        "rest-api-request",
        "function-url-request",
        "invocation",
        "invocation",
    ];
    assert_eq!(ids, expected);
}
