//! The sums over rooms and members, in constant memory: of rooms and stays only the top is kept.

use std::collections::BTreeMap;

use chatroom_status_sync::table::read::everything::Entry;
use serde::Serialize;

/// Sums over rooms and members.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    pub active_rooms: u64,
    pub ended_rooms: u64,
    /// Members who are in a room, and members who left one.
    pub present: u64,
    pub gone: u64,
    pub rooms_by_size: Vec<SizeClass>,
    /// The active rooms with the most members, the largest first.
    pub fullest: Vec<SizedRoom>,
    /// The numbers of those who are gone, by reason.
    pub reasons: BTreeMap<String, u64>,
    /// The longest stays of those who are in a room, the longest first.
    pub longest_stays: Vec<Stay>,
    #[serde(skip)]
    top: usize,
    #[serde(skip)]
    current: Option<CurrentRoom>,
}

/// The active rooms of about a size.
#[derive(Debug, Serialize)]
pub struct SizeClass {
    /// The numbers of members, such as `10 to 99`.
    pub members: String,
    pub rooms: u64,
    #[serde(skip)]
    most: u64,
}

/// A room with its size.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SizedRoom {
    pub chat_room_id: String,
    pub members: u64,
}

/// The stay of somebody who is in a room.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stay {
    pub user_id: String,
    pub chat_room_id: String,
    pub joined_at: u64,
}

/// The room whose members are being read.
#[derive(Debug)]
struct CurrentRoom {
    id: String,
    is_active: bool,
    members: u64,
}

impl Tally {
    /// Begins sums that keep the `top` of rooms and stays.
    pub fn new(top: usize) -> Self {
        let mut classes = vec![("0".to_owned(), 0), ("1".to_owned(), 1)];
        classes.extend(
            [(2, 9), (10, 99), (100, 999), (1000, 9999), (10_000, 99_999)]
                .map(|(least, most)| (format!("{least} to {most}"), most)),
        );
        classes.push(("100000 and more".to_owned(), u64::MAX));
        let class = |(members, most)| SizeClass { members, rooms: 0, most };
        let rooms_by_size = classes.into_iter().map(class).collect();
        Self { rooms_by_size, top, ..Self::default() }
    }

    /// Adds a room or a member. All members of a room come one after the other, after the room.
    pub fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Room(room) => self.begin(room.chat_room_id, room.lifecycle == "active"),
            Entry::Member(member) => {
                if self.current.as_ref().is_none_or(|room| room.id != member.chat_room_id) {
                    // A room that is known by its members alone is active.
                    self.begin(member.chat_room_id.clone(), true);
                }
                if member.membership != "joined" {
                    self.gone += 1;
                    *self.reasons.entry(member.reason).or_default() += 1;
                    return;
                }
                self.present += 1;
                if let Some(room) = &mut self.current {
                    room.members += 1;
                }
                if let Some(joined_at) = member.joined_at {
                    let (user_id, chat_room_id) = (member.user_id, member.chat_room_id);
                    let stay = Stay { user_id, chat_room_id, joined_at };
                    let place =
                        self.longest_stays.partition_point(|one| one.joined_at <= joined_at);
                    self.longest_stays.insert(place, stay);
                    self.longest_stays.truncate(self.top);
                }
            }
        }
    }

    /// Ends the sums.
    pub fn end(&mut self) {
        let Some(room) = self.current.take() else { return };
        if !room.is_active {
            self.ended_rooms += 1;
            return;
        }
        self.active_rooms += 1;
        if let Some(class) = self.rooms_by_size.iter_mut().find(|it| room.members <= it.most) {
            class.rooms += 1;
        }
        let place = self.fullest.partition_point(|one| one.members >= room.members);
        self.fullest.insert(place, SizedRoom { chat_room_id: room.id, members: room.members });
        self.fullest.truncate(self.top);
    }

    pub fn is_empty(&self) -> bool {
        self.active_rooms + self.ended_rooms == 0
    }

    fn begin(&mut self, id: String, is_active: bool) {
        self.end();
        self.current = Some(CurrentRoom { id, is_active, members: 0 });
    }
}
