//! Reads the records of the stream.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodbstreams::types::{AttributeValue as Streamed, Identity, Record};

use super::change::{Change, Recorded, changes};
use crate::{domain::time::Timestamp, table::Attributes};

/// The principal by which DynamoDB deletes what expired.
const EXPIRY: &str = "dynamodb.amazonaws.com";

/// A record of the stream: what it means, and where it stands.
#[derive(Debug)]
pub struct StreamRecord {
    /// Its place in the shard.
    pub sequence_number: String,
    /// The time at which the table took it: a full second.
    pub recorded_at: Timestamp,
    /// The changes that it tells; often none.
    pub changes: Vec<Change>,
}

impl StreamRecord {
    /// Reads a record; `None` if it has no place in its shard, which never happens.
    pub fn read(record: Record) -> Option<Self> {
        // The embedded engine spells the principal's name as Lambda's events do, so that the SDK
        // does not find it.
        let is_expiry = |who: &Identity| who.principal_id().is_none_or(|name| name == EXPIRY);
        let expired = record.user_identity().is_some_and(is_expiry);
        let record = record.dynamodb?;
        let created = record.approximate_creation_date_time;
        let millis = created.and_then(|time| time.to_millis().ok()).unwrap_or_default();
        let at = Timestamp::from_millis(u64::try_from(millis).unwrap_or_default())?;
        let (old, new) = (record.old_image.map(attributes), record.new_image.map(attributes));
        Some(Self {
            sequence_number: record.sequence_number?,
            recorded_at: at,
            changes: changes(old.as_ref(), new.as_ref(), Recorded { at, expired }),
        })
    }
}

/// Takes the texts and numbers of an image: the table has nothing else.
fn attributes(image: HashMap<String, Streamed>) -> Attributes {
    let known = |(name, value)| match value {
        Streamed::S(text) => Some((name, AttributeValue::S(text))),
        Streamed::N(number) => Some((name, AttributeValue::N(number))),
        _ => None,
    };
    image.into_iter().filter_map(known).collect()
}
