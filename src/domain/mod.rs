//! Chatrooms and what happens in them, without HTTP, AWS or a clock.
//!
//! * [`ids`]: app, room and user.
//! * [`time`]: Unix milliseconds.
//! * [`event`]: what can happen, and the [`Version`](event::Version) that orders it.
//! * [`plan`]: folds events into at most one change per member and per room.
//! * [`room_state`]: decides what a room's item means for the members who join it.
//! * [`sweep`]: names a room whose end must be brought to its members.

pub mod event;
pub mod ids;
pub mod plan;
pub mod room_state;
pub mod sweep;
pub mod time;
