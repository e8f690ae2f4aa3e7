//! The reasons why a request to the stream has no result.

use crate::table::read::error::ReadError;

/// The reason why a request to the stream has no result.
#[derive(Debug)]
pub enum Fault {
    /// The iterator is too old; the place in the shard is not.
    Expired,
    /// The stream no longer has the records after the place.
    Trimmed,
    /// The stream no longer has the shard, or is no more.
    Gone,
    /// Later the request may succeed.
    Later(ReadError),
    /// The request is refused.
    Refused(ReadError),
}
