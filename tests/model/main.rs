//! A model checker's proof that a destroy reaches the members of its room, and only those, whatever
//! else happens at the same time, and whatever is done in another order, twice, or in part.
//!
//! The checker takes every path through a small history. The decisions on it are the library's own
//! (`Version`, `Plan`, `Facts`, `RoomState`); everything around them is modelled, and names the
//! function that it stands for:
//!
//! * [`history`], [`every`]: events, and the callbacks that tell them.
//! * [`oracle`]: the table as it must be in the end.
//! * [`table`]: the items, and the requests that write them.
//! * [`delivery`], [`handle`]: the handling of a callback, request by request.
//! * [`room_cache`]: the room cache of warm functions.
//! * [`sweep`]: the sweep of a room, and how long it waits.
//! * [`protocol`]: all of it at once, and the properties that are checked.
//! * [`rules`]: the rules that the proof rests on.
//!
//! The tests are in [`holds`], and in [`refuted`], where a rule is left out.
//!
//! Time is modelled as order: a sweep starts once no handler is left that found the room before the
//! sweep was queued. In the code, `SWEEP_DELAY_SECONDS` sees to that: it must be more than the
//! longest age of a cached room and the longest time-out of a function together. Items do not
//! expire here.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod delivery;
mod every;
mod handle;
mod history;
mod oracle;
mod protocol;
mod room_cache;
mod rules;
mod support;
mod sweep;
mod table;

mod holds;
mod refuted;
