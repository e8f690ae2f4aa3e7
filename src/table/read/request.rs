//! The requests of a reader, and the meter that each of them passes.

use std::{slice, time::Duration};

use aws_sdk_dynamodb::{
    operation::{
        batch_get_item::BatchGetItemError,
        query::{QueryOutput, builders::QueryFluentBuilder},
        scan::{ScanOutput, builders::ScanFluentBuilder},
    },
    types::{AttributeValue, ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity},
};
use tokio::time::sleep;

use super::{Reader, error::ReadError, tempo::Tempo};
use crate::table::{Attributes, key::Key};

/// The number of items that a page is made of at most: the memory that a reader needs.
pub(super) const PAGE: i32 = 1000;
/// The parts of a member's item that a [`Member`](crate::table::presence::Member) has.
pub(super) const MEMBER: &str = "appKey, chatRoomId, userId, membership, reason, joinedAt, leftAt, \
     version, expiresAt";

/// The number of keys that one request can ask for.
const KEYS: usize = 100;
/// The number of requests for the same keys, where an answer leaves some of them out.
const ATTEMPTS: u32 = 5;
/// The pause before the second of these; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(50);

impl Reader {
    /// Makes a query of all members of a room.
    pub(super) fn query_members(&self, room: &Key<'_>) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :room AND begins_with(sk, :members)")
            .expression_attribute_values(":room", AttributeValue::S(room.partition()))
            .expression_attribute_values(":members", AttributeValue::S("USER#".to_owned()))
    }

    /// Makes a query of an index, in which `attribute` is the key.
    pub(super) fn query_index(
        &self,
        index: &str,
        attribute: &str,
        value: String,
    ) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(index)
            .key_condition_expression(format!("{attribute} = :key"))
            .expression_attribute_values(":key", AttributeValue::S(value))
    }

    /// Sends a query once.
    pub(super) async fn page(&self, query: QueryFluentBuilder) -> Result<QueryOutput, ReadError> {
        let query = query.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let output = query.send().await.map_err(|error| ReadError::of(&self.table, &error))?;
        self.meter.count(output.consumed_capacity().map_or(&[], slice::from_ref));
        Ok(output)
    }

    /// Sends a query of a read that may be long, when its turn comes.
    pub(super) async fn page_in_turn(
        &self,
        tempo: &mut Tempo,
        query: QueryFluentBuilder,
    ) -> Result<QueryOutput, ReadError> {
        tempo.wait().await;
        let output = self.page(query).await?;
        tempo.note(output.consumed_capacity().and_then(ConsumedCapacity::capacity_units));
        Ok(output)
    }

    /// Sends a scan once.
    pub(super) async fn scan_page(&self, scan: ScanFluentBuilder) -> Result<ScanOutput, ReadError> {
        let scan = scan.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let output = scan.send().await.map_err(|error| ReadError::of(&self.table, &error))?;
        self.meter.count(output.consumed_capacity().map_or(&[], slice::from_ref));
        Ok(output)
    }

    /// Reads one item.
    pub(super) async fn item(
        &self,
        key: &Key<'_>,
        consistent: bool,
    ) -> Result<Option<Attributes>, ReadError> {
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| ReadError::of(&self.table, &error))?;
        self.meter.count(output.consumed_capacity().map_or(&[], slice::from_ref));
        Ok(output.item)
    }

    /// Reads the items of many keys, none of which may be there twice, in no order.
    pub(super) async fn items(
        &self,
        keys: Vec<Attributes>,
        consistent: bool,
    ) -> Result<Vec<Attributes>, ReadError> {
        let mut items = Vec::with_capacity(keys.len());
        for keys in keys.chunks(KEYS) {
            let (mut keys, mut attempt) = (keys.to_vec(), 0);
            while !keys.is_empty() {
                if attempt == ATTEMPTS {
                    return Err(ReadError::throttled(&self.table));
                }
                if attempt > 0 {
                    sleep(PAUSE * 2_u32.pow(attempt - 1)).await;
                }
                attempt += 1;
                keys = self.batch(keys, consistent, &mut items).await?;
            }
        }
        Ok(items)
    }

    /// Sends a request for up to a hundred keys; gives those that the answer leaves out.
    async fn batch(
        &self,
        keys: Vec<Attributes>,
        consistent: bool,
        items: &mut Vec<Attributes>,
    ) -> Result<Vec<Attributes>, ReadError> {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(consistent)
            .build()
            .map_err(|error| ReadError::of::<BatchGetItemError>(&self.table, &error.into()))?;
        let output = self
            .client
            .batch_get_item()
            .request_items(&self.table, wanted)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| ReadError::of(&self.table, &error))?;
        self.meter.count(output.consumed_capacity());
        items.extend(output.responses.into_iter().flatten().flat_map(|(_, items)| items));
        let left_out = output.unprocessed_keys.into_iter().flatten();
        Ok(left_out.flat_map(|(_, keys)| keys.keys).collect())
    }
}
