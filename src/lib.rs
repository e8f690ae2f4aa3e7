//! Receives the chatroom status callbacks of a RongCloud app and keeps a DynamoDB table that says,
//! at any moment, who is in which room.
//!
//! The sender gives five seconds, tries twice more, and then forgets the event; it promises no
//! order and no ids, and repeats itself. The table is right all the same: every event has a
//! [`Version`](domain::event::Version), folding events takes the newest of each kind, and every
//! write is conditional on being newer than what is stored.
//!
//! # The rooms of this house
//!
//! Each uses only those above it in this list.
//!
//! * [`domain`]: what happens in chatrooms; no HTTP, no AWS, no clock.
//! * [`callback`]: from a signed request to events.
//! * [`wire`]: the formats that others see.
//! * [`aws`]: clients, connections and queues.
//! * [`table`]: the conditional writes that make any order end in the same items, and the reads.
//! * [`functions`]: the Lambda functions.
//! * `local`: stand-ins for the AWS services in use, for people and for tests.
//!
//! [`mod@env`] stands on the ground: it reads the environment variables of a process.
//!
//! # The way of a callback
//!
//! 1. [`functions::guard`] makes the gateway's event harmless, and `lambda_http` turns it into an
//!    HTTP request. [`functions::http`] reads our own [`Request`](wire::request::Request) from
//!    that, and [`functions::receiver`] answers it.
//! 2. [`callback::Unverified::verify`] checks the signature. Only its result can be read:
//!    [`callback::body`] turns the body into [events](domain::event::Event).
//! 3. [`domain::plan`] folds them into one change per member and per room.
//! 4. [`functions::storage`] writes the changes by [`table::apply`]. Events that nobody understands
//!    go to the dead-letter queue. Changes that the table does not confirm in time go to the
//!    deferred queue, from which [`functions::worker`] writes them later.
//! 5. The [`Answer`](wire::answer::Answer) counts what went where.

pub mod aws;
pub mod callback;
pub mod domain;
pub mod env;
pub mod functions;
#[cfg(feature = "cli")]
pub mod local;
pub mod table;
pub mod wire;
