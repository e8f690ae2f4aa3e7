//! What was accepted, and who must be in which room by that. It knows nothing but what was sent and
//! what was answered 200, and uses none of the library's rules: it is what the table is compared
//! with.
//!
//! A user is in a room if the newest event about them is a join, and the room was not destroyed
//! since. An event that was sent and never answered 200 may have been applied or not, so either is
//! right where it would decide.

use std::collections::BTreeMap;

use chatroom_status_sync::local::im_server::WireEvent;

const JOIN: u64 = 1;
const LEAVE: u64 = 2;
const DESTROY: u64 = 3;

/// When something happened, and what: at the same millisecond the larger type counts.
type Moment = (u64, u64);

/// The newest of its kind: among all that was sent, and among what was accepted.
#[derive(Debug, Default, Clone, Copy)]
struct Newest {
    sent: Option<Moment>,
    accepted: Option<Moment>,
}

impl Newest {
    fn note(&mut self, moment: Moment, is_accepted: bool) {
        self.sent = self.sent.max(Some(moment));
        if is_accepted {
            self.accepted = self.accepted.max(Some(moment));
        }
    }
}

/// What the table should say of a user in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Present,
    Absent,
    /// What decides was never accepted.
    Unknown,
}

#[derive(Debug, Default)]
struct Member {
    join: Newest,
    leave: Newest,
}

impl Member {
    fn expected(&self, destroy: Newest) -> Expected {
        let end_accepted = self.leave.accepted.max(destroy.accepted);
        let end_sent = self.leave.sent.max(destroy.sent);
        // That nothing happened is older than everything.
        let may_be_present = self.join.sent > end_accepted;
        let must_be_present = self.join.accepted > end_sent;
        match (may_be_present, must_be_present) {
            (_, true) => Expected::Present,
            (false, false) => Expected::Absent,
            (true, false) => Expected::Unknown,
        }
    }
}

/// A room of the record.
#[derive(Debug, Default)]
pub struct Room {
    destroy: Newest,
    members: BTreeMap<String, Member>,
}

impl Room {
    /// Everybody of whom something was sent, and what the table should say of them.
    pub fn members(&self) -> impl Iterator<Item = (&str, Expected)> {
        let member = |(user, member): (_, &Member)| (user, member.expected(self.destroy));
        self.members.iter().map(|(user, member)| (user.as_str(), member)).map(member)
    }

    /// Whether anything was sent of a user.
    pub fn knows(&self, user: &str) -> bool {
        self.members.contains_key(user)
    }
}

/// All rooms of a run.
#[derive(Debug, Default)]
pub struct Record {
    rooms: BTreeMap<String, Room>,
}

impl Record {
    /// Events are about to be sent.
    pub fn sent(&mut self, events: &[WireEvent]) {
        self.note(events, false);
    }

    /// Events were answered 200.
    pub fn accepted(&mut self, events: &[WireEvent]) {
        self.note(events, true);
    }

    /// The rooms, by id.
    pub fn rooms(&self) -> impl ExactSizeIterator<Item = (&str, &Room)> {
        self.rooms.iter().map(|(id, room)| (id.as_str(), room))
    }

    fn note(&mut self, events: &[WireEvent], is_accepted: bool) {
        for event in events {
            let moment = (event.time.millis(), event.r#type);
            let room = self.rooms.entry(event.chat_room_id.clone()).or_default();
            if event.r#type == DESTROY {
                room.destroy.note(moment, is_accepted);
            }
            for user in &event.user_ids {
                match event.r#type {
                    JOIN => &mut room.members.entry(user.clone()).or_default().join,
                    LEAVE => &mut room.members.entry(user.clone()).or_default().leave,
                    _ => continue,
                }
                .note(moment, is_accepted);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chatroom_status_sync::domain::time::Timestamp;

    use super::*;

    fn event(kind: u64, millis: u64) -> WireEvent {
        let time = Timestamp::from_millis(millis).unwrap_or(Timestamp::MAX);
        WireEvent::new("r", &["u"], kind, 0, time)
    }

    /// What is expected of the one user; of each event, whether it was accepted.
    fn after(events: &[(WireEvent, bool)]) -> Option<Expected> {
        let mut record = Record::default();
        for (event, is_accepted) in events {
            let events = std::slice::from_ref(event);
            record.sent(events);
            if *is_accepted {
                record.accepted(events);
            }
        }
        let room = record.rooms().next()?.1;
        room.members().next().map(|(_, expected)| expected)
    }

    #[test]
    fn the_newest_event_decides_in_whatever_order_they_were_accepted() {
        let (join, leave) = (event(JOIN, 10), event(LEAVE, 20));
        let back = event(JOIN, 30);
        let accepted = |events: &[&WireEvent]| {
            let events: Vec<_> = events.iter().map(|&event| (event.clone(), true)).collect();
            after(&events)
        };
        assert_eq!(accepted(&[&join]), Some(Expected::Present));
        assert_eq!(accepted(&[&leave, &join]), Some(Expected::Absent));
        assert_eq!(accepted(&[&back, &leave, &join]), Some(Expected::Present));
        let destroy = event(DESTROY, 25);
        assert_eq!(accepted(&[&destroy, &join]), Some(Expected::Absent));
        assert_eq!(accepted(&[&back, &destroy]), Some(Expected::Present));
    }

    #[test]
    fn what_was_never_accepted_makes_unknown_what_it_would_decide_and_nothing_else() {
        let (join, leave) = (event(JOIN, 10), event(LEAVE, 20));
        let back = event(JOIN, 30);
        assert_eq!(after(&[(join.clone(), false)]), Some(Expected::Unknown));
        let left = [(join.clone(), true), (leave.clone(), false)];
        assert_eq!(after(&left), Some(Expected::Unknown));
        let came_back = [(join, true), (leave, false), (back, true)];
        assert_eq!(after(&came_back), Some(Expected::Present));
        let destroyed = [(event(JOIN, 10), false), (event(DESTROY, 20), true)];
        assert_eq!(after(&destroyed), Some(Expected::Absent));
    }
}
