//! The parts of a request that the layer has to know.

use std::borrow::Cow;

use axum::http::{HeaderName, header::AUTHORIZATION, request::Parts};
use serde::Deserialize;

/// A write, as far as its partition needs it: `PutItem` has an item, the others a key.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Write<'a> {
    #[serde(borrow, alias = "Item")]
    key: Place<'a>,
}

#[derive(Deserialize)]
struct Place<'a> {
    #[serde(borrow)]
    pk: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text<'a> {
    #[serde(borrow)]
    s: Cow<'a, str>,
}

/// Reads the operation: `UpdateItem` of `DynamoDB_20120810.UpdateItem`.
pub fn operation(head: &Parts) -> &str {
    let target = header(head, &HeaderName::from_static("x-amz-target"));
    target.rsplit('.').next().unwrap_or_default()
}

/// Reads the access key that signed the request.
pub fn caller(head: &Parts) -> &str {
    let signed = header(head, &AUTHORIZATION).split_once("Credential=");
    signed.and_then(|(_, scope)| scope.split('/').next()).unwrap_or_default()
}

/// Reads the partition key value of a write; `None` if the table's keys are none of ours.
pub fn partition(body: &[u8]) -> Option<String> {
    let write: Write<'_> = serde_json::from_slice(body).ok()?;
    Some(write.key.pk.s.into_owned())
}

fn header<'a>(head: &'a Parts, name: &HeaderName) -> &'a str {
    head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_is_that_of_the_key_or_of_the_item() {
        let update = br#"{"TableName":"t","Key":{"sk":{"S":"USER#a"},"pk":{"S":"ROOM#\"a"}}}"#;
        assert_eq!(partition(update).as_deref(), Some("ROOM#\"a"));
        let put = br#"{"Item":{"kind":{"S":"room"},"pk":{"S":"ROOM#b"}},"TableName":"t"}"#;
        assert_eq!(partition(put).as_deref(), Some("ROOM#b"));
        assert_eq!(partition(b"{}"), None);
    }
}
