//! The deadlines of a callback and of a message, with all margins.
//!
//! The sender hangs up five seconds after API Gateway took the request. The table gets its part of
//! them first. After that, changes that it has not confirmed still have to reach a queue, and the
//! answer has to reach the sender. The worker divides the time of its invocation in the same way.

use std::{ops::RangeInclusive, time::Duration};

use tokio::time::Instant;

/// The time from the moment that API Gateway took the request to the latest answer.
const ANSWER: Duration = Duration::from_millis(4300);
/// The time that is kept for one last request to a queue, or for the answer.
const LAST_REQUEST: Duration = Duration::from_millis(300);
/// The time that the worker keeps for queueing what is left of a message.
const QUEUEING: Duration = Duration::from_secs(1);
/// The time that a sweep keeps for queueing its rest.
const SWEEP_QUEUEING: Duration = Duration::from_secs(4);
/// The least time that a request has whose table's time was over when it arrived.
const LATE: Duration = Duration::from_millis(200);
/// The number of changes for which a queue needs a millisecond more.
const CHANGES_PER_MILLI: usize = 20;

/// The range of the table's budget, in milliseconds. The largest leaves a queue its time.
pub const BUDGET_MS: RangeInclusive<u64> = 100..=4000;
/// The longest time of an invocation: API Gateway waits no longer for `callback`, and the template
/// gives the worker as much.
pub const LONGEST_INVOCATION: Duration = Duration::from_secs(30);

/// The moments at which a callback or a message gives up waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// The end of the table's time. Changes that it has not confirmed by then are deferred.
    pub table: Instant,
    /// The end of the queues' time. Content that no queue has confirmed by then is not stored.
    pub queues: Instant,
    /// The last moment for a request that nothing depends on.
    pub end: Instant,
    /// True if the table's time was over when the callback arrived. Its changes are written all the
    /// same, and queued beside that, so that one of both is enough.
    pub is_late: bool,
}

impl Deadlines {
    /// Divides the time of a callback that had `waited` already when it arrived at `now`. The table
    /// has a `budget`, counted from the callback's beginning. The platform ends the function after
    /// `limit`, if there is one.
    ///
    /// If the sender has hung up already, nobody waits for the answer, but this may have been its
    /// last try: the callback gets the whole time as if it had not waited.
    ///
    /// ```
    /// use std::time::Duration;
    /// use chatroom_status_sync::functions::deadlines::Deadlines;
    /// use tokio::time::Instant;
    ///
    /// let (now, [budget, waited]) = (Instant::now(), [3500, 1000].map(Duration::from_millis));
    /// let deadlines = Deadlines::of_callback(now, budget, waited, None);
    /// assert_eq!(deadlines.table - now, Duration::from_millis(2500));
    /// assert_eq!(deadlines.queues - now, Duration::from_millis(3300));
    /// ```
    pub fn of_callback(
        now: Instant,
        budget: Duration,
        waited: Duration,
        limit: Option<Duration>,
    ) -> Self {
        // A test may have a larger budget than any setting allows.
        let answer = ANSWER.max(budget + LAST_REQUEST);
        let counted = if waited < answer { waited } else { Duration::ZERO };
        let is_late = counted >= budget;
        let for_answer = answer.saturating_sub(counted).max(LATE);
        let for_all =
            limit.map_or(for_answer, |limit| for_answer.min(limit.saturating_sub(LAST_REQUEST)));
        let for_table = if is_late {
            for_all
        } else {
            budget.saturating_sub(counted).min(for_all.saturating_sub(LAST_REQUEST))
        };
        let end = now + for_all;
        Self { table: now + for_table, queues: end, end, is_late }
    }

    /// Leaves the queues more of the time, because so many changes may have to be queued.
    pub fn reserving(self, changes: usize) -> Self {
        if self.is_late {
            return self;
        }
        let more = u64::try_from(changes / CHANGES_PER_MILLI).unwrap_or(u64::MAX);
        let table = before(self.queues, LAST_REQUEST + Duration::from_millis(more));
        Self { table: self.table.min(table), ..self }
    }

    /// Divides the time of a message, in an invocation that the platform ends at `killed`.
    pub fn of_message(killed: Instant) -> Self {
        let end = before(killed, LAST_REQUEST);
        let queues = before(end, LAST_REQUEST);
        Self { table: before(end, QUEUEING), queues, end, is_late: false }
    }

    /// Gives the moment at which a sweep stops.
    pub fn sweep(self) -> Instant {
        before(self.queues, SWEEP_QUEUEING)
    }
}

/// Gives the moment that lies `time` before another; that one itself if the clock does not reach
/// back so far.
fn before(moment: Instant, time: Duration) -> Instant {
    moment.checked_sub(time).unwrap_or(moment)
}
