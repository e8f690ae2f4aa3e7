//! The requests to a table's stream.

use std::error::Error;

use aws_sdk_dynamodb::types::{StreamSpecification, StreamViewType};
use aws_sdk_dynamodbstreams::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::get_records::GetRecordsOutput,
    types::{Shard, ShardIteratorType, StreamDescription},
};

use super::{error::FollowError, fault::Fault};
use crate::{
    domain::time::Timestamp,
    table::read::error::{ReadError, ReadFault},
};

/// The most records of a page, which is DynamoDB's limit too.
pub const PAGE: i32 = 1000;
/// The codes by which DynamoDB says that a request may succeed later, besides those of a table that
/// is throttled.
const BUSY: [&str; 3] = ["LimitExceededException", "InternalServerError", "ServiceUnavailable"];

/// The stream of a table.
#[derive(Debug)]
pub struct Stream {
    client: Client,
    table: String,
    arn: String,
}

impl Stream {
    /// Finds the stream of a table, which must be on and have the images of both sides of a change.
    pub async fn find(
        dynamodb: &aws_sdk_dynamodb::Client,
        client: Client,
        table: &str,
    ) -> Result<Self, FollowError> {
        let described = dynamodb.describe_table().table_name(table).send().await;
        let unreadable = |error| FollowError::Unreadable(ReadError::of(table, &error));
        let described = described.map_err(unreadable)?;
        let none = || FollowError::NoStream(table.to_owned());
        let described = described.table.ok_or_else(none)?;
        // A stream that was switched off can be read for a day, but says nothing new.
        let stream = described.stream_specification().filter(|stream| stream.stream_enabled());
        match stream.and_then(StreamSpecification::stream_view_type) {
            Some(StreamViewType::NewAndOldImages) => {}
            Some(_) => return Err(FollowError::NoImages(table.to_owned())),
            None => return Err(none()),
        }
        let arn = described.latest_stream_arn.ok_or_else(none)?;
        Ok(Self { client, table: table.to_owned(), arn })
    }

    /// Gives the stream's ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Gives the table's name.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Says whether another stream, by its ARN, is of the same table.
    pub fn is_of_table_of(&self, other: &str) -> bool {
        let table = |arn: &str| arn.split_once("/stream/").map(|(table, _)| table.to_owned());
        table(&self.arn) == table(other)
    }

    /// Gives the time of the stream's creation, if it tells, and its shards.
    pub async fn describe(&self) -> Result<(Option<Timestamp>, Vec<Shard>), Fault> {
        let mut shards = Vec::new();
        let mut after = None;
        loop {
            let request = self.client.describe_stream().stream_arn(&self.arn);
            let described = request.set_exclusive_start_shard_id(after).send().await;
            let described = described.map_err(|error| self.fault(&error))?;
            let Some(stream) = described.stream_description else { return Ok((None, shards)) };
            let created = created(&stream);
            shards.extend(stream.shards.unwrap_or_default());
            after = stream.last_evaluated_shard_id;
            if after.is_none() {
                return Ok((created, shards));
            }
        }
    }

    /// Gives an iterator of a shard.
    pub async fn iterator(
        &self,
        shard: &str,
        kind: ShardIteratorType,
        after: Option<String>,
    ) -> Result<String, Fault> {
        let iterator = self
            .client
            .get_shard_iterator()
            .stream_arn(&self.arn)
            .shard_id(shard)
            .shard_iterator_type(kind)
            .set_sequence_number(after)
            .send()
            .await
            .map_err(|error| self.fault(&error))?;
        // A shard without one is looked for again.
        iterator.shard_iterator.ok_or(Fault::Gone)
    }

    /// Gives the page of an iterator.
    pub async fn records(&self, iterator: String) -> Result<GetRecordsOutput, Fault> {
        let page = self.client.get_records().shard_iterator(iterator).limit(PAGE).send().await;
        page.map_err(|error| self.fault(&error))
    }

    /// Classifies an error of the SDK.
    fn fault<E>(&self, error: &SdkError<E>) -> Fault
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
        let unread = ReadError::of(&self.table, error);
        match (code.unwrap_or_default(), unread.fault()) {
            ("ExpiredIteratorException", _) => Fault::Expired,
            ("TrimmedDataAccessException", _) => Fault::Trimmed,
            ("ResourceNotFoundException", _) => Fault::Gone,
            (_, ReadFault::Unreachable | ReadFault::Throttled) => Fault::Later(unread),
            (code, _) if BUSY.contains(&code) => Fault::Later(unread),
            _ => Fault::Refused(unread),
        }
    }
}

fn created(stream: &StreamDescription) -> Option<Timestamp> {
    let millis = stream.creation_request_date_time()?.to_millis().ok()?;
    Timestamp::from_millis(u64::try_from(millis).ok()?)
}
