//! The formats that others see: requests, answers, and the messages of both queues.
//!
//! * [`request`]: one HTTP request, without the parts that no answer depends on.
//! * [`answer`]: the answer that the caller hears.
//! * [`limits`]: the limits of SQS for messages.
//! * [`deferred`]: messages that give work to the worker.
//! * [`packing`]: packs events into as few of them as hold all.
//! * [`dead_letters`]: messages that keep signed content which nobody understands.
//! * [`sqs`]: the event in which Lambda hands messages to the worker, and the response.

pub mod answer;
pub mod dead_letters;
pub mod deferred;
pub mod limits;
pub mod packing;
pub mod request;
pub mod sqs;
