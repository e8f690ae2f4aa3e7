//! The members of a room, page by page, and one of them.

use super::{
    Reader,
    error::ReadError,
    request::{MEMBER, PAGE},
    tempo::Tempo,
};
use crate::{
    domain::{
        ids::{AppKey, RoomId, UserId},
        time::Timestamp,
    },
    table::{
        Attributes,
        item::text,
        key::Key,
        presence::{Member, Room},
    },
};

/// The fewest members that are read at once.
const LEAST_PAGE: i32 = 100;

/// The members to be read. The default is all who are in the room.
#[derive(Debug, Clone, Default)]
pub struct MemberFilter {
    /// The side of the door.
    pub presence: Presence,
    /// Only those whose `reason` is this one.
    pub reason: Option<String>,
    /// Only those who joined, or left, at this time or later.
    pub since: Option<Timestamp>,
    /// The user after whom reading begins: that of a page before, or any other.
    pub after: Option<UserId>,
}

/// The side of the door on which a member is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Presence {
    /// Members who are in the room.
    #[default]
    Joined,
    /// Members who left it, or were in it when it ended, until they expire.
    Left,
    /// All of them.
    Any,
}

/// The members of a room, by user id. Reading goes on page by page.
#[derive(Debug)]
pub struct Members {
    reader: Reader,
    app: AppKey,
    id: RoomId,
    room: Option<Room>,
    filter: MemberFilter,
    page: i32,
    tempo: Tempo,
    is_known: bool,
    is_over: bool,
}

/// Some members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPage {
    /// The members of the page that the filter lets through; it may let none through.
    pub members: Vec<Member>,
    /// The user after whom the next page begins; `None` if this is the last page.
    pub next: Option<UserId>,
}

/// Some members, and their room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenMembers {
    /// The room; `None` if nothing is known of it.
    pub room: Option<Room>,
    /// The members that the filter lets through.
    pub members: Vec<Member>,
    /// The user after whom there are more; `None` if there are none.
    pub next: Option<UserId>,
}

impl Reader {
    /// Reads the members of a room, by user id, strongly consistent page by page. The room's item
    /// is read first, and decides about all pages.
    ///
    /// ```no_run
    /// # use chatroom_status_sync::table::read::members::{MemberFilter, Presence};
    /// # use chatroom_status_sync::{domain::ids::{AppKey, RoomId, UserId}, table::read::{Reader, error::ReadError}};
    /// # async fn example(reader: Reader, app: AppKey, room: RoomId, user: UserId) -> Result<(), ReadError> {
    /// let banned = MemberFilter {
    ///     presence: Presence::Left,
    ///     reason: Some("banned".to_owned()),
    ///     ..MemberFilter::default()
    /// };
    /// let mut members = reader.members(&app, &room, banned).await?;
    /// while let Some(page) = members.next_page().await? {
    ///     for member in page.members {
    ///         println!("{} was banned at {:?}", member.user_id, member.gone_at);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn members(
        &self,
        app: &AppKey,
        room: &RoomId,
        filter: MemberFilter,
    ) -> Result<Members, ReadError> {
        let item = self.room_item(app, room).await?;
        Ok(Members {
            reader: self.clone(),
            app: app.clone(),
            id: room.clone(),
            is_known: item.is_some(),
            room: item,
            filter,
            page: PAGE,
            tempo: Tempo::begin(),
            is_over: false,
        })
    }

    /// Reads what is known of a user in a room, by the rule; `None` if they were never in it, or
    /// left so long ago that the item has expired. One request, for the items of room and member
    /// together: one read unit, two if strongly consistent.
    ///
    /// ```no_run
    /// # use chatroom_status_sync::{domain::ids::{AppKey, RoomId, UserId}, table::read::{Reader, error::ReadError}};
    /// # async fn example(reader: Reader, app: AppKey, room: RoomId, user: UserId) -> Result<(), ReadError> {
    /// if let Some(member) = reader.member(&app, &room, &user).await? {
    ///     println!("{} since {:?}: {}", member.membership, member.since(), member.reason);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn member(
        &self,
        app: &AppKey,
        room: &RoomId,
        user: &UserId,
    ) -> Result<Option<Member>, ReadError> {
        let keys = [Key::member(app, room, user), Key::room(app, room)];
        let keys = keys.iter().map(Key::attributes).collect();
        let items = self.items(keys, self.consistent).await?;
        let of_kind = |kind| items.iter().find(|item| text(item, "kind") == Some(kind));
        let room = of_kind("room").map(Room::from);
        Ok(of_kind("member").map(|item| Member::from(item).by_the_rule(room.as_ref())))
    }
}

impl Members {
    /// Reads pages of so many members, those included whom the filter holds back; of a hundred at
    /// least, because the filter may hold back many, and of a thousand at most.
    pub fn in_pages_of(self, members: usize) -> Self {
        Self { page: i32::try_from(members).unwrap_or(PAGE).clamp(LEAST_PAGE, PAGE), ..self }
    }

    /// Gives the room; `None` if nothing is known of it, after the first page not even a member.
    pub fn room(&self) -> Option<Room> {
        let by_members = || self.is_known.then(|| Room::of_members(&self.app, &self.id));
        self.room.clone().or_else(by_members)
    }

    /// Reads the next page; `None` after the last one.
    pub async fn next_page(&mut self) -> Result<Option<MemberPage>, ReadError> {
        if self.is_over {
            return Ok(None);
        }
        let key = Key::room(&self.app, &self.id);
        let after = self.filter.after.as_ref();
        let query = self
            .reader
            .query_members(&key)
            .consistent_read(true)
            .limit(self.page)
            .projection_expression(MEMBER)
            .set_exclusive_start_key(after.map(|user| key.of_member(user).attributes()));
        let output = self.reader.page_in_turn(&mut self.tempo, query).await?;
        self.is_known |= !output.items().is_empty();
        let next = output.last_evaluated_key().and_then(last_user);
        self.is_over = next.is_none();
        self.filter.after.clone_from(&next);
        let room = self.room.as_ref();
        let members = output.items().iter().map(|item| Member::from(item).by_the_rule(room));
        let members = members.filter(|member| self.filter.lets_through(member)).collect();
        Ok(Some(MemberPage { members, next }))
    }

    /// Reads until there are so many members, or so many pages are read, and gives the user after
    /// whom there are more. Of a room of very many whom the filter holds back, there may be fewer
    /// members, and more of them all the same.
    pub async fn take(mut self, most: usize, pages: usize) -> Result<TakenMembers, ReadError> {
        let (mut members, mut next) = (Vec::new(), None);
        for _ in 0..pages {
            let Some(page) = self.next_page().await? else { break };
            members.extend(page.members);
            next = page.next;
            if members.len() > most {
                members.truncate(most);
                next = members.last().and_then(|last| UserId::new(&last.user_id).ok());
            }
            if members.len() == most {
                break;
            }
        }
        Ok(TakenMembers { room: self.room(), members, next })
    }
}

impl MemberFilter {
    fn lets_through(&self, member: &Member) -> bool {
        let is_on_side = match self.presence {
            Presence::Joined => member.membership == "joined",
            Presence::Left => member.membership != "joined",
            Presence::Any => true,
        };
        let is_for_reason = self.reason.as_ref().is_none_or(|reason| *reason == member.reason);
        let is_new = self.since.is_none_or(|since| member.since() >= Some(since.millis()));
        is_on_side && is_for_reason && is_new
    }
}

/// Reads the user of the last item of a page.
fn last_user(key: &Attributes) -> Option<UserId> {
    let user = text(key, "sk").and_then(|sort| sort.strip_prefix("USER#"))?;
    UserId::new(user).ok()
}
