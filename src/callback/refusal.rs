//! Refusals of callbacks, with their words for programs, callers and operators.

use crate::domain::time::Timestamp;

/// The reason why a callback is not believed. The answer to each is 401.
///
/// ```
/// use chatroom_status_sync::callback::Refusal;
///
/// let refusal = Refusal::Missing("nonce");
/// assert_eq!(refusal.code(), "missing_parameter");
/// assert_eq!(refusal.message(), "The query parameter nonce is missing or empty.");
/// assert!(!refusal.may_be_rotation(), "no secret, old or new, can make up for it");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A parameter is absent or empty.
    Missing(&'static str),
    /// A parameter is given more than once, so nobody knows which of its values was signed.
    Repeated(&'static str),
    /// The timestamp is not 13 ASCII digits.
    MalformedTimestamp,
    /// No secret is configured for the app key. Or the callback names no app key, and the
    /// configured apps are more than one.
    UnknownApp,
    /// The signature is not 40 hex digits: no secret can give it.
    MalformedSignature,
    /// No secret of the app gives this signature.
    WrongSignature,
    /// The signature is right, but too old or too far ahead.
    Stale {
        /// The time at which the callback claims to have been signed.
        timestamp: Timestamp,
    },
}

impl Refusal {
    /// Gives the error's name in `snake_case`. It never changes, because programs compare it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing(_) => "missing_parameter",
            Self::Repeated(_) => "repeated_parameter",
            Self::MalformedTimestamp => "malformed_timestamp",
            Self::UnknownApp => "unknown_app_key",
            Self::MalformedSignature | Self::WrongSignature => "invalid_signature",
            Self::Stale { .. } => "stale_timestamp",
        }
    }

    /// Gives a sentence for the caller, without internals.
    pub fn message(self) -> String {
        match self {
            Self::Missing(name) => format!("The query parameter {name} is missing or empty."),
            Self::Repeated(name) => format!("The query parameter {name} is given more than once."),
            Self::MalformedTimestamp => "The timestamp is not 13 digits.".to_owned(),
            Self::UnknownApp => "The app key is not known here.".to_owned(),
            Self::MalformedSignature | Self::WrongSignature => {
                "The signature does not match.".to_owned()
            }
            Self::Stale { .. } => "The timestamp is too old or too far ahead.".to_owned(),
        }
    }

    /// Tells the operator what can be done about it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Missing(_)
            | Self::Repeated(_)
            | Self::MalformedTimestamp
            | Self::MalformedSignature => {
                "not a callback of the IM server: nothing to do unless every request says so"
            }
            Self::UnknownApp => {
                "add the app and its secret to APP_SECRETS, or look for a typing error in its app key"
            }
            Self::WrongSignature => {
                "compare the configured App Secret with the console's (the App Key in its place is a common mistake)"
            }
            Self::Stale { .. } => {
                "if every request says so, compare the clocks and SIGNATURE_MAX_AGE_SECONDS"
            }
        }
    }

    /// Says whether newer secrets could verify the callback: one may have been rotated.
    pub const fn may_be_rotation(self) -> bool {
        matches!(self, Self::UnknownApp | Self::WrongSignature)
    }
}
