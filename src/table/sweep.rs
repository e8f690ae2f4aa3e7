//! The protocol for a room's end: ends the memberships of the room, page by page.
//!
//! A destroy writes the room's item only: a room can have a million members. The sweep that follows
//! ends every membership that began before the destroy, each under the condition that nothing newer
//! is known about that member. Where a member joined after the destroy although the room's item
//! says destroyed, the destroy came late into a living room: the sweep writes the room as active.
//! Once all members are done, the item of a destroyed room may expire, and not before.
//!
//! The sweep of a large room takes several hops, each an invocation of the worker. A hop uses all of
//! its time: a member whose item cannot be written is left, and tried again after the others. The
//! next hop begins with the page of the first who is left. Until a hop is over, the room's item
//! claims the sweep for it, and another sweep of that room steps back.

use std::time::{Duration, SystemTime};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    CONCURRENCY, Table, item::number, key::Key, page::JoinedMember, unconfirmed::Unconfirmed,
    update, write::Found,
};
use crate::domain::{
    event::Version,
    ids::{AppKey, UserId},
    plan::Facts,
    room_state::RoomState,
    sweep::Sweep,
    time::Timestamp,
};

/// The most members who are left to be tried again. Beyond, no further page is read.
const MOST_LEFT: usize = 1000;
/// The pause after a request that failed.
const PAUSE: Duration = Duration::from_millis(500);
/// The limit for the last request of a hop, which begins at its deadline.
const LAST_REQUEST: Duration = Duration::from_secs(1);

/// The result of a hop.
#[derive(Debug, PartialEq, Eq)]
pub enum Swept {
    /// All members are done.
    Done {
        /// The number of memberships that the hop ended.
        ended: usize,
    },
    /// Some members are not done: another hop must go on with the rest.
    Unfinished {
        /// The sweep of the members who are left.
        rest: Sweep,
        /// The number of memberships that the hop ended.
        ended: usize,
        /// The table's latest reason; `None` if only the time was over.
        why: Option<Unconfirmed>,
    },
    /// Another worker is sweeping this room.
    Elsewhere {
        /// The time after which that worker's claim is over.
        pause: Duration,
    },
}

/// A hop under way.
struct Hop<'a> {
    table: &'a Table,
    room: Key<'a>,
    /// The end of this hop by the clock of all workers, and a little more by chance: by this time a
    /// hop knows its own claim.
    claimed_until: Timestamp,
    /// The sweep of the page that is being done, and of those behind it.
    sweep: Sweep,
    /// Members of earlier pages.
    left: Vec<Left>,
    state: RoomState,
    has_claim: bool,
    ended: usize,
    why: Option<Unconfirmed>,
}

/// A membership that is still to be ended.
#[derive(Clone)]
struct Left {
    member: JoinedMember,
    destroy: Version,
    /// The member before the page that the member is on.
    before_page: Option<UserId>,
}

/// The reason why a hop ends before its deadline.
enum End {
    AllDone,
    Elsewhere(Duration),
}

impl Table {
    /// Sweeps a room until it is done, or until `deadline`; a last request may take a second more.
    /// A repeat is harmless.
    pub async fn sweep(&self, app: &AppKey, sweep: Sweep, deadline: Instant) -> Swept {
        let room = sweep.room.clone();
        let now = Timestamp::from(SystemTime::now());
        let time = deadline.saturating_duration_since(Instant::now());
        let by_chance = Duration::from_micros(fastrand::u64(..5_000_000));
        let mut hop = Hop {
            table: self,
            room: Key::room(app, &room),
            claimed_until: now.after(time + LAST_REQUEST + by_chance),
            sweep,
            left: Vec::new(),
            state: RoomState::default(),
            has_claim: false,
            ended: 0,
            why: None,
        };
        match timeout_at(deadline, hop.run()).await {
            Ok(End::AllDone) => Swept::Done { ended: hop.ended },
            Ok(End::Elsewhere(pause)) => Swept::Elsewhere { pause },
            Err(_) => {
                // If this fails, the claim is over soon.
                let _ = timeout(LAST_REQUEST, hop.release()).await;
                Swept::Unfinished { rest: hop.rest(), ended: hop.ended, why: hop.why }
            }
        }
    }
}

impl Hop<'_> {
    async fn run(&mut self) -> End {
        loop {
            match self.take_pages().await {
                Ok(end) => return end,
                Err(why) => self.why = Some(why),
            }
            sleep(PAUSE).await;
        }
    }

    /// Goes on until the end, or until a request fails that all others wait for.
    async fn take_pages(&mut self) -> Result<End, Unconfirmed> {
        loop {
            let before_page = self.sweep.after.clone();
            let page = self.table.read_page(&self.room, before_page.as_ref()).await?;
            // The state is read with each page, so that a newer destroy or a revival counts at once.
            self.state = self.table.read_room_state(&self.room).await?;
            let is_large = page.next.is_some() || before_page.is_some();
            if is_large && let Some(pause) = self.claim().await? {
                return Ok(End::Elsewhere(pause));
            }
            let own = self.sweep.destroy;
            let destroy = self.state.destroyed.map_or(own, |newest| newest.max(own));
            let old = page.joined.into_iter().filter(|member| member.version < destroy);
            let due = old.map(|member| Left { member, destroy, before_page: before_page.clone() });
            let left = self.end_all(due.collect()).await;
            self.left.extend(left);
            let alive = |&join: &Version| !self.state.active && join > destroy;
            if let Some(join) = page.newest_join.filter(alive) {
                let revival = Facts::alive(join);
                (_, self.state) = self.table.write_room(&self.room, &revival).await?;
            }
            while page.next.is_none() && !self.left.is_empty() || self.left.len() > MOST_LEFT {
                sleep(PAUSE).await;
                self.left = self.end_all(self.left.clone()).await;
            }
            if page.next.is_none() {
                self.finish().await?;
                return Ok(End::AllDone);
            }
            self.sweep.after = page.next;
        }
    }

    /// Ends memberships. Gives those that the table did not confirm.
    async fn end_all(&mut self, memberships: Vec<Left>) -> Vec<Left> {
        let (table, room) = (self.table, self.room);
        let mut waiting = memberships.into_iter();
        let mut running = FuturesUnordered::new();
        let mut left = Vec::new();
        loop {
            for one in waiting.by_ref().take(CONCURRENCY - running.len()) {
                running.push(async move {
                    let JoinedMember { user, version } = &one.member;
                    let member = room.of_member(user);
                    (table.end_membership(&member, *version, one.destroy).await, one)
                });
            }
            match running.next().await {
                Some((Ok(()), _)) => self.ended += 1,
                Some((Err(why), one)) => {
                    self.why = Some(why);
                    left.push(one);
                }
                None => return left,
            }
        }
    }

    /// Lets the room's item expire, if the room is still destroyed by the same destroy.
    async fn finish(&mut self) -> Result<(), Unconfirmed> {
        if !self.state.active && self.state.destroyed == Some(self.sweep.destroy) {
            let swept = update::swept(self.sweep.destroy, self.table.retention_seconds);
            if let Found::Older(_) = self.table.update(&self.room, swept, false).await? {
                return Ok(());
            }
        }
        self.release().await
    }

    /// Claims the sweep until this hop is over, unless that is done. Gives the time for which
    /// somebody else has claimed it.
    async fn claim(&mut self) -> Result<Option<Duration>, Unconfirmed> {
        if self.has_claim {
            return Ok(None);
        }
        let now = Timestamp::from(SystemTime::now());
        let claim = update::claim(now, self.claimed_until);
        match self.table.update(&self.room, claim, false).await? {
            Found::Older(_) => self.has_claim = true,
            Found::AtLeastAsNew(item) => {
                let until = item.and_then(|item| number(&item, "sweepUntil"));
                let until = until.and_then(Timestamp::from_millis);
                return Ok(until.map(|until| until.since(now)));
            }
        }
        Ok(None)
    }

    async fn release(&mut self) -> Result<(), Unconfirmed> {
        if self.has_claim {
            self.table.update(&self.room, update::release(), false).await?;
            self.has_claim = false;
        }
        Ok(())
    }

    /// Makes the sweep of everybody who is not done.
    fn rest(&self) -> Sweep {
        let pages = self.left.iter().map(|left| left.before_page.clone());
        let after = pages.chain([self.sweep.after.clone()]).min().flatten();
        Sweep { after, ..self.sweep.clone() }
    }
}
