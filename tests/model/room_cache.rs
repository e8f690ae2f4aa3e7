//! The room cache of warm functions: `table::room_cache`.

use chatroom_status_sync::domain::room_state::RoomState;

use crate::{
    protocol::{Protocol, State},
    rules::Rule,
    table::Found,
};

/// The room in the cache of a warm function: `table::room_cache::RoomCache`. There is one such
/// cache. Any handler may use it, or read the room itself, as it would in a cold function. The
/// entry may expire at any time; `Protocol::is_due` gives the latest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CachedRoom {
    pub room_state: Found,
    /// The sweeps that were queued since, as in
    /// [`Delivery::blocks`](crate::delivery::Delivery::blocks).
    pub blocks: u8,
}

impl Protocol {
    /// Notes the room as a request found it. The entry's age counts from the sending of the
    /// request.
    pub fn note_answer(&self, state: &mut State, at: usize) {
        if self.keeps(Rule::CachedRoomsAreDatedByTheirRequest) {
            let blocks = state.deliveries[at].blocks;
            self.note(state, state.deliveries[at].room_state, blocks);
        }
    }

    /// `RoomCache::note`. An entry is never replaced here: it may expire at any time, and a new one
    /// can be noted then.
    pub fn note(&self, state: &mut State, found: Option<Found>, blocks: u8) {
        let active = found.filter(|found| found.0.active);
        if let (Some(Found(room_state)), None) = (active, &state.cached) {
            let destroyed =
                room_state.destroyed.filter(|_| self.keeps(Rule::CachedRoomsKeepTheDestroy));
            let room_state = Found(RoomState { destroyed, unswept: false, ..room_state });
            state.cached = Some(CachedRoom { room_state, blocks });
        }
    }
}
