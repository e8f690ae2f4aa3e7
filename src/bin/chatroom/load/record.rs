//! Records what was accepted, and tells who must be in which room by that. It knows nothing but
//! what was sent and what was answered 200, and uses none of the library's rules: the table is
//! compared with it.
//!
//! A user is in a room if the newest event about them is a join, and the room was not destroyed
//! since. An event that was sent and never answered 200 may have been applied or not, so either is
//! right where it would decide.

use std::collections::BTreeMap;

use chatroom_status_sync::{domain::event::Kind, local::im_server::WireEvent};

/// The time and the type of an event: at the same millisecond the larger type counts.
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

/// The state of a user in a room, as the table should have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Present,
    Absent,
    /// The event that decides was never accepted.
    Unknown,
}

/// The record of a user in a room.
#[derive(Debug, Default)]
struct Membership {
    join: Newest,
    leave: Newest,
}

/// The record of a room.
#[derive(Debug, Default)]
pub struct RecordedRoom {
    destroy: Newest,
    users: BTreeMap<String, Membership>,
}

impl RecordedRoom {
    /// Gives everybody of whom something was sent.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(String::as_str)
    }

    /// Gives what the table should say of a user; `None` if nothing was sent of them.
    pub fn expected(&self, user: &str) -> Option<Expected> {
        let Membership { join, leave } = self.users.get(user)?;
        let end_accepted = leave.accepted.max(self.destroy.accepted);
        let end_sent = leave.sent.max(self.destroy.sent);
        // That nothing happened is older than everything.
        let may_be_present = join.sent > end_accepted;
        let must_be_present = join.accepted > end_sent;
        Some(match (may_be_present, must_be_present) {
            (_, true) => Expected::Present,
            (false, false) => Expected::Absent,
            (true, false) => Expected::Unknown,
        })
    }

    fn user(&mut self, id: &str) -> &mut Membership {
        self.users.entry(id.to_owned()).or_default()
    }
}

/// All rooms of a run, by id.
#[derive(Debug, Default)]
pub struct Record {
    pub rooms: BTreeMap<String, RecordedRoom>,
}

impl Record {
    /// Notes events that were sent, and whether they were answered 200.
    pub fn add(&mut self, events: &[WireEvent], is_accepted: bool) {
        for event in events {
            let moment = (event.time.millis(), event.r#type);
            let room = self.rooms.entry(event.chat_room_id.clone()).or_default();
            let note = |newest: &mut Newest| newest.note(moment, is_accepted);
            let users = event.user_ids.iter();
            match Kind::from_type(event.r#type) {
                Some(Kind::Destroy) => note(&mut room.destroy),
                Some(Kind::Join) => users.for_each(|user| note(&mut room.user(user).join)),
                Some(Kind::Leave) => users.for_each(|user| note(&mut room.user(user).leave)),
                Some(Kind::Create) | None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use Expected::{Absent, Present, Unknown};
    use Kind::{Destroy, Join, Leave};
    use chatroom_status_sync::domain::time::Timestamp;

    use super::*;

    fn sent(kind: Kind, millis: u64) -> (WireEvent, bool) {
        let time = Timestamp::from_millis(millis).unwrap_or(Timestamp::MAX);
        (WireEvent::new("r", &["u"], kind.number(), 0, time), false)
    }

    fn accepted(kind: Kind, millis: u64) -> (WireEvent, bool) {
        (sent(kind, millis).0, true)
    }

    /// Gives what is expected of the one user.
    fn after<const N: usize>(events: [(WireEvent, bool); N]) -> Option<Expected> {
        let mut record = Record::default();
        for (event, is_accepted) in events {
            record.add(&[event], is_accepted);
        }
        record.rooms.get("r")?.expected("u")
    }

    #[test]
    fn the_newest_event_decides_in_whatever_order_they_were_accepted() {
        let (join, leave, back) = (accepted(Join, 10), accepted(Leave, 20), accepted(Join, 30));
        let destroy = accepted(Destroy, 25);
        assert_eq!(after([join.clone()]), Some(Present));
        assert_eq!(after([leave.clone(), join.clone()]), Some(Absent));
        assert_eq!(after([back.clone(), leave, join.clone()]), Some(Present));
        assert_eq!(after([destroy.clone(), join]), Some(Absent));
        assert_eq!(after([back, destroy]), Some(Present));
    }

    #[test]
    fn what_was_never_accepted_makes_unknown_what_it_would_decide_and_nothing_else() {
        let (join, leave) = (accepted(Join, 10), sent(Leave, 20));
        assert_eq!(after([sent(Join, 10)]), Some(Unknown));
        assert_eq!(after([join.clone(), leave.clone()]), Some(Unknown));
        assert_eq!(after([join, leave, accepted(Join, 30)]), Some(Present));
        assert_eq!(after([sent(Join, 10), accepted(Destroy, 20)]), Some(Absent));
    }
}
