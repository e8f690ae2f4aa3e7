//! Changes of the table as they happen, read from its stream.
//!
//! * [`change`]: decides what a record of the stream means, from the item before and after.
//! * `record`: reads the records of the stream.
//! * [`checkpoint`]: the place up to which a stream was followed, to go on from there later.
//! * `shard`: one shard of the stream, read page by page.
//! * [`follow`]: follows all shards, as they come and go.
//! * `stream`: the requests to the stream, and `fault`: why one has no result, and how long that is
//!   borne.
//! * [`error`]: why a stream cannot be followed.
//!
//! # The rules for whoever follows
//!
//! The stream tells how the table changes, and the table is right by one rule: the members of a
//! room are those that are joined since its last end. So a follower
//!
//! * takes a [`Destroyed`](change::ChangeKind::Destroyed) as the end of everybody who joined at or
//!   before its time. It is one change of the room; the members' own
//!   [`Ended`](change::ChangeKind::Ended) come about a minute later, and tell nothing new.
//! * compares times, and never counts up and down. A destroy may be reported late, after members of
//!   the room's next life joined.
//! * need not order anything else: the changes of one member come in the order in which the table
//!   took them, and each of them is newer than the one before. What is repeated or was overtaken
//!   changes nothing, and is not there at all. Of several events of one callback about the same
//!   member, the newest is there.
//! * forgets with [`Expired`](change::ChangeKind::Expired): the item of somebody who left long ago,
//!   or of a room that ended, is gone.
//!
//! ```no_run
//! use chatroom_status_sync::table::changes::{Follower, News, Position};
//!
//! # async fn follow(
//! #     dynamodb: aws_sdk_dynamodb::Client,
//! #     streams: aws_sdk_dynamodbstreams::Client,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let mut follower = Follower::open(&dynamodb, streams, "chatrooms", Position::Latest).await?;
//! loop {
//!     match follower.next().await? {
//!         News::Change(change) => println!("{}: {:?}", change.chat_room_id, change.kind),
//!         News::Missed(missed) => println!("{missed}"),
//!     }
//!     // What was handled need not be told again: keep the place.
//!     let _ = serde_json::to_string(&follower.checkpoint())?;
//! }
//! # }
//! ```

pub mod change;
pub mod checkpoint;
pub mod error;
mod fault;
pub mod follow;
mod record;
mod shard;
mod stream;

pub use change::{Change, ChangeKind};
pub use checkpoint::{Checkpoint, Missed};
pub use error::FollowError;
pub use follow::{Follower, News, Position};
