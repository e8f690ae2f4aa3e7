//! How long a request may take.
//!
//! The sender hangs up five seconds after API Gateway took the request. Within them the table gets
//! its time first; what it has not confirmed by then still has to reach the queue, and the answer
//! the sender.

use std::time::Duration;

/// The answer leaves this long after API Gateway took the request, at the latest.
const ANSWER: Duration = Duration::from_millis(4300);
/// What the queue gets of it at least.
const QUEUE: Duration = Duration::from_millis(300);
/// The largest budget for the table, in milliseconds, that leaves the queue its time.
pub const MOST_BUDGET_MS: u64 = 4000;

/// What is left, counted from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLeft {
    /// Until the table must have confirmed.
    pub for_table: Duration,
    /// Until queues must have, too, and the answer leaves.
    pub for_queues: Duration,
}

impl TimeLeft {
    /// For a request that has waited already, with `budget` from its beginning for the table, in a
    /// function that may itself run for `limit`.
    ///
    /// Where the sender has hung up already, nobody waits for the answer, but this may have been
    /// its last try: then the whole time is there again.
    ///
    /// ```
    /// use std::time::Duration;
    /// use chatroom_status_sync::functions::deadlines::TimeLeft;
    ///
    /// let [budget, waited] = [3500, 1000].map(Duration::from_millis);
    /// let left = TimeLeft::of(budget, waited, None);
    /// assert_eq!(left.for_table, Duration::from_millis(2500));
    /// assert_eq!(left.for_queues, Duration::from_millis(3300));
    /// ```
    pub fn of(budget: Duration, waited: Duration, limit: Option<Duration>) -> Self {
        let answer = ANSWER.max(budget + QUEUE);
        let waited = if waited < answer { waited } else { Duration::ZERO };
        let for_queues = answer.saturating_sub(waited);
        let for_queues = limit.map_or(for_queues, |limit| limit.min(for_queues));
        let for_table = budget.saturating_sub(waited);
        Self { for_table: for_table.min(for_queues.saturating_sub(QUEUE)), for_queues }
    }
}
