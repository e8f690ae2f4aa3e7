//! The formats that others see: requests, answers, and the messages of both queues.
//!
//! * [`request`]: one HTTP request, as far as it matters.
//! * [`answer`]: what the caller hears.
//! * [`limits`]: what fits into a message of a queue.
//! * [`deferred`]: what the worker is to do later.
//! * [`dead_letters`]: what was signed and cannot be understood.
//! * [`sqs`]: how Lambda hands messages to the worker.

pub mod answer;
pub mod dead_letters;
pub mod deferred;
pub mod limits;
pub mod request;
pub mod sqs;
