//! The names and URLs of the queues.

/// The queue of changes that are written later.
pub const DEFERRED: &str = "deferred";
/// The queue of rooms whose end is to be brought to their members.
pub const SWEEPS: &str = "sweeps";
/// The queue of content that nobody understands, and of messages that failed too often.
pub const DEAD_LETTERS: &str = "dead-letters";

/// Makes the ARN of a queue.
pub fn arn_of(queue: &str) -> String {
    format!("arn:aws:sqs:us-east-1:000000000000:{queue}")
}

/// Makes the URL of a queue at an endpoint.
pub fn url_of(endpoint: &str, queue: &str) -> String {
    format!("{endpoint}/000000000000/{queue}")
}
