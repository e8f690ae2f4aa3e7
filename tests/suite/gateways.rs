//! The real `callback` binary behind each gateway of AWS that makes Lambda events of HTTP requests.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::support::{
    applied, counts_of, deployment,
    functions::{answer_in, in_front_of},
    gateways::{CALLER, Gateway},
    join, member_row, rows, signed,
};

#[tokio::test]
async fn a_callback_becomes_rows_and_an_answer_whichever_gateway_it_comes_through() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    for gateway in Gateway::ALL {
        let user = format!("{gateway:?}");
        let event = gateway.event_of(&signed(&[join("room", &user)]));
        let response = function.invoke(event.to_string()).await.unwrap();
        assert_eq!(response["statusCode"], 200, "{gateway:?}");
        assert_eq!(counts_of(&answer_in(&response)), applied(1), "{gateway:?}");
        assert_eq!(member_row(&rows(&stack.table).await, "room", &user)["membership"], "joined");
    }
}

#[tokio::test]
async fn an_answer_has_the_shape_that_its_gateway_reads() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[]).await;
    for gateway in Gateway::ALL {
        for (query, status) in [(signed(&[]).query, 200), (String::new(), 401)] {
            let event = gateway.event(&query, "[]");
            let response = function.invoke(event.to_string()).await.unwrap();
            assert_eq!(response["statusCode"], status);
            assert!(answer_in(&response).is_object());
            assert_eq!(response["isBase64Encoded"], false);
            if [Gateway::RestApi, Gateway::LoadBalancerMultiValue].contains(&gateway) {
                let headers = &response["multiValueHeaders"];
                assert_eq!(headers["content-type"], json!(["application/json"]), "{gateway:?}");
            } else {
                let headers = &response["headers"];
                assert_eq!(headers["content-type"], "application/json", "{gateway:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_time_to_retry_stands_where_the_gateway_reads_headers() {
    let stack = deployment().await;
    let nowhere = [
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9"),
        ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9"),
        ("BUDGET_MS", "300"),
    ];
    let mut function = in_front_of(&stack, &nowhere).await;
    for gateway in [Gateway::HttpApi, Gateway::RestApi, Gateway::LoadBalancer] {
        let event = gateway.event_of(&signed(&[join("room", "ann")]));
        let response = function.invoke(event.to_string()).await.unwrap();
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
        // A load balancer hands on the last value of a name only.
        if gateway != Gateway::LoadBalancer {
            repeats.extend(["nonce=14314", "nonce=", "%6eonce=2"]);
        }
        for repeat in repeats {
            let callback = signed(&[join("room", "ann")]);
            let event = gateway.event(&format!("{}&{repeat}", callback.query), &callback.body);
            let response = function.invoke(event.to_string()).await.unwrap();
            let expected =
                if repeat == "nonce=" { "missing_parameter" } else { "repeated_parameter" };
            assert_eq!(response["statusCode"], 401, "{gateway:?}: {repeat}");
            assert_eq!(answer_in(&response)["error"], expected, "{gateway:?}: {repeat}");
        }
    }
}

#[tokio::test]
async fn a_source_is_the_address_that_the_gateway_saw_and_never_the_one_that_the_caller_claims() {
    let stack = deployment().await;
    let mut function = in_front_of(&stack, &[("ALLOWED_SOURCES", "203.0.113.0/24")]).await;
    for gateway in Gateway::ALL {
        for (claimed, source, status) in
            [("198.51.100.1", CALLER, 200), (CALLER, "198.51.100.1", 403)]
        {
            let mut event = gateway.event_of(&signed(&[join("room", "ann")]));
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
        let user = format!("{gateway:?}");
        let callback = signed(&[join("room", &user)]);
        let mut event = gateway.event(&callback.query, &BASE64_STANDARD.encode(&callback.body));
        event["isBase64Encoded"] = json!(true);
        let response = function.invoke(event.to_string()).await.unwrap();
        assert_eq!(counts_of(&answer_in(&response)), applied(1), "{gateway:?}");
        // A body that is no base64 is taken as it stands, and this one is no JSON either.
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
        let event = gateway.event_of(&signed(&[join("room", "ann")]));
        function.invoke(event.to_string()).await.unwrap();
    }
    let log = function.end().unwrap();
    let id_in = |line| serde_json::from_str::<Value>(line).unwrap()["request_id"].clone();
    let ids: Vec<_> = log.lines().map(id_in).collect();
    let expected = [
        "http-api-request",
        "rest-api-request",
        "function-url-request",
        "invocation",
        "invocation",
    ];
    assert_eq!(ids, expected);
}
