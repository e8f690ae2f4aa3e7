//! Callbacks: turns a signed request into events, without HTTP or AWS.
//!
//! * `query`: reads what a query string claims.
//! * [`keyring`]: knows the App Secrets of every app.
//! * `signature`: checks a claim against them.
//! * `refusal`: names the reasons for not believing a callback.
//! * `verify`: turns an [`Unverified`] callback into a [`Verified`] one.
//! * [`body`]: turns a verified body into events, and keeps those that make no sense.
//! * [`fault`]: names the faults of single events.
//!
//! [`Unverified`] gives access to neither query string nor body. [`Unverified::verify`] is the only
//! way on, and its result [`Verified`] is the only thing that [`body::parse`] accepts: code that
//! reads an unverified body does not compile.

pub mod body;
pub mod fault;
pub mod keyring;
mod query;
mod refusal;
mod signature;
mod verify;

pub use refusal::Refusal;
pub use signature::{Freshness, sign};
pub use verify::{Unverified, Verified};
