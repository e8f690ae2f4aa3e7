//! The Lambda functions.
//!
//! * [`settings`] and [`secrets`]: read everything that a function needs before it can start.
//! * [`lambda`]: starts both functions, and tells the time that an invocation has left.
//! * [`deadlines`]: divides the time of a callback or message.
//! * [`storage`]: brings a verified body into table and queues.
//! * [`log`]: writes one line per request or message.
//! * [`receiver`]: answers a callback.
//! * [`guard`]: makes an event harmless before `lambda_http` turns it into a request.
//! * [`http`]: turns `lambda_http`'s requests into ours, and answers into its responses.
//! * [`worker`]: handles deferred messages.
//! * `reader`: answers questions about rooms and members.

pub mod deadlines;
pub mod guard;
pub mod http;
pub mod lambda;
pub mod log;
#[cfg(feature = "reader")]
pub mod reader;
pub mod receiver;
pub mod secrets;
pub mod settings;
pub mod storage;
pub mod worker;
