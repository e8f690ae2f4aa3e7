//! What a warm function remembers of the room: `table::memory`.

use chatroom_status_sync::domain::room_state::RoomState;

use crate::{
    protocol::{Protocol, State},
    rules::Rule,
    table::Seen,
};

/// The memory of a warm function: `table::memory::Memory`, of one room. There is one such memory,
/// which any handler may have at hand or not: one that looks for itself runs in a cold function. It
/// may expire at any time; see `Protocol::is_due` for the latest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Memory {
    pub sight: Seen,
    /// As for [`Delivery::blocks`](crate::delivery::Delivery::blocks).
    pub blocks: u8,
}

impl Protocol {
    /// What a request said about the room is remembered, and counts from when it was asked.
    pub fn remember(&self, state: &mut State, at: usize) {
        if self.keeps(Rule::MemoriesAreDatedByTheirRequest) {
            let blocks = state.deliveries[at].blocks;
            self.note(state, state.deliveries[at].sight, blocks);
        }
    }

    /// `Memory::note`. A full memory stays as it is: whatever it could be replaced with, it also
    /// can once it has expired, which may happen at any time.
    pub fn note(&self, state: &mut State, seen: Option<Seen>, blocks: u8) {
        let seen = seen.filter(|seen| seen.0.active);
        if let (Some(Seen(sight)), None) = (seen, &state.memory) {
            let destroyed = sight.destroyed.filter(|_| self.keeps(Rule::MemoriesKeepTheDestroy));
            let sight = Seen(RoomState { destroyed, ..sight });
            state.memory = Some(Memory { sight, blocks });
        }
    }
}
