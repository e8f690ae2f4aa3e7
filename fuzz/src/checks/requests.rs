//! Requests: only one that was signed, and lately, is accepted. The verifier's verdict is compared
//! with the documented rule, which is written here once more in another way.

use arbitrary::{Result, Unstructured};
use base64::{Engine, prelude::BASE64_STANDARD};
use lambda_http::request::LambdaRequest;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::now;
use crate::{
    callback::{Freshness, Refusal, Verified, keyring::Keyring},
    functions::{guard::HarmlessEvent, http},
    wire::request::Request,
};

const SECRETS: [(&str, &[&str]); 2] =
    [("someappKey", &["Y1W2MeFwwwRxa0"]), ("other", &["new secret", "old secret"])];
const MAX_AGE_SECONDS: u64 = 900;
const MAX_AHEAD_SECONDS: u64 = 300;

/// Reads the bytes as an event of any gateway, and makes another event from them.
pub fn check(bytes: &[u8]) {
    if let Ok(event) = std::str::from_utf8(bytes) {
        check_event(event);
    }
    if let Ok(event) = event(&mut Unstructured::new(bytes)) {
        check_event(&event.to_string());
    }
}

fn check_event(event: &str) {
    let Ok(gateway) = serde_json::from_str::<HarmlessEvent>(event) else {
        return;
    };
    let request = http::read_request(LambdaRequest::from(gateway).into(), now());
    let verdict = verify(request);
    let Ok(event) = serde_json::from_str::<Value>(event) else {
        return;
    };
    // Other gateways do not hand on the raw query string, and a longer one fits into no request.
    let Some(query) = event["rawQueryString"].as_str().filter(|query| query.len() < 20_000) else {
        return;
    };
    match verdict {
        Ok(verified) => {
            assert_eq!(Some(verified.app().as_str()), signer(query), "{query}");
            assert_eq!(verified.body(), body_of(&event));
        }
        Err(refusal) => assert_eq!(signer(query), None, "{query}: {refusal:?}"),
    }
}

fn verify(request: Request) -> std::result::Result<Verified, Refusal> {
    let secrets: serde_json::Map<_, _> =
        SECRETS.map(|(app, secrets)| (app.to_owned(), json!(secrets))).into_iter().collect();
    let keyring = Keyring::from_json(&Value::from(secrets).to_string()).expect("a keyring");
    let freshness = Freshness::WithinSeconds(MAX_AGE_SECONDS);
    let verified = request.callback.verify(&keyring, freshness, now());
    verified.map_err(|(_, refusal)| refusal)
}

/// Gives the app that signed a query string. This is the rule, without the project's own code.
fn signer(query: &str) -> Option<&'static str> {
    let all: Vec<(String, String)> =
        form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let one = |names: &[&str]| {
        let mut values = all.iter().filter(|(name, _)| names.contains(&&**name));
        let (_, value) = values.next()?;
        (values.next().is_none() && !value.is_empty()).then_some(value.as_str())
    };
    let app = one(&["appKey"])?;
    let (nonce, timestamp) = (one(&["nonce"])?, one(&["timestamp", "signTimestamp"])?);
    let signature = one(&["signature"])?.to_ascii_lowercase();
    let is_number = timestamp.len() == 13 && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let (time, clock) = (is_number.then(|| timestamp.parse().ok())??, now().millis());
    if !(clock - MAX_AGE_SECONDS * 1000..=clock + MAX_AHEAD_SECONDS * 1000).contains(&time) {
        return None;
    }
    let (app, secrets) = SECRETS.iter().find(|(name, _)| *name == app)?;
    let is_signed = |secret: &&str| sign(secret, nonce, timestamp) == signature;
    secrets.iter().any(is_signed).then_some(app)
}

fn sign(secret: &str, nonce: &str, timestamp: &str) -> String {
    hex::encode(Sha1::digest([secret, nonce, timestamp].concat()))
}

fn body_of(event: &Value) -> Vec<u8> {
    let body = event["body"].as_str().unwrap_or_default();
    let decoded = (event["isBase64Encoded"] == true).then(|| BASE64_STANDARD.decode(body).ok());
    decoded.flatten().unwrap_or_else(|| body.into())
}

/// Makes an event that is well signed, or nearly: some are changed a little afterwards.
fn event(bytes: &mut Unstructured<'_>) -> Result<Value> {
    let (app, secrets) = *bytes.choose(&SECRETS)?;
    let secret = *bytes.choose(secrets)?;
    let nonce: String = bytes.arbitrary()?;
    let millis = *bytes.choose(&[0, 1, 899, 900, 901, -300, -301, -302])? * 1000
        + i64::from(bytes.arbitrary::<i8>()?);
    let timestamp = now().millis().saturating_add_signed(-millis).to_string();
    let signature = sign(secret, &nonce, &timestamp);
    let mut pairs = vec![
        ("appKey", app),
        ("timestamp", &timestamp),
        ("nonce", &nonce),
        ("signature", &signature),
    ];
    match bytes.int_in_range(0..=9)? {
        0 => _ = pairs.remove(bytes.choose_index(pairs.len())?),
        1 => pairs.push(pairs[bytes.choose_index(pairs.len())?]),
        2 => pairs[1].0 = "signTimestamp",
        3 => pairs.swap(0, 3),
        _ => {}
    }
    let mut query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if bytes.ratio(1, 4)? {
        let at = bytes.choose_index(query.len())?;
        let character = *bytes.choose(&["%", "+", "&", "=", "0", "a", "A", "%30"])?;
        query.replace_range(at..=at, character);
    }
    let body: String = bytes.arbitrary()?;
    Ok(json!({
        "rawQueryString": query,
        "body": body,
        "isBase64Encoded": bytes.arbitrary::<bool>()?,
    }))
}
