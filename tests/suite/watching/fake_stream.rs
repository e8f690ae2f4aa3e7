//! A stream of several shards: the embedded engine has one, which is never closed or trimmed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use chatroom_status_sync::local::im_server::{APP_KEY, WireEvent};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

use crate::support::now;

/// A table with a stream, of which nothing else can be asked.
#[derive(Clone)]
pub struct FakeStream {
    url: String,
    state: Arc<Mutex<Shards>>,
}

#[derive(Default)]
struct Shards {
    by_id: BTreeMap<String, Shard>,
    next_fault: Option<&'static str>,
    switched_off: bool,
    page_takes: Duration,
}

#[derive(Default)]
struct Shard {
    parent: Option<String>,
    records: Vec<Value>,
    trimmed: usize,
    forgotten: usize,
    closed: bool,
}

const ARN: &str = "arn:aws:dynamodb:us-east-1:1:table/rooms/stream/2026-01-01T00:00:00.000";

impl FakeStream {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stream = Self { url, state: Arc::default() };
        let app = Router::new().route("/", post(answer)).with_state(stream.clone());
        tokio::spawn(async { axum::serve(listener, app).await });
        stream
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    #[allow(clippy::unused_self)]
    pub const fn arn(&self) -> &str {
        ARN
    }

    /// The sequence number of a record of a shard.
    pub fn sequence_number(index: usize) -> String {
        format!("{:021}", index + 1)
    }

    /// Adds a shard that has leaves of users.
    pub fn shard(&self, id: &str, parent: Option<&str>, leaves: &[WireEvent]) {
        let shard = Shard { parent: parent.map(str::to_owned), ..Shard::default() };
        self.state.lock().unwrap().by_id.insert(id.to_owned(), shard);
        for leave in leaves {
            self.write(id, leave);
        }
    }

    /// Adds a record to a shard: somebody left.
    pub fn write(&self, id: &str, leave: &WireEvent) {
        let mut state = self.state.lock().unwrap();
        let shard = state.by_id.get_mut(id).unwrap();
        let image = json!({
            "kind": {"S": "member"},
            "appKey": {"S": APP_KEY},
            "chatRoomId": {"S": leave.chat_room_id},
            "userId": {"S": leave.user_ids[0]},
            "membership": {"S": "left"},
            "reason": {"S": "requested"},
            "version": {"N": format!("{}20", leave.time.millis())},
        });
        let record = json!({
            "SequenceNumber": Self::sequence_number(shard.records.len()),
            "ApproximateCreationDateTime": now().seconds(),
            "NewImage": image,
        });
        shard.records.push(json!({"eventName": "INSERT", "dynamodb": record}));
    }

    /// Makes a record of a shard so many seconds old.
    pub fn age(&self, id: &str, index: usize, seconds: u64) {
        let mut state = self.state.lock().unwrap();
        let record = &mut state.by_id.get_mut(id).unwrap().records[index]["dynamodb"];
        record["ApproximateCreationDateTime"] = json!(now().seconds() - seconds);
    }

    /// Closes a shard: its children go on.
    pub fn close(&self, id: &str) {
        self.state.lock().unwrap().by_id.get_mut(id).unwrap().closed = true;
    }

    /// Forgets the oldest records of a shard.
    pub fn trim(&self, id: &str, records: usize) {
        self.state.lock().unwrap().by_id.get_mut(id).unwrap().trimmed = records;
    }

    /// Forgets the oldest records of a shard without a word, as the embedded engine does.
    pub fn forget(&self, id: &str, records: usize) {
        self.state.lock().unwrap().by_id.get_mut(id).unwrap().forgotten = records;
    }

    /// Answers the next request for a page with an error.
    pub fn fail_next_page(&self, code: &'static str) {
        self.state.lock().unwrap().next_fault = Some(code);
    }

    /// Takes this time for each page, as over a bad line.
    pub fn slow_down(&self, page_takes: Duration) {
        self.state.lock().unwrap().page_takes = page_takes;
    }

    pub fn switch_off(&self) {
        self.state.lock().unwrap().switched_off = true;
    }
}

async fn answer(State(stream): State<FakeStream>, headers: HeaderMap, body: String) -> Response {
    let target = headers["x-amz-target"].to_str().unwrap();
    let asked: Value = serde_json::from_str(&body).unwrap();
    if target.ends_with(".GetRecords") {
        let takes = stream.state.lock().unwrap().page_takes;
        sleep(takes).await;
    }
    let mut state = stream.state.lock().unwrap();
    let answer = match target.split_once('.').unwrap().1 {
        "DescribeTable" => Ok(json!({"Table": {
            "LatestStreamArn": ARN,
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        }})),
        _ if state.switched_off => Err("ResourceNotFoundException"),
        "DescribeStream" => Ok(state.describe()),
        "GetShardIterator" => state.iterator(&asked),
        "GetRecords" => state.records(&asked),
        other => panic!("{other} is not asked of a stream"),
    };
    match answer {
        Ok(answer) => answer.to_string().into_response(),
        Err(code) => {
            (StatusCode::BAD_REQUEST, json!({"__type": code, "message": code}).to_string())
                .into_response()
        }
    }
}

impl Shards {
    fn describe(&self) -> Value {
        let shard = |(id, shard): (&String, &Shard)| {
            let first = FakeStream::sequence_number(shard.forgotten);
            let mut numbers = json!({"StartingSequenceNumber": first});
            if shard.closed {
                numbers["EndingSequenceNumber"] = json!(last(shard));
            }
            json!({
                "ShardId": id,
                "ParentShardId": shard.parent,
                "SequenceNumberRange": numbers,
            })
        };
        let shards: Vec<_> = self.by_id.iter().map(shard).collect();
        json!({"StreamDescription": {"StreamArn": ARN, "Shards": shards}})
    }

    fn iterator(&self, asked: &Value) -> Result<Value, &'static str> {
        let id = asked["ShardId"].as_str().unwrap();
        let shard = self.by_id.get(id).ok_or("ResourceNotFoundException")?;
        let position = match asked["ShardIteratorType"].as_str().unwrap() {
            "LATEST" => shard.records.len(),
            "TRIM_HORIZON" => shard.trimmed,
            "AFTER_SEQUENCE_NUMBER" => {
                let number = asked["SequenceNumber"].as_str().unwrap();
                number.parse::<usize>().unwrap()
            }
            other => panic!("{other}"),
        };
        if position < shard.trimmed
            || (position == shard.trimmed && position > 0 && is_after(asked))
        {
            return Err("TrimmedDataAccessException");
        }
        let position = position.max(shard.forgotten);
        Ok(json!({"ShardIterator": format!("{id}|{position}")}))
    }

    /// Gives pages of one record, as a stream may.
    fn records(&mut self, asked: &Value) -> Result<Value, &'static str> {
        if let Some(fault) = self.next_fault.take() {
            return Err(fault);
        }
        let (id, position) = asked["ShardIterator"].as_str().unwrap().split_once('|').unwrap();
        let position: usize = position.parse().unwrap();
        let shard = &self.by_id[id];
        let records = shard.records.get(position..=position).unwrap_or_default();
        let next = position + records.len();
        let is_over = shard.closed && next == shard.records.len();
        let next = (!is_over).then(|| format!("{id}|{next}"));
        Ok(json!({"Records": records, "NextShardIterator": next}))
    }
}

fn is_after(asked: &Value) -> bool {
    asked["ShardIteratorType"] == "AFTER_SEQUENCE_NUMBER"
}

fn last(shard: &Shard) -> String {
    FakeStream::sequence_number(shard.records.len().saturating_sub(1))
}
