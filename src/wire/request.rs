//! One HTTP request, without the parts that no answer depends on.

use std::net::IpAddr;

use crate::{callback::Unverified, domain::time::Timestamp};

/// One HTTP request, as the gateway took it.
pub struct Request {
    /// The gateway's id of the request, or Lambda's behind a load balancer. It is for the log.
    pub id: String,
    /// The time at which the gateway took it. From here on the sender's patience is counted.
    pub accepted: Timestamp,
    /// The time at which this function got it.
    pub received: Timestamp,
    /// The address that it comes from; `None` if the gateway does not say.
    pub source: Option<IpAddr>,
    /// Query string and body.
    pub callback: Unverified,
}
