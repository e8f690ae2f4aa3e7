//! The reason why a table could not be read.

use std::{error::Error, fmt};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::{aws::error::in_words, table::attempt::THROTTLED};

/// A table that could not be read.
#[derive(Debug)]
pub struct ReadError {
    table: String,
    fault: ReadFault,
    why: String,
}

/// The kinds of reasons, for those who say what to do about one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFault {
    /// There is no table of this name.
    NoTable,
    /// The credentials do not allow the request.
    Denied,
    /// There are no credentials, or they are wrong or have expired.
    Credentials,
    /// No answer came: the host is unknown, or does not answer.
    Unreachable,
    /// The table takes no more requests at the moment.
    Throttled,
    /// Anything else.
    Other,
}

impl ReadError {
    pub(in crate::table) fn of<E>(table: &str, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        Self { table: table.to_owned(), fault: ReadFault::of(error), why: in_words(error) }
    }

    /// Makes an error of an answer that leaves something out again and again.
    pub(super) fn throttled(table: &str) -> Self {
        let why = "it takes no more requests at the moment".to_owned();
        Self { table: table.to_owned(), fault: ReadFault::Throttled, why }
    }

    /// Gives the kind of the reason.
    pub const fn fault(&self) -> ReadFault {
        self.fault
    }

    /// Gives the reason alone.
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl ReadFault {
    /// Tells by the error of an SDK which kind it is. All services word the common ones alike.
    pub fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let Some(refusal) = error.as_service_error() else {
            let is_of_credentials = matches!(error, SdkError::ConstructionFailure(_))
                || in_words(error).to_lowercase().contains("credentials");
            return if is_of_credentials { Self::Credentials } else { Self::Unreachable };
        };
        match refusal.code().unwrap_or_default() {
            "ResourceNotFoundException" => Self::NoTable,
            "AccessDeniedException" => Self::Denied,
            "ExpiredTokenException"
            | "IncompleteSignatureException"
            | "InvalidSignatureException"
            | "MissingAuthenticationTokenException"
            | "UnrecognizedClientException" => Self::Credentials,
            code if THROTTLED.contains(&code) => Self::Throttled,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {} cannot be read: {}", self.table, self.why)
    }
}

impl Error for ReadError {}
