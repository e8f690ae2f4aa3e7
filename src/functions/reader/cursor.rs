//! Cursors: the place where the next page begins.
//!
//! A cursor holds the id of the last row, never a number of rows: so whoever comes or goes between
//! two pages moves nobody else. Nothing needs to be there any more at that place.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use crate::domain::ids::{RoomId, UserId};

/// The place where the next page begins. Callers see a text that means nothing to them.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cursor {
    /// After this room, in a list of rooms.
    Room(String),
    /// After this user, in the list of members of this room.
    Member { room: String, user: String },
}

impl Cursor {
    pub fn read(text: &str) -> Result<Self, Problem> {
        let json = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        json.and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(wrong)
    }

    pub fn text(&self) -> Result<String, Problem> {
        let json = serde_json::to_vec(self).map_err(|why| Problem::defect(why.to_string()))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(json))
    }

    /// Gives the room after which a list of rooms goes on.
    pub fn in_rooms(self) -> Result<RoomId, Problem> {
        match self {
            Self::Room(room) => RoomId::new(room).map_err(|_| wrong()),
            Self::Member { .. } => Err(wrong()),
        }
    }

    /// Gives the user after whom the list of a room's members goes on.
    pub fn in_members_of(self, id: &RoomId) -> Result<UserId, Problem> {
        match self {
            Self::Member { room, user } if room == id.as_str() => {
                UserId::new(user).map_err(|_| wrong())
            }
            _ => Err(wrong()),
        }
    }
}

fn wrong() -> Problem {
    Problem::parameter("cursor is none that an answer to this question gave")
}
