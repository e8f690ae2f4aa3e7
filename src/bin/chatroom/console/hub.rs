//! The hub: tells open pages which of their parts are no longer what they show.

use std::time::Duration;

use futures_util::{Stream, stream};
use tokio::{sync::watch, time::sleep};

/// The least time between two words to a page, however much happens.
const PACE: Duration = Duration::from_millis(300);

/// A part of the page that changes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Callbacks,
    Changes,
    Rooms,
    Detail,
    Queues,
}

impl Part {
    pub const ALL: [Self; 5] =
        [Self::Callbacks, Self::Changes, Self::Rooms, Self::Detail, Self::Queues];

    /// Gives the name by which the page and its script know the part.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Callbacks => "callbacks",
            Self::Changes => "changes",
            Self::Rooms => "rooms",
            Self::Detail => "detail",
            Self::Queues => "queues",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// The number of changes of each part.
type Revisions = [u64; Part::ALL.len()];

/// The place where changes are told, and heard. It keeps only the number of changes, so that a page
/// that hears slowly costs nothing.
#[derive(Default)]
pub struct Hub(watch::Sender<Revisions>);

impl Hub {
    pub fn changed(&self, part: Part) {
        self.0.send_modify(|revisions| revisions[part as usize] += 1);
    }

    /// Tells whether a page is open.
    pub fn is_watched(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Gives the parts that have changed, each time that some have.
    pub fn follow(&self) -> impl Stream<Item = Vec<Part>> + use<> {
        let receiver = self.0.subscribe();
        let seen = *receiver.borrow();
        stream::unfold((receiver, seen, Duration::ZERO), async |(mut receiver, seen, pause)| {
            sleep(pause).await;
            receiver.changed().await.ok()?;
            let now = *receiver.borrow_and_update();
            let is_news = |part: &Part| now[*part as usize] != seen[*part as usize];
            let parts = Part::ALL.into_iter().filter(is_news).collect();
            Some((parts, (receiver, now, PACE)))
        })
    }
}
