//! Follows all shards of a stream: parents before their children, as shards come and go.
//!
//! A shard takes the writes of a partition for some hours, or until the partition is split. Then it
//! is closed, and its children go on. Whoever reads a child before its parent's end sees the changes
//! of one member in the wrong order.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, SystemTime},
    vec,
};

use aws_sdk_dynamodbstreams::{
    Client,
    types::{Shard as Described, ShardIteratorType},
};
use futures_util::{StreamExt, future::join_all, stream::iter};
use tokio::time::{Instant, sleep_until};

use super::{
    change::Change,
    checkpoint::{Checkpoint, Missed, ShardPlace},
    error::FollowError,
    fault::{Fault, Trouble},
    shard::{Page, Shard},
    stream::{PAGE, Stream},
};
use crate::domain::time::Timestamp;

/// The time between two pages of a shard. DynamoDB allows five a second, for all who follow.
const PAUSE: Duration = Duration::from_millis(400);
/// The time between two pages of a shard of which there is more to read.
const SHORT_PAUSE: Duration = Duration::from_millis(200);
/// The time between two looks for new shards. Those of a closed shard are looked for at once.
const NEW_SHARDS: Duration = Duration::from_secs(5);
/// The number of shards that are asked at once.
const CONCURRENCY: usize = 32;
/// The time by which this clock may differ from DynamoDB's.
const CLOCK_DIFFERENCE: u64 = 10_000;

/// The place from which a stream is followed.
#[derive(Debug, Clone)]
pub enum Position {
    /// From now on.
    Latest,
    /// From the oldest change that the stream still has.
    TrimHorizon,
    /// From the place at which it was followed before.
    After(Checkpoint),
}

/// Something that a follower hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A change of the table.
    Change(Change),
    /// Changes are lost, because the stream no longer has them.
    Missed(Missed),
}

/// A follower of a table's stream.
#[derive(Debug)]
pub struct Follower {
    stream: Stream,
    created: Option<Timestamp>,
    shards: BTreeMap<String, Shard>,
    ready: VecDeque<Ready>,
    next_pages: Instant,
    next_search: Instant,
    trouble: Option<Trouble>,
}

/// Something that was read, and is to be handed on.
#[derive(Debug)]
enum Ready {
    Changes { shard: String, place: ShardPlace, changes: vec::IntoIter<Change> },
    End { shard: String },
    Missed(Missed),
}

impl Follower {
    /// Begins to follow the stream of a table.
    ///
    /// # Errors
    /// The table or its stream is not there or lacks images, the checkpoint is of another table, or
    /// DynamoDB does not answer.
    pub async fn open(
        dynamodb: &aws_sdk_dynamodb::Client,
        client: Client,
        table: &str,
        from: Position,
    ) -> Result<Self, FollowError> {
        let stream = Stream::find(dynamodb, client, table).await?;
        let now = Instant::now();
        let mut follower = Self {
            stream,
            created: None,
            shards: BTreeMap::new(),
            ready: VecDeque::new(),
            next_pages: now,
            next_search: now + NEW_SHARDS,
            trouble: None,
        };
        let described = follower.describe().await;
        let shards = described.map_err(|fault| follower.error(fault))?;
        match from {
            Position::TrimHorizon => {}
            Position::Latest => follower.skip(&shards).await?,
            Position::After(checkpoint) => follower.resume(checkpoint)?,
        }
        follower.learn(shards);
        Ok(follower)
    }

    /// Gives the stream's ARN.
    pub fn stream(&self) -> &str {
        self.stream.arn()
    }

    /// Gives the time of the stream's creation, if it tells.
    pub const fn created(&self) -> Option<Timestamp> {
        self.created
    }

    /// Gives the time at which answers began to fail, if the last one did.
    pub fn silent_since(&self) -> Option<Instant> {
        self.trouble.as_ref().map(|trouble| trouble.since)
    }

    /// Waits for the next news. To drop this before it is done loses nothing, but what was being read
    /// is read anew: whoever drops it again and again may never hear of anything.
    ///
    /// # Errors
    /// The stream was switched off, DynamoDB refuses, or it did not answer for a minute.
    pub async fn next(&mut self) -> Result<News, FollowError> {
        loop {
            if let Some(news) = self.next_of_round().await? {
                return Ok(news);
            }
        }
    }

    /// Waits for the next news, or until all shards were asked once; `None` if they had none. Between
    /// two rounds is the time for other things, such as keeping the place.
    ///
    /// # Errors
    /// Those of [`Follower::next`].
    pub async fn next_of_round(&mut self) -> Result<Option<News>, FollowError> {
        if let Some(news) = self.hand_on() {
            return Ok(Some(news));
        }
        sleep_until(self.next_pages).await;
        if self.next_search <= Instant::now() {
            match self.describe().await {
                Ok(shards) => self.learn(shards),
                Err(fault) => self.bear(fault)?,
            }
            self.next_search = Instant::now() + NEW_SHARDS;
        }
        self.read_pages().await?;
        Ok(self.hand_on())
    }

    /// Gives the place after everything that [`Follower::next`] gave.
    pub fn checkpoint(&self) -> Checkpoint {
        let places = self.shards.iter().map(|(id, shard)| (id.clone(), shard.place.clone()));
        Checkpoint { stream: self.stream.arn().to_owned(), shards: places.collect() }
    }

    /// Takes the first news of what was read, and notes the place that is reached with it.
    fn hand_on(&mut self) -> Option<News> {
        loop {
            match self.ready.front_mut()? {
                Ready::Changes { shard, place, changes } => {
                    let change = changes.next();
                    if changes.as_slice().is_empty() {
                        if let Some(shard) = self.shards.get_mut(shard) {
                            shard.place = place.clone();
                        }
                        self.ready.pop_front();
                    }
                    if let Some(change) = change {
                        return Some(News::Change(change));
                    }
                }
                Ready::End { shard } => {
                    if let Some(shard) = self.shards.get_mut(shard) {
                        shard.place.done = true;
                    }
                    self.ready.pop_front();
                }
                &mut Ready::Missed(missed) => {
                    self.ready.pop_front();
                    return Some(News::Missed(missed));
                }
            }
        }
    }

    /// Reads the next page of each shard whose parents are done. All that was read before is handed
    /// on, so the places are those of the pages.
    async fn read_pages(&mut self) -> Result<(), FollowError> {
        let stream = &self.stream;
        let is_done = |id: &String| self.shards.get(id).is_none_or(|shard| shard.place.done);
        let is_next = |shard: &Shard| !shard.place.done && shard.parent.iter().all(is_done);
        let asked = self
            .shards
            .iter()
            .filter(|(_, shard)| is_next(shard))
            .map(|(id, shard)| async { (shard.page(stream, id).await, id.clone()) });
        let asked: Vec<_> = asked.collect();
        let begun = Instant::now();
        let pages: Vec<_> = iter(asked).buffer_unordered(CONCURRENCY).collect().await;

        let mut pause = PAUSE;
        let mut fault = None;
        let mut is_answered = pages.is_empty();
        for (page, id) in pages {
            match page {
                Ok(page) => {
                    is_answered = true;
                    if page.records.len() >= usize::try_from(PAGE).unwrap_or_default() {
                        pause = SHORT_PAUSE;
                    }
                    self.take(id, page);
                }
                Err(why) => fault = self.recover(&id, why).or(fault),
            }
        }
        self.next_pages = begun + pause;
        if is_answered {
            self.trouble = None;
        }
        fault.map_or(Ok(()), |fault| self.bear(fault))
    }

    /// Takes a page that was read.
    fn take(&mut self, id: String, page: Page) {
        let Some(shard) = self.shards.get_mut(&id) else { return };
        // Where nothing comes, everything up to now is told. This must not be said of a shard that
        // is read from its beginning: there, pages before the first record can be empty, too.
        let is_read_on = shard.is_latest || shard.place.sequence_number.is_some();
        if page.records.is_empty() && is_read_on {
            shard.place.time = shard.place.time.max(reached());
        }
        shard.iterator = page.next;
        let is_over = shard.iterator.is_none();
        for record in page.records {
            let place = ShardPlace {
                sequence_number: Some(record.sequence_number),
                time: record.recorded_at.millis(),
                done: false,
            };
            let changes = record.changes.into_iter();
            self.ready.push_back(Ready::Changes { shard: id.clone(), place, changes });
        }
        if is_over {
            self.ready.push_back(Ready::End { shard: id });
            self.next_search = Instant::now();
        }
    }

    /// Does what can be done about a page that could not be read; gives back the fault if that is
    /// nothing.
    fn recover(&mut self, id: &str, fault: Fault) -> Option<Fault> {
        let shard = self.shards.get_mut(id)?;
        match fault {
            Fault::Expired => {
                shard.iterator = None;
                shard.is_latest = false;
            }
            Fault::Trimmed => {
                let missed = shard.place.missed(now());
                *shard = Shard { parent: shard.parent.take(), ..Shard::at(ShardPlace::default()) };
                self.miss(missed);
            }
            // The next look at the stream's shards tells more.
            Fault::Gone => self.next_search = Instant::now(),
            fault => return Some(fault),
        }
        None
    }

    /// Waits longer and longer after faults that may pass.
    fn bear(&mut self, fault: Fault) -> Result<(), FollowError> {
        let now = Instant::now();
        let trouble = self.trouble.get_or_insert_with(|| Trouble::begin(now, PAUSE));
        if trouble.is_hopeless(now) || !matches!(fault, Fault::Later(_)) {
            return Err(self.error(fault));
        }
        self.next_pages = self.next_pages.max(now + trouble.next_pause());
        Ok(())
    }

    fn error(&self, fault: Fault) -> FollowError {
        match fault {
            Fault::Later(error) | Fault::Refused(error) => FollowError::Unreadable(error),
            Fault::Expired | Fault::Trimmed | Fault::Gone => {
                FollowError::SwitchedOff(self.stream.table().to_owned())
            }
        }
    }

    /// Lists the shards of the stream.
    async fn describe(&mut self) -> Result<Vec<Described>, Fault> {
        let (created, shards) = self.stream.describe().await?;
        self.created = created;
        Ok(shards)
    }

    /// Compares the shards of the stream with those that are known.
    fn learn(&mut self, described: Vec<Described>) {
        let mut gone = std::mem::take(&mut self.shards);
        for shard in described {
            let Some(id) = shard.shard_id else { continue };
            let known = gone.remove(&id);
            let known = known.unwrap_or_else(|| Shard::at(ShardPlace::default()));
            let first =
                shard.sequence_number_range.and_then(|range| range.starting_sequence_number);
            if first.is_some_and(|first| known.place.is_cut_off(&first)) {
                self.miss(known.place.missed(now()));
            }
            self.shards.insert(id, Shard { parent: shard.parent_shard_id, ..known });
        }
        for lost in gone.into_values().filter(|shard| !shard.place.done) {
            self.miss(lost.place.missed(now()));
        }
    }

    /// Notes what is lost, as one loss of all shards, to be told before everything else.
    fn miss(&mut self, missed: Option<Missed>) {
        let Some(missed) = missed else { return };
        let known = self.ready.iter_mut().find_map(|ready| match ready {
            Ready::Missed(known) => Some(known),
            _ => None,
        });
        match known {
            Some(known) => {
                known.from = known.from.min(missed.from);
                known.until = known.until.max(missed.until);
            }
            None => self.ready.push_front(Ready::Missed(missed)),
        }
    }

    /// Places itself after everything that the shards have.
    async fn skip(&mut self, described: &[Described]) -> Result<(), FollowError> {
        let is_parent =
            |id: &str| described.iter().any(|shard| shard.parent_shard_id() == Some(id));
        let stream = &self.stream;
        let skipped = described.iter().filter_map(|shard| {
            let id = shard.shard_id()?;
            let last =
                shard.sequence_number_range().and_then(|range| range.ending_sequence_number());
            let done = is_parent(id);
            let sequence_number = last.map(str::to_owned).filter(|_| !done);
            let mut skipped = Shard::at(ShardPlace { sequence_number, time: reached(), done });
            Some(async move {
                if !done && skipped.place.sequence_number.is_none() {
                    let latest = ShardIteratorType::Latest;
                    skipped.iterator = Some(stream.iterator(id, latest, None).await?);
                    skipped.is_latest = true;
                }
                Ok((id.to_owned(), skipped))
            })
        });
        let skipped: Result<_, Fault> = join_all(skipped).await.into_iter().collect();
        self.shards = skipped.map_err(|fault| self.error(fault))?;
        Ok(())
    }

    /// Places itself where a checkpoint says. A table whose stream was switched off and on has
    /// another one, and what happened meanwhile is lost.
    fn resume(&mut self, checkpoint: Checkpoint) -> Result<(), FollowError> {
        if checkpoint.stream == self.stream.arn() {
            let shards = checkpoint.shards.into_iter();
            self.shards = shards.map(|(id, place)| (id, Shard::at(place))).collect();
            return Ok(());
        }
        if !self.stream.is_of_table_of(&checkpoint.stream) {
            return Err(FollowError::OtherTable(checkpoint.stream));
        }
        let from = checkpoint.time();
        let until = self.created.filter(|&created| Some(created) > from).unwrap_or_else(now);
        self.miss(Some(Missed { from, until }));
        Ok(())
    }
}

fn now() -> Timestamp {
    SystemTime::now().into()
}

/// Gives the time up to which everything is surely told, in Unix milliseconds.
fn reached() -> u64 {
    now().millis().saturating_sub(CLOCK_DIFFERENCE)
}
