//! Reads the table for the page: no more of it than the page shows.

use std::pin::pin;

use chatroom_status_sync::{
    domain::ids::{AppKey, RoomId, UserId},
    table::{
        presence::{Member, Room},
        read::{
            Reader,
            count::CountedRoom,
            error::ReadError,
            fullest::Fullest,
            members::{MemberFilter, Presence, TakenMembers},
        },
    },
};
use futures_util::TryStreamExt;

use super::view::Side;
use crate::access::Place;

/// The most members of a room, and rooms of a user, on one page.
pub const MOST_MEMBERS: usize = 100;
/// The most rooms that a search shows, and the most that it looks at.
pub const MOST_FOUND: usize = 20;
const MOST_SEARCHED: usize = 20_000;
/// The most members of a page that is read, and the most such pages for one that is shown.
const MOST_READ: usize = 1000;
const MOST_PAGES: usize = 5;

/// The rooms of one app in one table.
pub struct Reading {
    pub reader: Reader,
    pub app: AppKey,
    pub place: Place,
}

/// The active rooms, counted.
#[derive(Debug)]
pub struct Census {
    /// The fullest, the largest first.
    pub fullest: Vec<CountedRoom>,
    /// The number of all active rooms.
    pub rooms: u64,
    /// The number of all their members. A user counts once for each room.
    pub members: u64,
}

/// The rooms and the user that a text finds.
pub struct Found {
    /// Active rooms with the text in their id, and the room of exactly this id, active or not.
    pub rooms: Vec<Room>,
    /// True if there may be more of them.
    pub is_cut: bool,
    /// The memberships of the user of exactly this id.
    pub memberships: Vec<Member>,
}

impl Reading {
    /// Says why the table could not be read, and what to do.
    pub fn explain(&self, why: &ReadError) -> String {
        self.place.explain(why, self.reader.table_name())
    }

    /// Counts every active room.
    pub async fn census(&self, top: usize) -> Result<Census, ReadError> {
        let (mut fullest, mut rooms, mut members) = (Fullest::new(top), 0, 0);
        let mut counted_rooms = pin!(self.reader.counted_rooms(&self.app));
        while let Some(counted) = counted_rooms.try_next().await? {
            rooms += 1;
            members += counted.members;
            fullest.add(counted);
        }
        Ok(Census { fullest: fullest.into_rooms(), rooms, members })
    }

    /// Reads a page of the members of a room.
    pub async fn room(
        &self,
        room: &RoomId,
        side: Side,
        after: Option<UserId>,
    ) -> Result<TakenMembers, ReadError> {
        let presence = match side {
            Side::Joined => Presence::Joined,
            Side::Left => Presence::Left,
        };
        let filter = MemberFilter { presence, after, ..MemberFilter::default() };
        // Those who left may be rare among those who stay.
        let page = if side == Side::Joined { MOST_MEMBERS } else { MOST_READ };
        let members = self.reader.members(&self.app, room, filter).await?;
        members.in_pages_of(page).take(MOST_MEMBERS, MOST_PAGES).await
    }

    /// Counts the members of a room.
    pub async fn count(&self, room: &RoomId) -> Result<Option<u64>, ReadError> {
        let counted = self.reader.count(&self.app, room).await?;
        Ok(counted.map(|counted| counted.members))
    }

    /// Lists the rooms that a user is in.
    pub async fn rooms_of(&self, user: &UserId) -> Result<Vec<Member>, ReadError> {
        self.reader.rooms_of(&self.app, user).await
    }

    /// Looks for a text among the active rooms, and for the room and the user of that name.
    pub async fn search(&self, text: &str) -> Result<Found, ReadError> {
        let lowercase = text.to_lowercase();
        let mut rooms = Vec::new();
        if let Ok(room) = RoomId::new(text) {
            rooms.extend(self.reader.room(&self.app, &room).await?);
        }
        let (mut active, mut looked_at) = (self.reader.active_rooms(&self.app, None), 0);
        while rooms.len() <= MOST_FOUND
            && looked_at < MOST_SEARCHED
            && let Some(room) = active.next().await?
        {
            looked_at += 1;
            let is_found = room.chat_room_id.to_lowercase().contains(&lowercase);
            if is_found && room.chat_room_id != text {
                rooms.push(room);
            }
        }
        let is_cut = rooms.len() > MOST_FOUND || looked_at == MOST_SEARCHED;
        rooms.truncate(MOST_FOUND);
        let memberships = match UserId::new(text) {
            Ok(user) => self.rooms_of(&user).await?,
            Err(_) => Vec::new(),
        };
        Ok(Found { rooms, is_cut, memberships })
    }
}
