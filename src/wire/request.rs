//! One HTTP request, as far as it matters: what stands between the gateway and the receiver.

use std::net::IpAddr;

use crate::{callback::Unverified, domain::time::Timestamp};

/// One HTTP request.
pub struct Request {
    /// The gateway's id, for the log.
    pub id: String,
    /// When the gateway took it: from here on the sender's patience is counted.
    pub accepted: Timestamp,
    /// When this function got it.
    pub received: Timestamp,
    /// Where it comes from; `None` if the gateway does not say.
    pub source: Option<IpAddr>,
    /// Query string and body.
    pub callback: Unverified,
}
