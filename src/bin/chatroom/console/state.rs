//! The state of a console: what it reads, remembers and can send.

use std::sync::Arc;

use chatroom_status_sync::local::api_gateway::ObservedCallback;

use super::{
    changes::ChangeFeed,
    depths::QueueWatch,
    feed::Feed,
    hub::{Hub, Part},
    reading::Reading,
    record::CallbackRecord,
    sending::Resender,
    sizes::Sizes,
};

/// The state that all requests share.
pub struct Console {
    pub reading: Reading,
    pub hub: Hub,
    pub sizes: Sizes,
    /// Callbacks, where they come in here.
    pub traffic: Option<Traffic>,
    /// Changes of the table, where callbacks come in elsewhere.
    pub changes: Option<ChangeFeed>,
    /// The queues, where they are known.
    pub queues: Option<QueueWatch>,
}

/// The callbacks that come in, and the way to send more.
pub struct Traffic {
    pub feed: Feed,
    pub resender: Resender,
}

impl Traffic {
    /// Finds the callback of the number that a form or a query string gives.
    pub fn numbered(&self, form: &[u8]) -> Option<Arc<CallbackRecord>> {
        let number = form_urlencoded::parse(form).find(|(name, _)| name == "number");
        let number = number?.1.parse().ok();
        self.feed.find(|record| Some(record.number) == number)
    }
}

impl Console {
    /// Takes note of a callback.
    pub fn observe(&self, observed: &ObservedCallback<'_>) {
        let Some(traffic) = &self.traffic else { return };
        traffic.feed.add(observed);
        self.hub.changed(Part::Callbacks);
        self.hub.changed(Part::Detail);
        if self.hub.is_watched() {
            self.sizes.ring();
        }
    }
}
