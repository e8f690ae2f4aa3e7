//! The three names that a callback carries: app, room and user.
//!
//! The sender documents room and user ids of up to 64 bytes. [`MAX_BYTES`] is four times that: an
//! id that the sender may one day allow is still stored, and the longest key built from two of them
//! stays far below DynamoDB's limit of 1,024 bytes for a sort key.

use std::fmt;

use serde::Serialize;

/// The length of the longest accepted id, in bytes of UTF-8.
pub const MAX_BYTES: usize = 256;

/// The reason why a text is no id. Its words are a clause such as `has more than 256 bytes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdError {
    /// It has no bytes.
    Empty,
    /// It has more than [`MAX_BYTES`] bytes.
    TooLong,
    /// It is an app key with a `#`, which would make keys in the table ambiguous.
    HasSeparator,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong => write!(f, "has more than {MAX_BYTES} bytes"),
            Self::HasSeparator => f.write_str("contains '#'"),
        }
    }
}

impl std::error::Error for IdError {}

fn check_length(text: String) -> Result<String, IdError> {
    match text.len() {
        0 => Err(IdError::Empty),
        1..=MAX_BYTES => Ok(text),
        _ => Err(IdError::TooLong),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(String);

        impl $name {
            /// Gives the id as the sender wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// The key of an app of the IM platform. It is no secret: it only says which secret signs.
    AppKey
}
id! {
    /// The id of a chatroom, unique within its app. It can be used again after the room was destroyed.
    RoomId
}
id! {
    /// The id of a user, unique within the app.
    UserId
}

impl AppKey {
    /// Accepts 1 to [`MAX_BYTES`] bytes without `#`.
    pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
        let text = text.into();
        if text.contains('#') {
            return Err(IdError::HasSeparator);
        }
        check_length(text).map(Self)
    }
}

impl RoomId {
    /// Accepts 1 to [`MAX_BYTES`] bytes.
    pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
        check_length(text.into()).map(Self)
    }
}

impl UserId {
    /// Accepts 1 to [`MAX_BYTES`] bytes.
    pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
        check_length(text.into()).map(Self)
    }
}
