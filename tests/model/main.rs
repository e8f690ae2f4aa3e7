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
//! The tests are in [`holds`]; in [`lost`], where sweeps never come to their end; and in [`refuted`],
//! where a rule is left out.
//!
//! Time is modelled as order: a sweep starts once no handler is left that found the room before the
//! sweep was queued. In the code, `SWEEP_DELAY_SECONDS` sees to that: it must be more than the
//! longest age of a cached room and the longest time-out of a function together.
//!
//! Ten minutes are order, too. A callback that comes ten minutes later takes every end of the room
//! for overdue; by then all others are handled, but their sweeps may still be under way. The others
//! take none for overdue, unless the whole history is told late, when everybody takes every end for
//! overdue at once. So both extremes are checked.
//!
//! Items do not vanish here. Instead it is checked that whenever the room's item has an expiry,
//! nobody would be back if it vanished at that moment.
//!
//! Left out is the claim on a room (`update::claim`). A sweep that finds one steps back, which is to
//! start later, and any sweep here may start as late as it likes. So nothing rests on the claim.
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
mod lost;
mod refuted;
