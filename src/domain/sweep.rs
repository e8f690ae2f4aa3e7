//! The sweep of a destroyed room.

use super::{
    event::Version,
    ids::{RoomId, UserId},
};

/// A destroyed room whose end is still to be written into its members' own items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// The room.
    pub room: RoomId,
    /// The destroy that ended it.
    pub destroy: Version,
    /// The last member, by user id, whose item is done; `None` at the beginning.
    pub after: Option<UserId>,
}
