//! The parts that tests are made of.

mod answers;
mod deployments;
mod fixtures;
mod queues;
mod rows;
mod sending;

/// The real binaries of the functions, in front of a deployment.
pub mod functions;
/// The gateways of AWS, and the events that they make of requests.
pub mod gateways;
/// Histories made at random, full of ties, repeats and late events.
pub mod history;
/// A meter for the units that requests consume.
pub mod meter;
/// The table that events must end in.
pub mod oracle;
/// The real `chatroom serve`.
pub mod served;

pub use answers::*;
pub use deployments::*;
pub use fixtures::*;
pub use queues::*;
pub use rows::*;
pub use sending::*;
