//! The parts that tests are made of.

mod answers;
mod deployments;
mod fixtures;
mod queues;
mod rows;
mod sending;

/// The real binaries in front of a deployment.
pub mod functions;
/// Events as gateways hand them on.
pub mod gateways;
/// Histories that are nasty on purpose.
pub mod history;
/// A meter for what requests consume.
pub mod meter;
/// The table that events must end in.
pub mod oracle;
/// Lambda's Runtime API.
pub mod runtime_api;

pub use answers::*;
pub use deployments::*;
pub use fixtures::*;
pub use queues::*;
pub use rows::*;
pub use sending::*;
