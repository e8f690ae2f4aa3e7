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
//! * `local`: stand-ins for all of AWS that is used, for people and for tests.
//!
//! [`mod@env`] stands on the ground: environment variables, for [`aws`] and [`functions`].
//!
//! # The way of a callback
//!
//! 1. [`functions::guard`] makes the gateway's event harmless, `lambda_http` an HTTP request of it,
//!    [`functions::http`] our own [`Request`](wire::request::Request), and [`functions::receiver`]
//!    takes it from there to its answer.
//! 2. [`callback::Unverified::verify`] checks the signature. Only what it gives back can be read:
//!    [`callback::body`] turns the body into [events](domain::event::Event).
//! 3. [`domain::plan`] folds them into one change per member and per room.
//! 4. [`functions::storage`] brings the changes into the table by [`table::apply`], what nobody
//!    understands into the dead-letter queue, and what the table did not confirm in time into the
//!    deferred queue, from where [`functions::worker`] brings it into the table.
//! 5. The [`Answer`](wire::answer::Answer) says how much of it is where.

pub mod aws;
pub mod callback;
pub mod domain;
pub mod env;
pub mod functions;
#[cfg(feature = "cli")]
pub mod local;
pub mod table;
pub mod wire;
