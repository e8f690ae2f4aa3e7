//! One shard of a stream, read page by page.

use aws_sdk_dynamodbstreams::types::ShardIteratorType;

use super::{checkpoint::ShardPlace, fault::Fault, record::StreamRecord, stream::Stream};

/// A shard that is being followed.
#[derive(Debug)]
pub struct Shard {
    /// The shard whose records come before those of this one.
    pub parent: Option<String>,
    /// The place after the last record that was handed on.
    pub place: ShardPlace,
    /// The next page; `None` if it must be looked up by the place.
    pub iterator: Option<String>,
    /// True while it is read on from its last record at the time, whichever that was.
    pub is_latest: bool,
}

/// A page of a shard.
#[derive(Debug)]
pub struct Page {
    /// The records.
    pub records: Vec<StreamRecord>,
    /// The page after this one; `None` at the shard's end.
    pub next: Option<String>,
}

impl Shard {
    /// Makes a shard that is followed from a place on.
    pub const fn at(place: ShardPlace) -> Self {
        Self { parent: None, place, iterator: None, is_latest: false }
    }

    /// Reads the next page.
    pub async fn page(&self, stream: &Stream, id: &str) -> Result<Page, Fault> {
        let iterator = match &self.iterator {
            Some(iterator) => iterator.clone(),
            None => self.iterator_at_place(stream, id).await?,
        };
        let page = stream.records(iterator).await?;
        let records = page.records.unwrap_or_default().into_iter().filter_map(StreamRecord::read);
        // Before the first record, only the time tells what was there when the following began.
        let is_new = |record: &StreamRecord| {
            self.place.sequence_number.is_some()
                || record.recorded_at.seconds() >= self.place.time / 1000
        };
        Ok(Page { records: records.filter(is_new).collect(), next: page.next_shard_iterator })
    }

    async fn iterator_at_place(&self, stream: &Stream, id: &str) -> Result<String, Fault> {
        let after = self.place.sequence_number.clone();
        let kind = match after {
            Some(_) => ShardIteratorType::AfterSequenceNumber,
            None => ShardIteratorType::TrimHorizon,
        };
        stream.iterator(id, kind, after).await
    }
}
