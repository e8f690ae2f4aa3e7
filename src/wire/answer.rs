//! The answer that the caller hears: short, and without internals.

use serde::Serialize;

use crate::callback::Refusal;

/// The numbers of a callback's changes and events, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Changes that the table now shows.
    pub applied: usize,
    /// Changes that the table knew already, or knew something newer than.
    pub stale: usize,
    /// Changes that are queued to be written later.
    pub deferred: usize,
    /// Events that could not be understood and are kept, raw, in the dead-letter queue.
    pub quarantined: usize,
}

impl Counts {
    /// Adds up all four.
    pub const fn total(&self) -> usize {
        self.applied + self.stale + self.deferred + self.quarantined
    }
}

/// The answer to one request. The sender takes only 200 for an answer, and tries everything else
/// again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Everything is stored or safely queued. The reasons are those of the quarantined events.
    Accepted(Counts, Vec<String>),
    /// The callback is signed, but its body is no JSON array or object. It is kept in the
    /// dead-letter queue.
    InvalidBody,
    /// The callback is not verified: nothing was read, nothing is stored.
    Refused(Refusal),
    /// The caller's address is not allowed.
    Forbidden,
    /// Something could be neither stored nor queued in time. The sender is to try again.
    Unavailable,
}

impl Answer {
    /// Gives the HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Accepted(..) => 200,
            Self::InvalidBody => 400,
            Self::Refused(_) => 401,
            Self::Forbidden => 403,
            Self::Unavailable => 503,
        }
    }

    /// Writes the JSON body: the counts, or the error's name and a sentence about it.
    ///
    /// ```
    /// use chatroom_status_sync::wire::answer::{Answer, Counts};
    ///
    /// let counts = Counts { applied: 2, stale: 1, ..Counts::default() };
    /// let body = Answer::Accepted(counts, Vec::new()).body();
    /// assert_eq!(body, r#"{"applied":2,"stale":1,"deferred":0,"quarantined":0}"#);
    ///
    /// let body = Answer::Forbidden.body();
    /// assert_eq!(body, r#"{"error":"forbidden","message":"This address may not call."}"#);
    /// ```
    pub fn body(&self) -> String {
        let error = |code, message: &str| json(&ErrorBody { error: code, message });
        match self {
            Self::Accepted(counts, reasons) => json(&AcceptedBody { counts, reasons }),
            Self::InvalidBody => {
                error("invalid_body", "The body is no JSON array or object of events.")
            }
            Self::Refused(refusal) => error(refusal.code(), &refusal.message()),
            Self::Forbidden => error("forbidden", "This address may not call."),
            Self::Unavailable => error(
                "unavailable",
                "The callback could not be stored in time. Please send it again.",
            ),
        }
    }

    /// Gives the seconds after which to try again, for the header `retry-after`; `None` if there is
    /// no need to say so.
    pub const fn retry_after(&self) -> Option<&'static str> {
        match self {
            Self::Unavailable => Some("1"),
            _ => None,
        }
    }
}

#[derive(Serialize)]
struct AcceptedBody<'a> {
    #[serde(flatten)]
    counts: &'a Counts,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    reasons: &'a [String],
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    message: &'a str,
}

fn json(body: &impl Serialize) -> String {
    // Strings and numbers always serialise.
    serde_json::to_string(body).unwrap_or_default()
}
