//! The fields of an event, made harmless one by one.

use std::{collections::HashMap, fmt::Write};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Names with all their values.
pub(super) type Multimap = HashMap<String, Vec<String>>;

/// Tells whether a path is one that a route of ours can have. Any other is dropped.
pub(super) fn is_plain_path(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    path.starts_with('/') && path.len() <= 1000 && path.bytes().all(is_plain)
}

/// Percent-encodes the characters that `http::Uri` refuses or cuts off, one by one. All others stay
/// as they are, because the caller may have signed them.
pub(super) fn encode_refused_characters(query: String) -> String {
    let is_refused = |character| matches!(character, '\0'..=' ' | '"' | '#' | '<' | '>' | '\u{7f}');
    if !query.contains(is_refused) {
        return query;
    }
    let mut harmless = String::with_capacity(query.len() + 16);
    for character in query.chars() {
        if is_refused(character) {
            // A string takes all that is written to it.
            let _ = write!(harmless, "%{:02X}", u32::from(character));
        } else {
            harmless.push(character);
        }
    }
    harmless
}

/// Gives the body, and whether it is still in base64. A body that is flagged as base64 but is none
/// counts as text, so that it can be answered and kept. Text is decoded here, and only here.
pub(super) fn harmless_body(body: Option<String>, is_base64: bool) -> (Option<String>, bool) {
    match body {
        Some(encoded) if is_base64 => match BASE64_STANDARD.decode(&encoded).map(String::from_utf8)
        {
            Ok(Ok(text)) => (Some(text), false),
            Ok(Err(_)) => (Some(encoded), true),
            Err(_) => (Some(encoded), false),
        },
        text => (text, false),
    }
}

/// Reads an object that gives each name one value or a list of them; `None` if it is empty or no
/// such object.
pub(super) fn multimap(raw: Option<&RawValue>) -> Option<Multimap> {
    let raw_values: HashMap<String, &RawValue> = serde_json::from_str(raw?.get()).ok()?;
    let values = |raw: &RawValue| {
        let several = serde_json::from_str::<Vec<String>>(raw.get());
        several.or_else(|_| serde_json::from_str(raw.get()).map(|value| vec![value]))
    };
    // An empty list would make `lambda_http` panic.
    let all: Multimap = raw_values
        .into_iter()
        .filter_map(|(name, raw)| Some((name, values(raw).ok()?)))
        .filter(|(_, values)| !values.is_empty())
        .collect();
    Some(all).filter(|all| !all.is_empty())
}

/// Reads a field of one format. A value of another type counts as absent.
pub(super) fn read_leniently<T: DeserializeOwned + Default>(raw: Option<&RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// Converts Unix milliseconds to what `lambda_http` holds; 0 stands for none.
pub(super) fn millis_or_zero(millis: Option<u64>) -> i64 {
    millis.and_then(|millis| i64::try_from(millis).ok()).unwrap_or_default()
}
