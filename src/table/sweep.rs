//! Bringing a room's end to its members, page by page.
//!
//! A destroy writes the room's item only: a room can have a million members. The sweep that follows
//! ends every membership that began before the destroy, each under the condition that nothing newer
//! is known about that member. And where a member joined after the destroy although the room's item
//! says destroyed, the destroy came late into a living room: the sweep writes it as active.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::Instant;

use super::{
    Attributes, Table,
    apply::CONCURRENCY,
    item::{number, text},
    key::Key,
    write::{Unconfirmed, failed},
};
use crate::{
    domain::sweep::Sweep,
    domain::{
        event::{Kind, Version},
        ids::{AppKey, UserId},
        plan::Facts,
        time::Timestamp,
    },
};

/// How far a sweep came.
#[derive(Debug, PartialEq, Eq)]
pub enum Swept {
    /// To the end, with this many memberships ended.
    Done(usize),
    /// Not to the end, because time was over, or because the table stopped answering: somebody must
    /// go on with the rest.
    Unfinished(Sweep, Option<Unconfirmed>),
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
                Err(why) => return Ok(Swept::Unfinished(sweep, Some(why))),
            }
            if sweep.after.is_none() {
                return Ok(Swept::Done(ended));
            }
            if Instant::now() >= deadline {
                return Ok(Swept::Unfinished(sweep, None));
            }
        }
    }

    /// Sweeps the next page and goes on to the one after it; gives how many memberships ended.
    async fn sweep_page(&self, app: &AppKey, sweep: &mut Sweep) -> Result<usize, Unconfirmed> {
        let page = self.page(app, sweep).await?;
        // Read with each page: a newer destroy, or a new life, counts at once.
        let key = Key { app, room: &sweep.room, user: None };
        let room = self.look(&key).await?;
        let destroy = room.destroyed.map_or(sweep.destroy, |newest| newest.max(sweep.destroy));
        let ended = self.end_all(&key, &page.members, destroy).await?;
        if let Some(join) = page.newest_join.filter(|&join| !room.active && join > destroy) {
            self.write(&key, &Facts::alive(join)).await?;
        }
        sweep.after = page.next;
        Ok(ended)
    }

    /// Ends the memberships that began before the destroy; gives their number.
    async fn end_all(
        &self,
        room: &Key<'_>,
        members: &[Joined],
        destroy: Version,
    ) -> Result<usize, Unconfirmed> {
        let mut waiting = members.iter().filter(|member| member.version < destroy);
        let mut running = FuturesUnordered::new();
        let mut ended = 0;
        loop {
            for Joined { user, version } in waiting.by_ref().take(CONCURRENCY - running.len()) {
                running.push(async move {
                    self.end(&Key { user: Some(user), ..*room }, *version, destroy).await
                });
            }
            match running.next().await {
                Some(result) => result?,
                None => return Ok(ended),
            }
            ended += 1;
        }
    }

    async fn page(&self, app: &AppKey, sweep: &Sweep) -> Result<Page, Unconfirmed> {
        let key = |user: &UserId| Key { app, room: &sweep.room, user: Some(user) }.attributes();
        let query = self.client.query().table_name(&self.name).consistent_read(true).limit(PAGE);
        let query = query.key_condition_expression("pk = :room AND begins_with(sk, :members)");
        let partition = Key { app, room: &sweep.room, user: None }.partition();
        let query = query
            .projection_expression("userId, membership, version, joinedAt")
            .expression_attribute_values(":room", AttributeValue::S(partition))
            .expression_attribute_values(":members", AttributeValue::S("USER#".to_owned()))
            .set_exclusive_start_key(sweep.after.as_ref().map(key));
        let output = query.send().await.map_err(|error| failed(&error))?;
        let last = output.last_evaluated_key().and_then(|key| text(key, "sk"));
        let next = last
            .and_then(|sort| sort.strip_prefix("USER#"))
            .and_then(|user| UserId::new(user).ok());
        let joins = output.items().iter().filter_map(|item| number(item, "joinedAt"));
        // A status is not kept with the time; the least one is the safest claim.
        let alive = |time| Version::new(time, Kind::Join, 0);
        Ok(Page {
            members: output.items().iter().filter_map(joined).collect(),
            newest_join: joins.max().and_then(Timestamp::from_millis).map(alive),
            next,
        })
    }
}

/// How many members are read at once.
const PAGE: i32 = 1000;

/// Some members of a room.
struct Page {
    members: Vec<Joined>,
    /// The newest join of any of them, whether or not they left since.
    newest_join: Option<Version>,
    next: Option<UserId>,
}

/// A member whose item says `joined`.
struct Joined {
    user: UserId,
    version: Version,
}

fn joined(item: &Attributes) -> Option<Joined> {
    let is_joined = text(item, "membership") == Some("joined");
    let user = UserId::new(text(item, "userId")?).ok()?;
    let version = number(item, "version").and_then(Version::from_number)?;
    is_joined.then_some(Joined { user, version })
}
