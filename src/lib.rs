//! Receives the chatroom status callbacks of a RongCloud app and keeps a DynamoDB table that says,
//! at any moment, who is in which room.
//!
//! The sender gives five seconds, tries twice more, and then forgets the event; it promises no
//! order and no ids, and repeats itself. What makes the table right all the same is that every
//! event has a [`Version`](event::Version), that folding events takes the newest of each kind, and
//! that every write is conditional on being newer than what is stored.
//!
//! # The way of the data
//!
//! Read the modules in this order; none needs a later one to be understood.
//!
//! What a callback means. Nothing here knows HTTP, DynamoDB or a clock:
//!
//! * [`ids`] and [`time`]: app, room, user, Unix milliseconds.
//! * [`event`]: what can happen, and the number that orders it.
//! * [`keyring`]: who may sign for which app.
//! * [`callback`]: the signature. Turns what came in into something that may be read.
//! * [`parse`]: the body. Turns bytes into events, and keeps those that make no sense.
//! * [`plan`]: folds events into at most one change per member and per room.
//! * [`room`]: what a room's own item means for those who join it.
//!
//! Where it is kept:
//!
//! * [`table`]: the conditional writes that make any order end in the same items.
//! * [`message`]: what fits into a queue's message.
//! * [`dead_letters`]: what was signed but not understood.
//! * [`deferred`]: what is to be done later.
//! * [`queue`]: how both are sent.
//!
//! Who calls whom:
//!
//! * [`settings`], [`addresses`], [`connections`], [`aws`] and [`secrets`]: what a function needs
//!   before it can start.
//! * [`answer`], [`log`] and [`failure`]: what the caller hears, and what the operator reads.
//! * [`deadlines`]: how much of the sender's patience is left.
//! * [`store`]: what becomes of a verified body, all of the above in one place.
//! * [`request`] and [`receiver`]: from a request to its answer.
//! * [`worker`]: what was deferred.
//! * [`gateway`] and [`lambda`]: API Gateway's events, and the Lambda runtime around them.
//! * [`local`]: all of it on one machine, for people and for tests.

pub mod addresses;
pub mod answer;
pub mod aws;
pub mod callback;
pub mod connections;
pub mod dead_letters;
pub mod deadlines;
pub mod deferred;
pub mod event;
pub mod failure;
pub mod gateway;
pub mod ids;
pub mod keyring;
pub mod lambda;
#[cfg(feature = "cli")]
pub mod local;
pub mod log;
pub mod message;
pub mod parse;
pub mod plan;
pub mod queue;
pub mod receiver;
pub mod request;

pub mod room;
pub mod secrets;
pub mod settings;
pub mod store;
pub mod table;
pub mod time;
pub mod worker;
