//! Attempts at one request. The SDK would treat those of a callback and those of the worker alike:
//!
//! * **A callback** repeats no request that is throttled: a partition that is full has no use for
//!   more of them.
//! * **The worker** sends to each partition at its [pace](super::pace), and sends what is throttled
//!   again at that pace.
//!
//! Whatever fails otherwise is repeated, as long as there is [`Patience`](super::patience::Patience).

use std::{error::Error, time::Duration};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use tokio::time::{Instant, sleep, timeout};

use super::{Table, pace::Pace, patience::Effort, unconfirmed::Unconfirmed};

/// The number of time-outs after which a callback gives a request up.
const BRIEF_TIME_OUTS: u32 = 2;
/// The longest pause before the second attempt is twice this, and three times before the third.
const PAUSE: Duration = Duration::from_millis(50);
/// The codes by which DynamoDB says that a table or a partition takes no more at the moment.
pub(super) const THROTTLED: [&str; 3] =
    ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"];

/// A request that has no result.
pub(super) enum RequestError<E> {
    /// The table answered, and refused the request as such.
    Refused(Box<SdkError<E>>),
    /// Every attempt failed, or the table takes no more at the moment.
    Unconfirmed(Unconfirmed),
}

impl Table {
    /// Sends a request until the table answers it, three times at most. A patient function sends
    /// what is throttled again and again.
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
        // What was begun with some patience is not cut short by the first time-out: the next attempt
        // opens a connection.
        let least = self.patience.limit(self.effort);
        let mut attempt = 1;
        loop {
            let why = match self.attempt_at(pace, least, send()).await {
                Ok(result) => {
                    return result.map_err(|error| RequestError::Refused(Box::new(error)));
                }
                Err(why) => why,
            };
            match (&why, self.effort) {
                (Unconfirmed::Throttled(_), Effort::Patient) => {}
                (Unconfirmed::Throttled(_), _) => return Err(RequestError::Unconfirmed(why)),
                (Unconfirmed::Silent, Effort::Brief) if attempt >= BRIEF_TIME_OUTS => {
                    return Err(RequestError::Unconfirmed(why));
                }
                _ if attempt >= most => return Err(RequestError::Unconfirmed(why)),
                _ => attempt += 1,
            }
            sleep((PAUSE * attempt).mul_f32(fastrand::f32())).await;
        }
    }

    /// Sends a request once, when its partition's pace allows it and not too many are under way.
    async fn attempt_at<T, E>(
        &self,
        pace: Option<&Pace>,
        least: Duration,
        sent: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<Result<T, SdkError<E>>, Unconfirmed>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        if let Some(pace) = pace {
            // First the turn, so that nobody who waits for one partition keeps others from theirs.
            pace.wait().await;
        }
        let _permit = match self.effort {
            Effort::Brief => None,
            Effort::Patient => self.permits.acquire().await.ok(),
        };
        let begun = Instant::now();
        let result = self.attempt(self.patience.limit(self.effort).max(least), sent).await;
        if let (Some(pace), Err(why)) = (pace, &result)
            && why.is_of_partition()
        {
            pace.fall(begun);
        }
        result
    }

    /// Sends a request once. Gives the table's answer, or why there is none.
    async fn attempt<T, E>(
        &self,
        limit: Duration,
        sent: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<Result<T, SdkError<E>>, Unconfirmed>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let begun = Instant::now();
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
