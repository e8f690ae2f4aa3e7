//! The rooms that a user is in.

use std::collections::BTreeMap;

use super::{Reader, error::ReadError, request::MEMBER};
use crate::{
    domain::ids::{AppKey, RoomId, UserId},
    table::{
        key::{BY_USER, Key, user_key},
        presence::{Member, Room},
    },
};

impl Reader {
    /// Lists the rooms that a user is in, by room id. The index that finds them lags behind the
    /// table, by fractions of a second as a rule; each room's end is then looked up in the table
    /// itself.
    ///
    /// ```no_run
    /// # use chatroom_status_sync::{domain::ids::{AppKey, RoomId, UserId}, table::read::{Reader, error::ReadError}};
    /// # async fn example(reader: Reader, app: AppKey, room: RoomId, user: UserId) -> Result<(), ReadError> {
    /// for member in reader.rooms_of(&app, &user).await? {
    ///     println!("in {} since {:?}", member.chat_room_id, member.joined_at);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rooms_of(&self, app: &AppKey, user: &UserId) -> Result<Vec<Member>, ReadError> {
        let (mut members, mut start) = (Vec::new(), None);
        loop {
            let query = self
                .query_index(BY_USER, "userKey", user_key(app, user))
                .projection_expression(MEMBER)
                .set_exclusive_start_key(start);
            let page = self.page(query).await?;
            members.extend(page.items().iter().map(Member::from));
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let ids = members.iter().filter_map(|member| RoomId::new(&member.chat_room_id).ok());
        let keys = ids.map(|id| Key::room(app, &id).attributes()).collect();
        let rooms = self.items(keys, true).await?;
        let rooms: BTreeMap<_, _> =
            rooms.iter().map(Room::from).map(|room| (room.chat_room_id.clone(), room)).collect();
        members.retain(|member| member.is_present_in(rooms.get(&member.chat_room_id)));
        Ok(members)
    }
}
