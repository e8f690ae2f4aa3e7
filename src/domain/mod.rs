//! Chatrooms and what happens in them, without HTTP, AWS or a clock.
//!
//! * [`ids`]: app, room and user.
//! * [`time`]: Unix milliseconds.
//! * [`event`]: the four kinds of events, and the [`Version`](event::Version) that orders them.
//! * [`plan`]: folds events into at most one change per member and per room.
//! * [`room_state`]: decides what a room's item means for the members who join it.
//! * [`sweep`]: names a destroyed room whose members' own items do not say so yet.

pub mod event;
pub mod ids;
pub mod plan;
pub mod room_state;
pub mod sweep;
pub mod time;
