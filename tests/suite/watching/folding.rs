//! A follower that folds the changes, and the table beside it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::SystemTime,
};

use aws_sdk_dynamodbstreams::config::{BehaviorVersion, Credentials, Region};
use chatroom_status_sync::{
    domain::time::Timestamp,
    local::{Stack, im_server::WireEvent},
    table::changes::{Change, ChangeKind, Follower, News, Position},
};
use proptest::{
    collection::vec,
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use super::streaming;
use crate::support::{
    history::{History, history},
    leave,
    oracle::present,
    rows, send,
};

/// A client for the streams of a deployment.
fn streams(stack: &Stack) -> aws_sdk_dynamodbstreams::Client {
    let config = aws_sdk_dynamodbstreams::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(stack.dynamodb.url())
        .credentials_provider(Credentials::new("local", "local", None, None, "tests"))
        .http_client(
            chatroom_status_sync::aws::connections::client(
                &chatroom_status_sync::env::Environment::new(|_| None),
            )
            .unwrap(),
        );
    aws_sdk_dynamodbstreams::Client::from_conf(config.build())
}

/// Everything that a follower knows by the rules of `table::changes`.
#[derive(Default)]
struct Knowledge {
    /// The newest join of each member who is in.
    joined: BTreeMap<(String, String), Timestamp>,
    /// The newest end of each room.
    ended: BTreeMap<String, Timestamp>,
    /// The newest event of each member.
    newest: BTreeMap<(String, String), Timestamp>,
}

impl Knowledge {
    fn learn(&mut self, change: Change) {
        let Change { at, chat_room_id: room, user_id, kind, .. } = change;
        let Some(user) = user_id else {
            if let ChangeKind::Destroyed { .. } = kind {
                let end = self.ended.entry(room).or_insert(at);
                *end = at.max(*end);
            }
            return;
        };
        let member = (room, user);
        if let ChangeKind::Joined { .. } | ChangeKind::Left { .. } = kind {
            let before = self.newest.insert(member.clone(), at);
            assert!(before <= Some(at), "{member:?} goes back in time");
        }
        match kind {
            ChangeKind::Joined { .. } => drop(self.joined.insert(member, at)),
            ChangeKind::Left { .. } | ChangeKind::Ended => drop(self.joined.remove(&member)),
            other => panic!("{other:?} is no change of a member"),
        }
    }

    fn present(&self) -> BTreeSet<(String, String)> {
        let is_in = |(room, _): &(String, String), at: &Timestamp| Some(at) > self.ended.get(room);
        self.joined
            .iter()
            .filter(|(member, at)| is_in(member, at))
            .map(|(member, _)| member.clone())
            .collect()
    }
}

/// Learns everything that the stream has up to now.
async fn catch_up(stack: &Stack, follower: &mut Follower, knowledge: &mut Knowledge) {
    let number = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    let last = format!("last-{number}");
    let sign: WireEvent = leave(&last, "somebody");
    send(stack, &[sign]).await;
    loop {
        match follower.next().await.unwrap() {
            News::Change(change) if change.chat_room_id == last => return,
            News::Change(change) => knowledge.learn(change),
            News::Missed(missed) => panic!("{missed}"),
        }
    }
}

#[tokio::test]
async fn whoever_folds_the_changes_by_the_rules_knows_at_every_moment_who_is_in_each_room() {
    let stack = streaming().await;
    let table = stack.table.name();
    let mut follower =
        Follower::open(stack.table.client(), streams(&stack), table, Position::TrimHorizon)
            .await
            .unwrap();
    let mut knowledge = Knowledge::default();
    let histories = vec(history(), 30).new_tree(&mut TestRunner::default()).unwrap().current();
    let histories: Vec<History> = histories
        .into_iter()
        .enumerate()
        .map(|(number, history)| history.in_rooms_of(&number.to_string()))
        .collect();
    for history in &histories {
        for callback in &history.callbacks {
            send(&stack, callback).await;
        }
    }
    catch_up(&stack, &mut follower, &mut knowledge).await;
    assert_eq!(knowledge.present(), present(&rows(&stack.table).await), "{histories:?}");
    stack.drain().await.unwrap();
    catch_up(&stack, &mut follower, &mut knowledge).await;
    let is_in = present(&rows(&stack.table).await);
    assert_eq!(knowledge.present(), is_in, "{histories:?}");
    // Once swept, what is told of the members alone says the same.
    assert_eq!(knowledge.joined.into_keys().collect::<BTreeSet<_>>(), is_in, "{histories:?}");
}
