//! The words of an SDK error, for the operator's log.

use std::error::Error;

/// Words an error and its sources in one line.
///
/// The SDK's own way of showing everything prints its `Debug` form too, with headers and body of
/// the response: a secret, or somebody's item.
///
/// ```
/// use chatroom_status_sync::aws::error::in_words;
///
/// let error = std::io::Error::other("connection refused");
/// assert_eq!(in_words(&error), "connection refused");
/// ```
pub fn in_words(error: &dyn Error) -> String {
    let mut words = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        words.push(error.to_string());
        source = error.source();
    }
    // Wrappers often say nothing but what they wrap.
    words.dedup();
    words.join(": ")
}
