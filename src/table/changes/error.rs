//! The reasons why a stream cannot be followed.

use std::{error::Error, fmt};

use crate::table::read::error::ReadError;

/// The reason why a table's stream cannot be followed. Its words say what to do.
#[derive(Debug)]
pub enum FollowError {
    /// The table is not there, DynamoDB refused a request, or did not answer for too long.
    Unreadable(ReadError),
    /// The table of this name has no stream.
    NoStream(String),
    /// The stream of the table of this name has not both images of an item.
    NoImages(String),
    /// The checkpoint is of this other stream, and that is of another table.
    OtherTable(String),
    /// The stream of the table of this name was switched off.
    SwitchedOff(String),
}

impl fmt::Display for FollowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = |f: &mut fmt::Formatter<'_>, table: &str| {
            write!(
                f,
                "switch it on with: aws dynamodb update-table --table-name {table} \
                 --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES"
            )
        };
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::NoStream(table) => {
                write!(f, "table {table} has no stream; ")?;
                on(f, table)
            }
            Self::NoImages(table) => {
                write!(f, "the stream of table {table} lacks images; switch it off, and then ")?;
                on(f, table)
            }
            Self::OtherTable(stream) => {
                write!(f, "the checkpoint is of another table's stream, {stream}")
            }
            Self::SwitchedOff(table) => {
                write!(
                    f,
                    "the stream of table {table} was switched off; if it is on again, start anew"
                )
            }
        }
    }
}

impl Error for FollowError {}
