//! Attempts at one request: the time that each may take, and the number of them.
//!
//! They differ for callbacks and for the worker, which the SDK's own retries do not know:
//!
//! * **A callback** holds a function while it waits, and an account has only so many. A request that
//!   is throttled is not repeated: a partition that is full has no use for more requests. After a
//!   time-out, requests are tried once and [briefly](BRIEF), until the table answers again.
//! * **The worker** has time. It sends to each partition at its [pace](super::pace), and what is
//!   throttled is sent again at that pace. After a time-out it waits longer and longer for an answer,
//!   so that even a very slow table makes progress.

use std::{
    error::Error,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use tokio::time::{Instant, sleep, timeout};

use super::{Table, pace::Pace, write::Unconfirmed};
use crate::aws::moment::Moment;

/// The number of attempts at a request, the first included.
const ATTEMPTS: u32 = 3;
/// The limit for an attempt of a callback while the table is known to be silent.
const BRIEF: Duration = Duration::from_millis(300);
/// The time for which a silent table is not given more than that.
const SILENT: Duration = Duration::from_secs(10);
/// The longest limit for an attempt of the worker.
const LONGEST: Duration = Duration::from_secs(8);
/// The longest pause before the second attempt; it doubles for the third.
const PAUSE: Duration = Duration::from_millis(50);
/// The codes by which DynamoDB says that a table or a partition takes no more at the moment.
const THROTTLED: [&str; 3] =
    ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"];

/// The patience of a function with the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// A sender waits for the answer, and what is not written at once can be deferred.
    Brief,
    /// Nobody waits: requests are paced, and get as much time as they need.
    Patient,
}

/// The experience of a process with the table's answers.
#[derive(Debug)]
pub(super) struct Patience {
    /// The limit for an attempt as long as the table answers.
    usual: Duration,
    seen: Mutex<Experience>,
}

#[derive(Debug)]
struct Experience {
    /// The time of the first time-out since the last answer.
    silent_since: Option<Moment>,
    /// The worker's limit.
    patient_limit: Duration,
}

/// A request that has no result.
pub(super) enum RequestError<E> {
    /// The table answered, and refused the request as such.
    Refused(SdkError<E>),
    /// Every attempt failed, or the table takes no more at the moment.
    Unconfirmed(Unconfirmed),
}

impl Table {
    /// Sends a request until the table answers it, three times at most. Where there is a pace, what
    /// is throttled is sent again and again.
    pub(super) async fn request<T, E, F>(
        &self,
        pace: Option<&Pace>,
        send: impl Fn() -> F,
    ) -> Result<T, RequestError<E>>
    where
        F: Future<Output = Result<T, SdkError<E>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let most = self.patience.attempts(self.effort);
        let mut attempt = 1;
        loop {
            let why = match self.attempt_at(pace, send()).await {
                Ok(result) => return result.map_err(RequestError::Refused),
                Err(why) => why,
            };
            let is_throttled = matches!(why, Unconfirmed::Throttled(_));
            if is_throttled && pace.is_some() {
                continue;
            }
            if is_throttled || attempt >= most {
                return Err(RequestError::Unconfirmed(why));
            }
            sleep((PAUSE * attempt).mul_f32(fastrand::f32())).await;
            attempt += 1;
        }
    }

    /// Sends a request once, when its partition's pace allows it and not too many are under way.
    async fn attempt_at<T, E>(
        &self,
        pace: Option<&Pace>,
        sent: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<Result<T, SdkError<E>>, Unconfirmed>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let Some(pace) = pace else { return self.attempt(sent).await };
        let _permit = self.permits.acquire().await;
        let begun = pace.wait().await;
        let result = self.attempt(sent).await;
        if result.as_ref().is_err_and(Unconfirmed::is_of_partition) {
            pace.fall(begun);
        }
        result
    }

    /// Sends a request once. Gives the table's answer, or why there is none.
    async fn attempt<T, E>(
        &self,
        sent: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<Result<T, SdkError<E>>, Unconfirmed>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (limit, begun) = (self.patience.limit(self.effort), Instant::now());
        let Ok(result) = timeout(limit, sent).await else {
            self.patience.timed_out(limit);
            return Err(Unconfirmed::Silent);
        };
        let Err(error) = result else {
            self.patience.answered(begun.elapsed());
            return Ok(result);
        };
        let Some(refusal) = error.as_service_error() else {
            return Err(Unconfirmed::failed(&error));
        };
        let is_throttled = refusal.code().is_some_and(|code| THROTTLED.contains(&code));
        let is_broken =
            error.raw_response().is_some_and(|response| response.status().is_server_error());
        if is_broken && !is_throttled {
            return Err(Unconfirmed::failed(&error));
        }
        self.patience.answered(begun.elapsed());
        if is_throttled { Err(Unconfirmed::throttled(&error)) } else { Ok(Err(error)) }
    }
}

impl<E: Error + 'static> RequestError<E> {
    /// Gives the refusal, if the table answered.
    pub fn as_refusal(&self) -> Option<&E> {
        match self {
            Self::Refused(error) => error.as_service_error(),
            Self::Unconfirmed(_) => None,
        }
    }
}

impl<E: Error + 'static> From<RequestError<E>> for Unconfirmed {
    fn from(error: RequestError<E>) -> Self {
        match error {
            RequestError::Refused(error) => Self::failed(&error),
            RequestError::Unconfirmed(why) => why,
        }
    }
}

impl Patience {
    pub const fn new(usual: Duration) -> Self {
        let seen = Experience { silent_since: None, patient_limit: usual };
        Self { usual, seen: Mutex::new(seen) }
    }

    fn attempts(&self, effort: Effort) -> u32 {
        if effort == Effort::Brief && self.seen().is_silent() { 1 } else { ATTEMPTS }
    }

    fn limit(&self, effort: Effort) -> Duration {
        let seen = self.seen();
        match effort {
            Effort::Patient => seen.patient_limit,
            Effort::Brief if seen.is_silent() => BRIEF.min(self.usual),
            Effort::Brief => self.usual,
        }
    }

    fn answered(&self, time: Duration) {
        let mut seen = self.seen();
        seen.silent_since = None;
        // One quick answer does not make a slow table fast.
        let limit = (time * 2).max(seen.patient_limit.mul_f32(0.9)).min(LONGEST);
        seen.patient_limit = limit.max(self.usual);
    }

    /// Notes that an attempt was not answered within its `limit`.
    pub fn timed_out(&self, limit: Duration) {
        let mut seen = self.seen();
        if !seen.is_silent() {
            seen.silent_since = Some(Moment::now());
        }
        let longer = (limit * 2).min(LONGEST);
        seen.patient_limit = seen.patient_limit.max(longer);
    }

    fn seen(&self) -> MutexGuard<'_, Experience> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Experience {
    fn is_silent(&self) -> bool {
        self.silent_since.is_some_and(|since| since.is_younger_than(SILENT))
    }
}
