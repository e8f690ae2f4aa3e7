//! The Lambda functions.
//!
//! * [`settings`] and [`secrets`]: what a function needs before it can start.
//! * [`lambda`]: how both functions start, and how long an invocation may run.
//! * [`deadlines`]: how the time of a request or message is divided.
//! * [`storage`]: brings a verified body into table and queues.
//! * [`log`]: writes one line per request or message.
//! * [`receiver`]: answers a callback.
//! * [`guard`]: makes an event harmless before `lambda_http` turns it into a request.
//! * [`http`]: turns `lambda_http`'s requests into ours, and answers into its responses.
//! * [`worker`]: does what was deferred.

pub mod deadlines;
pub mod guard;
pub mod http;
pub mod lambda;
pub mod log;
pub mod receiver;
pub mod secrets;
pub mod settings;
pub mod storage;
pub mod worker;
