//! The protocol for one item: a last-writer-wins register that forgets nothing.

use std::{cmp::Ordering, error::Error, fmt, time::Duration};

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use tokio::time::timeout;

use super::{
    Attributes, Table, item,
    key::Key,
    room_cache::Moment,
    update::{self, Update},
};
use crate::{
    aws::error::in_words,
    domain::{
        event::{Kind, Version},
        plan::Facts,
        room_state::RoomState,
    },
};

/// How often a change tries to raise what an item lacks. Every failed attempt means that another
/// writer raised it meanwhile, so more than one is rare.
const MOST_RAISES: usize = 10;

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was newer than the item: the item is now what the change says.
    Applied,
    /// The item was at least as new: it stays what it is, and knows the change's times if they were
    /// news.
    Stale,
}

/// The table did not confirm a request. Whether it took effect is unknown; repeating it is
/// harmless.
#[derive(Debug, PartialEq, Eq)]
pub struct Unconfirmed(
    /// What the engine or the way to it said, for the operator.
    pub String,
);

impl fmt::Display for Unconfirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Unconfirmed {}

pub(super) fn failed(error: &dyn Error) -> Unconfirmed {
    Unconfirmed(in_words(error))
}

/// What an `UpdateItem` found.
enum Found {
    /// The condition held. The item as it was before, where there was one and the request asked for
    /// it.
    Older(Option<Attributes>),
    /// The condition failed: the item as it is, if there is one.
    AtLeastAsNew(Option<Attributes>),
}

impl Table {
    /// Writes what `facts` say about an item, in one request; in a second one where the item is as
    /// new but lacks something that they know. The sight is a room's, after the write (and
    /// means nothing for a member).
    ///
    /// # Errors
    /// [`Unconfirmed`] if the table did not answer, or not that it was written.
    pub async fn write(
        &self,
        key: &Key<'_>,
        facts: &Facts,
    ) -> Result<(Verdict, RoomState), Unconfirmed> {
        let asked = Moment::now();
        // The old item matters where it can know more than this change: in rooms, and besides the
        // newest event.
        let wants_old = key.user.is_none() || facts.versions().count() > 1;
        let first = update::whole(key, facts, self.retention_seconds);
        let (verdict, mut sight, mut lacking) = match self.send(key, first, wants_old).await? {
            Found::Older(old) => {
                let old = old.unwrap_or_default();
                let news = facts.versions().filter(|&version| version != facts.newest());
                let is_older =
                    |&version: &Version| item::compare(&old, version).is_some_and(Ordering::is_lt);
                (Verdict::Applied, item::sight(&old).after(facts), news.filter(is_older).collect())
            }
            Found::AtLeastAsNew(item) => {
                let item = item.ok_or_else(vanished)?;
                (Verdict::Stale, item::sight(&item), lacking_in(&item, facts))
            }
        };
        for _ in 0..MOST_RAISES {
            if lacking.is_empty() {
                break;
            }
            lacking = match self.send(key, update::raise(&lacking, facts.newest()), false).await? {
                Found::Older(_) => Vec::new(),
                Found::AtLeastAsNew(item) => lacking_in(&item.ok_or_else(vanished)?, facts),
            };
        }
        if !lacking.is_empty() {
            return Err(Unconfirmed("the item keeps changing".to_owned()));
        }
        if key.user.is_none() {
            // What the item lacked of the newest destroy, it has now been told.
            let destroyed = sight.destroyed.max(facts.of_kind(Kind::Destroy));
            sight = RoomState { destroyed, ..sight };
            self.memory.note(key.partition(), sight, asked);
        }
        Ok((verdict, sight))
    }

    /// Ends a membership that its room's destroy ended, unless something newer is known about the
    /// member.
    ///
    /// # Errors
    /// [`Unconfirmed`] as for [`Table::write`].
    pub async fn end(
        &self,
        key: &Key<'_>,
        join: Version,
        destroy: Version,
    ) -> Result<(), Unconfirmed> {
        let update = update::end(join, destroy, self.retention_seconds);
        self.send(key, update, false).await.map(|_| ())
    }

    /// Sees a room: in memory, or in the table.
    ///
    /// # Errors
    /// [`Unconfirmed`] if the table did not answer.
    pub async fn see(&self, room: &Key<'_>) -> Result<RoomState, Unconfirmed> {
        match self.memory.recall(&room.partition()) {
            Some(sight) => Ok(sight),
            None => self.look(room).await,
        }
    }

    /// Reads a room's item, strongly consistent, and remembers it.
    ///
    /// # Errors
    /// [`Unconfirmed`] if the table did not answer.
    pub async fn look(&self, room: &Key<'_>) -> Result<RoomState, Unconfirmed> {
        let asked = Moment::now();
        let request = self.client.get_item().table_name(&self.name);
        let request = request.set_key(Some(room.attributes())).consistent_read(true);
        let request = request.projection_expression("lifecycle, destroyVersion");
        let response = request.send().await.map_err(|error| failed(&error))?;
        let sight = response.item().map(item::sight).unwrap_or_default();
        self.memory.note(room.partition(), sight, asked);
        Ok(sight)
    }

    /// Opens connections before the first request needs them: a join's write and its look at the
    /// room use two. Nothing depends on the result, and an engine that does not answer delays
    /// the start by a second at most.
    pub async fn connect(&self) {
        let look = || {
            let keys = [("pk", "CONNECT"), ("sk", "CONNECT")];
            let keys =
                keys.map(|(name, key)| (name.to_owned(), AttributeValue::S(key.to_owned()))).into();
            self.client.get_item().table_name(&self.name).set_key(Some(keys)).send()
        };
        let _ = timeout(Duration::from_secs(1), async { tokio::join!(look(), look()) }).await;
    }

    async fn send(
        &self,
        key: &Key<'_>,
        update: Update,
        wants_old: bool,
    ) -> Result<Found, Unconfirmed> {
        let request =
            self.client.update_item().table_name(&self.name).set_key(Some(key.attributes()));
        let request = request
            .update_expression(update.expression)
            .condition_expression(update.condition)
            .set_expression_attribute_values(Some(update.values))
            .return_values(if wants_old { ReturnValue::AllOld } else { ReturnValue::None })
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(output) => Ok(Found::Older(output.attributes)),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Found::AtLeastAsNew(refused.item().cloned()))
                }
                _ => Err(failed(&error)),
            },
        }
    }
}

/// The item expired between a write and its raise: a repeat starts from nothing.
fn vanished() -> Unconfirmed {
    Unconfirmed("the item vanished between two requests".to_owned())
}

/// What an item that is at least as new as `facts` does not record yet.
fn lacking_in(item: &Attributes, facts: &Facts) -> Vec<Version> {
    let lacks = |&version: &Version| item::compare(item, version).is_none_or(Ordering::is_lt);
    facts.versions().filter(lacks).collect()
}
