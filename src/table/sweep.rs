//! The protocol for a room's end: ends the memberships of the room, page by page.
//!
//! A destroy writes the room's item only: a room can have a million members. The sweep that follows
//! ends every membership that began before the destroy, each under the condition that nothing newer
//! is known about that member. Where a member joined after the destroy although the room's item
//! says destroyed, the destroy came late into a living room: the sweep writes the room as active.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::Instant;

use super::{
    Attributes, CONCURRENCY, Table,
    item::{number, text, version},
    key::Key,
    write::Unconfirmed,
};
use crate::domain::{
    event::{Kind, Version},
    ids::{AppKey, UserId},
    plan::Facts,
    sweep::Sweep,
    time::Timestamp,
};

/// The number of members that are read at once.
const PAGE: i32 = 1000;

/// The result of a sweep.
#[derive(Debug, PartialEq, Eq)]
pub enum Swept {
    /// All members are done.
    Done {
        /// The number of memberships that the sweep ended.
        ended: usize,
    },
    /// Some members are not done: another sweep must go on with the rest.
    Unfinished {
        /// The sweep of the members who are left.
        rest: Sweep,
        /// The table's reason; `None` if the time was over.
        why: Option<Unconfirmed>,
    },
}

/// Some members of a room, in the order of their keys.
struct Page {
    joined: Vec<JoinedMember>,
    /// The newest join of any of the room's members on this page, even of one who left since.
    newest_join: Option<Version>,
    /// The member after whom the next page begins; `None` if this is the last one.
    next: Option<UserId>,
}

/// A member whose item says `joined`.
struct JoinedMember {
    user: UserId,
    version: Version,
}

impl Table {
    /// Sweeps a room until it is done, or until a page is done and `deadline` has passed.
    ///
    /// # Errors
    /// [`Unconfirmed`] if the table does not confirm even the first page. A repeat is harmless.
    pub async fn sweep(
        &self,
        app: &AppKey,
        mut sweep: Sweep,
        deadline: Instant,
    ) -> Result<Swept, Unconfirmed> {
        let (mut ended, start) = (0, sweep.after.clone());
        loop {
            match self.sweep_page(app, &mut sweep).await {
                Ok(more) => ended += more,
                Err(why) if sweep.after == start => return Err(why),
                Err(why) => return Ok(Swept::Unfinished { rest: sweep, why: Some(why) }),
            }
            if sweep.after.is_none() {
                return Ok(Swept::Done { ended });
            }
            if Instant::now() >= deadline {
                return Ok(Swept::Unfinished { rest: sweep, why: None });
            }
        }
    }

    /// Sweeps the next page, and moves `sweep` behind it; gives the number of memberships ended.
    async fn sweep_page(&self, app: &AppKey, sweep: &mut Sweep) -> Result<usize, Unconfirmed> {
        let page = self.read_page(app, sweep).await?;
        // The state is read with each page, so that a newer destroy or a revival counts at once.
        let key = Key::room(app, &sweep.room);
        let room = self.read_room_state(&key).await?;
        let destroy = room.destroyed.map_or(sweep.destroy, |newest| newest.max(sweep.destroy));
        let ended = self.end_all(&key, &page.joined, destroy).await?;
        if let Some(join) = page.newest_join.filter(|&join| !room.active && join > destroy) {
            self.write_room(&key, &Facts::alive(join)).await?;
        }
        sweep.after = page.next;
        Ok(ended)
    }

    /// Ends the memberships that began before the destroy; gives their number.
    async fn end_all(
        &self,
        room: &Key<'_>,
        members: &[JoinedMember],
        destroy: Version,
    ) -> Result<usize, Unconfirmed> {
        let mut waiting = members.iter().filter(|member| member.version < destroy);
        let mut running = FuturesUnordered::new();
        let mut ended = 0;
        loop {
            for member in waiting.by_ref().take(CONCURRENCY - running.len()) {
                running.push(async move {
                    let key = room.of_member(&member.user);
                    self.end_membership(&key, member.version, destroy).await
                });
            }
            match running.next().await {
                Some(result) => result?,
                None => return Ok(ended),
            }
            ended += 1;
        }
    }

    async fn read_page(&self, app: &AppKey, sweep: &Sweep) -> Result<Page, Unconfirmed> {
        let room = Key::room(app, &sweep.room);
        let after = sweep.after.as_ref().map(|user| room.of_member(user).attributes());
        let output = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .limit(PAGE)
            .key_condition_expression("pk = :room AND begins_with(sk, :members)")
            .projection_expression("userId, membership, version, joinedAt")
            .expression_attribute_values(":room", AttributeValue::S(room.partition()))
            .expression_attribute_values(":members", AttributeValue::S("USER#".to_owned()))
            .set_exclusive_start_key(after)
            .send()
            .await
            .map_err(|error| Unconfirmed::failed(&error))?;
        let next = output
            .last_evaluated_key()
            .and_then(|key| text(key, "sk")?.strip_prefix("USER#"))
            .and_then(|user| UserId::new(user).ok());
        let joins = output.items().iter().filter_map(|item| number(item, "joinedAt"));
        // A status is not kept with the time; the least one is the safest claim.
        let alive = |time| Version::new(time, Kind::Join, 0);
        Ok(Page {
            joined: output.items().iter().filter_map(JoinedMember::read).collect(),
            newest_join: joins.max().and_then(Timestamp::from_millis).map(alive),
            next,
        })
    }
}

impl JoinedMember {
    fn read(item: &Attributes) -> Option<Self> {
        let is_joined = text(item, "membership") == Some("joined");
        let member = Self {
            user: UserId::new(text(item, "userId")?).ok()?,
            version: version(item, "version")?,
        };
        is_joined.then_some(member)
    }
}
