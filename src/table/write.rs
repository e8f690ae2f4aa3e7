//! The protocol for one item: a last-writer-wins register that forgets nothing.

use std::cmp::Ordering;

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{ReturnValue, ReturnValuesOnConditionCheckFailure},
};

use tokio::time::Instant;

use super::{
    Attributes, Table,
    item::{compare, room_state},
    key::Key,
    patience::Effort,
    unconfirmed::Unconfirmed,
    update::{self, Update},
};
use crate::{
    aws::moment::Moment,
    domain::{
        event::{Kind, Version},
        plan::Facts,
        room_state::RoomState,
    },
};

/// The number of times that a change tries to raise what an item lacks. Every failed attempt means
/// that another writer raised it meanwhile, so more than one is rare.
const MOST_RAISES: usize = 10;

/// The effect of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The change was newer than the item: the item is now what the change says.
    Applied,
    /// The item was at least as new: it stays what it is, and now records what it lacked of the
    /// change's times.
    Stale,
}

/// The item that an `UpdateItem` found.
pub(super) enum Found {
    /// The condition held. The item as it was before, where there was one and the request asked for
    /// it.
    Older(Option<Attributes>),
    /// The condition failed: the item as it is, if there is one.
    AtLeastAsNew(Option<Attributes>),
}

impl Table {
    /// Writes facts about a member in one request; in a second one records facts that the item
    /// lacks even then.
    ///
    /// # Errors
    /// [`Unconfirmed`]: the change must be repeated.
    pub async fn write_member(
        &self,
        member: &Key<'_>,
        facts: &Facts,
    ) -> Result<Verdict, Unconfirmed> {
        // Only events besides the newest may have to be raised, and the old item tells which.
        let wants_old = facts.versions().count() > 1;
        self.write(member, facts, wants_old).await.map(|(verdict, _)| verdict)
    }

    /// Writes facts about a room as [`Table::write_member`] does, and gives the state in which that
    /// leaves the room.
    ///
    /// # Errors
    /// [`Unconfirmed`]: the change must be repeated.
    pub async fn write_room(
        &self,
        room: &Key<'_>,
        facts: &Facts,
    ) -> Result<(Verdict, RoomState), Unconfirmed> {
        let asked = Moment::now();
        let (verdict, item) = self.write(room, facts, true).await?;
        let known = room_state(&item);
        let state = match verdict {
            Verdict::Applied => known.after(facts),
            // The room stays what it was, but its item now records a destroy that it lacked.
            Verdict::Stale => {
                RoomState { destroyed: known.destroyed.max(facts.of_kind(Kind::Destroy)), ..known }
            }
        };
        self.cache.note(room.partition(), state, asked);
        Ok((verdict, state))
    }

    /// Marks the membership that began with `join` as ended by `destroy`, unless something newer is
    /// known about the member.
    ///
    /// # Errors
    /// [`Unconfirmed`]: the request must be repeated.
    pub async fn end_membership(
        &self,
        member: &Key<'_>,
        join: Version,
        destroy: Version,
    ) -> Result<(), Unconfirmed> {
        let update = update::end(join, destroy, self.retention_seconds);
        self.update(member, update, false).await.map(drop)
    }

    /// Gives the state of a room, from the cache or from the table.
    ///
    /// # Errors
    /// [`Unconfirmed`] if the table did not answer.
    pub async fn room_state(&self, room: &Key<'_>) -> Result<RoomState, Unconfirmed> {
        match self.cache.recall(&room.partition()) {
            Some(state) => Ok(state),
            None => self.read_room_state(room).await,
        }
    }

    /// Reads the state of a room, strongly consistent, and remembers it.
    ///
    /// # Errors
    /// [`Unconfirmed`] if the table did not answer.
    pub async fn read_room_state(&self, room: &Key<'_>) -> Result<RoomState, Unconfirmed> {
        let asked = Moment::now();
        let read = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(room.attributes()))
            .consistent_read(true)
            .projection_expression("lifecycle, destroyVersion, expiresAt");
        let response = self.request(None, || read.clone().send()).await?;
        let state = response.item().map(room_state).unwrap_or_default();
        self.cache.note(room.partition(), state, asked);
        Ok(state)
    }

    /// Writes facts, and raises what the item lacks of them. Gives the item as it was found: empty
    /// where there was none, or where the old one was not wanted.
    async fn write(
        &self,
        key: &Key<'_>,
        facts: &Facts,
        wants_old: bool,
    ) -> Result<(Verdict, Attributes), Unconfirmed> {
        let write = update::write(key, facts, self.retention_seconds);
        match self.update(key, write, wants_old).await? {
            Found::Older(old) => {
                let old = old.unwrap_or_default();
                // The write set the newest event, and the others where the item recorded none.
                let is_older = |&version: &Version| {
                    version != facts.newest() && compare(&old, version).is_some_and(Ordering::is_lt)
                };
                self.raise(key, facts, facts.versions().filter(is_older).collect()).await?;
                Ok((Verdict::Applied, old))
            }
            Found::AtLeastAsNew(item) => {
                let item = item.ok_or(Unconfirmed::Vanished)?;
                self.raise(key, facts, lacking_in(&item, facts)).await?;
                Ok((Verdict::Stale, item))
            }
        }
    }

    /// Raises what an item lacks of `facts`, although it is at least as new as they are.
    async fn raise(
        &self,
        key: &Key<'_>,
        facts: &Facts,
        mut lacking: Vec<Version>,
    ) -> Result<(), Unconfirmed> {
        for _ in 0..MOST_RAISES {
            if lacking.is_empty() {
                return Ok(());
            }
            let raise = update::raise(&lacking, facts.newest());
            match self.update(key, raise, false).await? {
                Found::Older(_) => return Ok(()),
                Found::AtLeastAsNew(item) => {
                    lacking = lacking_in(&item.ok_or(Unconfirmed::Vanished)?, facts);
                }
            }
        }
        if lacking.is_empty() { Ok(()) } else { Err(Unconfirmed::KeepsChanging) }
    }

    pub(super) async fn update(
        &self,
        key: &Key<'_>,
        update: Update,
        wants_old: bool,
    ) -> Result<Found, Unconfirmed> {
        let old = if wants_old { ReturnValue::AllOld } else { ReturnValue::None };
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .update_expression(update.expression)
            .condition_expression(update.condition)
            .set_expression_attribute_values(update.values)
            .return_values(old)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let partition = key.partition();
        let pace = match self.effort {
            Effort::Brief if self.paces.is_full(&partition) => {
                return Err(Unconfirmed::still_full());
            }
            Effort::Brief => None,
            Effort::Patient => Some(self.paces.of(&partition)),
        };
        let begun = Instant::now();
        let error = match self.request(pace.as_deref(), || update.clone().send()).await {
            Ok(output) => return Ok(Found::Older(output.attributes)),
            Err(error) => error,
        };
        if let Some(UpdateItemError::ConditionalCheckFailedException(refused)) = error.as_refusal()
        {
            return Ok(Found::AtLeastAsNew(refused.item().cloned()));
        }
        let why = Unconfirmed::from(error);
        if matches!(why, Unconfirmed::Throttled(_)) {
            self.paces.of(&partition).fall(begun);
        }
        Err(why)
    }
}

/// Lists what an item that is at least as new as `facts` does not record yet.
fn lacking_in(item: &Attributes, facts: &Facts) -> Vec<Version> {
    let lacks = |&version: &Version| compare(item, version).is_none_or(Ordering::is_lt);
    facts.versions().filter(lacks).collect()
}
