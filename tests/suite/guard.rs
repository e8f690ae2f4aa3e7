//! The guard in front of `lambda_http`: no event that has passed it makes `lambda_http` panic, and
//! it changes nothing that was signed.

use chatroom_status_sync::{
    callback::{
        Freshness, Unverified,
        keyring::{Keyring, Secret},
    },
    domain::time::Timestamp,
    functions::guard::HarmlessEvent,
    local::{
        api_gateway::read_event,
        im_server::{APP_KEY, APP_SECRET, SignedCallback},
    },
};
use lambda_http::{Request, http::Uri, request::LambdaRequest};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    gateways::{CALLER, Gateway},
    now,
};

/// The query string that the handler gets from `lambda_http`.
fn handed_on(event: &Value) -> Option<String> {
    let event: HarmlessEvent = serde_json::from_str(&event.to_string()).unwrap();
    Request::from(LambdaRequest::from(event)).uri().query().map(str::to_owned)
}

/// Verifies a callback. Gives the app that signed it and its body, or the name of the refusal.
fn verdict(callback: Unverified, now: Timestamp) -> Result<(String, Vec<u8>), String> {
    let keyring = Keyring::from_json(&json!({ APP_KEY: APP_SECRET }).to_string()).unwrap();
    let verified = callback.verify(&keyring, Freshness::WithinSeconds(900), now);
    verified
        .map(|verified| (verified.app().to_string(), verified.body().to_owned()))
        .map_err(|(_, refusal)| format!("{refusal:?}"))
}

fn signed_with(nonce: &str, now: Timestamp) -> SignedCallback {
    SignedCallback::new(APP_KEY, &Secret::new(APP_SECRET), nonce, now, "[]")
}

#[test]
fn a_request_counts_from_the_gateway_s_clock_or_else_from_its_arrival() {
    let now = now();
    let ago = |millis| Timestamp::from_millis(now.millis() - millis).unwrap();
    let accepted = |gateway: Gateway, taken| {
        let mut event = gateway.event("nonce=1", "");
        gateway.set_taken(&mut event, taken);
        let request = read_event(&event.to_string(), now).unwrap();
        assert_eq!(request.received, now);
        request.accepted
    };
    for gateway in Gateway::ALL {
        for (taken, current) in
            [(now, now), (ago(3000), ago(3000)), (ago(30_000), ago(30_000)), (ago(30_001), now)]
        {
            // Load balancers do not tell when they took a request.
            let expected = if gateway.is_load_balancer() { now } else { current };
            assert_eq!(accepted(gateway, taken), expected, "{gateway:?}");
        }
        let ahead = Timestamp::from_millis(now.millis() + 1).unwrap();
        assert_eq!(accepted(gateway, ahead), now, "{gateway:?}");
    }
}

#[test]
fn the_address_that_the_load_balancer_saw_is_found_in_all_its_forms() {
    let source = |headers: Value| {
        let mut event = Gateway::LoadBalancer.event("", "");
        event.as_object_mut().unwrap().extend(headers.as_object().unwrap().clone());
        let address = read_event(&event.to_string(), now()).unwrap().source;
        address.map(|address| address.to_string())
    };
    for headers in [
        json!({"headers": {"x-forwarded-for": CALLER}}),
        json!({"headers": {"X-Forwarded-For": "10.0.0.1,203.0.113.7"}}),
        json!({"headers": {"x-forwarded-for": "nonsense, 203.0.113.7:51234"}}),
        json!({"multiValueHeaders": {"X-FORWARDED-FOR": ["1.1.1.1", "::1, 203.0.113.7"]}}),
        json!({"headers": {"x": 7, "bad name": "\u{0}", "x-forwarded-for": CALLER}}),
    ] {
        assert_eq!(source(headers.clone()).as_deref(), Some(CALLER), "{headers}");
    }
    let v6 = json!({"headers": {"x-forwarded-for": "203.0.113.7, [2001:db8::1]:443"}});
    assert_eq!(source(v6).as_deref(), Some("2001:db8::1"));
    for headers in [
        json!({"headers": null}),
        json!({"headers": 7}),
        json!({"headers": {"x-forwarded-for": "203.0.113.7, nonsense"}}),
        json!({"headers": {"x-forwarded-for": "203.0.113.7,"}}),
        json!({"headers": {"x-forwarded-for": "203.0.113.7\n"}}),
        json!({"headers": {"x-forwarded-for": 7}}),
        json!({"headers": {"x-forwarded-for": CALLER, "X-Forwarded-For": CALLER}}),
    ] {
        assert_eq!(source(headers.clone()), None, "{headers}");
    }
}

#[test]
fn a_query_string_longer_than_any_request_of_aws_is_dropped() {
    let longest = "a".repeat(65_532);
    assert_eq!(handed_on(&Gateway::HttpApi.event(&longest, "")).as_ref(), Some(&longest));
    let mut too_long = [longest.clone() + "a", "<".repeat(30_000), "%".repeat(70_000)].to_vec();
    too_long.push("\u{1F600}".repeat(30_000));
    for query in too_long {
        for gateway in Gateway::ALL {
            let query = format!("nonce={query}");
            assert_eq!(
                handed_on(&gateway.event(&query, "")).unwrap_or_default(),
                "",
                "{gateway:?}"
            );
        }
    }
}

#[test]
fn an_http_api_that_is_set_to_payload_1_0_is_read_as_a_rest_api() {
    let mut event = Gateway::RestApi.event("nonce=1&nonce=2", "");
    event["version"] = json!("1.0");
    assert_eq!(handed_on(&event).as_deref(), Some("nonce=1&nonce=2"));
    event.as_object_mut().unwrap().remove("httpMethod");
    event["requestContext"] = json!(null);
    assert_eq!(handed_on(&event).as_deref(), Some("nonce=1&nonce=2"));
}

/// True if a URL can hold the query string as it stands.
fn is_held(query: &str) -> bool {
    let uri = format!("/?{query}").parse::<Uri>();
    uri.is_ok_and(|uri| uri.query() == Some(query))
}

#[test]
fn each_character_is_handed_on_or_percent_encoded() {
    for character in (0..0x300).filter_map(char::from_u32) {
        let query = character.to_string();
        let handed_on = handed_on(&Gateway::HttpApi.event(&query, "")).unwrap();
        if is_held(&query) {
            assert_eq!(handed_on, query);
        } else {
            assert_eq!(handed_on, format!("%{:02X}", u32::from(character)));
        }
    }
}

proptest! {
    #[test]
    fn a_query_string_that_a_url_can_hold_is_handed_on_byte_for_byte(text in "([ -~]|\\PC|.){0,60}") {
        let held = text.chars().filter(|character| is_held(&character.to_string()));
        let query: String = held.collect();
        prop_assert!(is_held(&query));
        for gateway in [Gateway::HttpApi, Gateway::FunctionUrl] {
            let handed_on = handed_on(&gateway.event(&query, ""));
            prop_assert_eq!(handed_on.unwrap_or_default(), &*query);
        }
    }

    #[test]
    fn a_query_string_that_no_url_can_hold_is_changed_but_means_the_same(query in any::<String>()) {
        let handed_on = handed_on(&Gateway::HttpApi.event(&query, "")).unwrap_or_default();
        let pairs = |query: &str| -> Vec<_> {
            form_urlencoded::parse(query.as_bytes()).into_owned().collect()
        };
        prop_assert_eq!(pairs(&handed_on), pairs(&query));
    }

    #[test]
    fn a_signature_holds_whatever_characters_were_signed(
        nonce in "([&=+%#?/ <>\"']|\\PC|.){1,20}",
    ) {
        let now = now();
        let callback = signed_with(&nonce, now);
        for gateway in Gateway::ALL {
            let event = gateway.event_of(&callback);
            let request = read_event(&event.to_string(), now).unwrap();
            let expected = Ok((APP_KEY.to_owned(), b"[]".to_vec()));
            prop_assert_eq!(verdict(request.callback, now), expected, "{:?}", gateway);
        }
    }

    #[test]
    fn a_gateway_changes_no_verdict_on_a_query_string(
        nonce in "[a-z]{1,3}",
        more in "(&|&nonce=|&signTimestamp=|&%6eonce=|&x=)[0-9a-z%&=+]{0,6}",
    ) {
        let now = now();
        let callback = signed_with(&nonce, now);
        let query = callback.query + &more;
        let expected = verdict(Unverified::new(query.clone(), Vec::new()), now);
        for gateway in Gateway::ALL {
            if gateway == Gateway::LoadBalancer {
                // It hands on the last value of a name only, so repeats cannot be seen.
                continue;
            }
            let request = read_event(&gateway.event(&query, "").to_string(), now).unwrap();
            let found = verdict(request.callback, now);
            prop_assert_eq!(found.is_ok(), expected.is_ok(), "{:?}: {}", gateway, &query);
        }
    }

    #[test]
    fn no_event_that_has_passed_the_guard_makes_lambda_http_panic(
        gateway in proptest::sample::select(&Gateway::ALL[..]),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), hostile()), 1..6),
    ) {
        let now = now();
        let callback = signed_with("1", now);
        let mut event = gateway.event_of(&callback);
        for (place, value) in changes {
            let places = places(&event);
            let place = place.get(&places);
            *event.pointer_mut(place).unwrap() = value;
        }
        let Ok(request) = read_event(&event.to_string(), now) else { return Ok(()) };
        if let Some(query) = event["rawQueryString"].as_str() {
            let body = event["body"].as_str().unwrap_or_default().as_bytes().to_vec();
            let expected = verdict(Unverified::new(query.to_owned(), body), now);
            let found = verdict(request.callback, now);
            if event["isBase64Encoded"] == true {
                // The decoded body is another test's subject.
                prop_assert_eq!(found.map(|(app, _)| app), expected.map(|(app, _)| app));
            } else {
                prop_assert_eq!(found, expected);
            }
        }
    }
}

/// All places in an event, as JSON pointers.
fn places(value: &Value) -> Vec<String> {
    let escape = |name: &String| name.replace('~', "~0").replace('/', "~1");
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (escape(name), value)).collect(),
        Value::Array(values) => {
            values.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let below = children.into_iter().flat_map(|(name, child)| {
        places(child).into_iter().map(move |place| format!("/{name}{place}"))
    });
    std::iter::once(String::new()).chain(below).collect()
}

/// A JSON value that an event is not expected to have somewhere.
fn hostile() -> impl Strategy<Value = Value> {
    let text = "([ -~]|\\PC|.|[\u{0}-\u{20}]){0,20}";
    let known = proptest::sample::select(vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!([]),
        json!({}),
        json!([[]]),
        json!(""),
        json!("2.0"),
        json!("1.0"),
        json!("%"),
        json!("exa mple:99999999"),
        json!({"nonce": []}),
        json!({"nonce": ["1", "2"], "": [""]}),
        json!({"bad name": "\u{0}\n", "x-forwarded-for": "\u{1F600}"}),
        json!({"elb": {}}),
        json!({"identity": {}}),
        json!({"http": {}}),
    ]);
    prop_oneof![
        known,
        text.prop_map(Value::from),
        proptest::collection::vec(text, 0..3).prop_map(Value::from),
        proptest::collection::hash_map(text, text, 0..3).prop_map(|map| json!(map)),
    ]
}
