//! The names and URLs of the queues.

/// The queue of work for the worker.
pub const DEFERRED: &str = "deferred";
/// The queue of content that nobody understands, and of messages that failed too often.
pub const DEAD_LETTERS: &str = "dead-letters";

/// Makes the URL of a queue at an endpoint.
pub fn url_of(endpoint: &str, queue: &str) -> String {
    format!("{endpoint}/000000000000/{queue}")
}
