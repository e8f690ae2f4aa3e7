//! The sweep of a room that ended.

use super::{
    event::Version,
    ids::{RoomId, UserId},
};

/// A room whose end must still be brought to its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// The room.
    pub room: RoomId,
    /// The destroy that ended it.
    pub destroy: Version,
    /// The last member who is done already; `None` at the beginning.
    pub after: Option<UserId>,
}
