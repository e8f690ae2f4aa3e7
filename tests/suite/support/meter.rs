//! A meter between functions and table. It makes every request ask for the units that it consumes,
//! and adds them up.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header::CONTENT_TYPE},
};
use chatroom_status_sync::{
    env::Environment,
    local::{
        ListenAddresses, Stack,
        dynamodb::{Data, DynamoDb},
        im_server::WireEvent,
    },
};
use dynoxide::types::{Item, item_size, write_capacity_units};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use ureq::Agent;

use super::{PATIENCE, another_function, hand};

/// Units that requests consumed, and the requests.
#[derive(Debug, Default)]
pub struct Used {
    table_writes: f64,
    index_writes: f64,
    reads: f64,
    /// The number of requests of each operation.
    pub requests: BTreeMap<String, u64>,
}

/// A proxy between functions and table.
#[derive(Clone)]
pub struct Meter {
    engine: Arc<DynamoDb>,
    used: Arc<Mutex<Used>>,
}

impl Used {
    /// Words the units as an estimate does.
    pub fn units(&self) -> Value {
        json!({
            "tableWrites": self.table_writes,
            "indexWrites": self.index_writes,
            "reads": self.reads,
        })
    }
}

impl Meter {
    /// Starts a deployment whose requests are metered.
    pub async fn deployment() -> (Self, Stack) {
        let addresses = ListenAddresses::free();
        // The embedded engine, always: some others do not tell the units.
        let engine = DynamoDb::start(Data::Memory, addresses.dynamodb).await;
        let meter = Self { engine: Arc::new(engine.unwrap()), used: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(pass).with_state(meter.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let settings =
            Environment::new(|name| (name == "SWEEP_DELAY_SECONDS").then(|| "0".to_owned()));
        let stack =
            Stack::start(Data::Elsewhere(url), addresses, &settings, Some(PATIENCE), |_| {});
        (meter, stack.await.unwrap())
    }

    /// Takes the units and requests since the last time.
    pub fn take(&self) -> Used {
        std::mem::take(&mut self.used.lock().unwrap())
    }

    /// Sends an event to a new function, which remembers no room. Gives the units and requests that
    /// it used.
    pub async fn of(&self, stack: &Stack, event: WireEvent) -> Used {
        let function = another_function(stack).await;
        self.take();
        let (status, answer) = hand(&function, &[event]).await;
        assert_eq!(status, 200, "{answer}");
        self.take()
    }

    fn note(&self, operation: &str, answer: &Value) {
        let mut used = self.used.lock().unwrap();
        *used.requests.entry(operation.to_owned()).or_default() += 1;
        let consumed = &answer["ConsumedCapacity"];
        let in_table = consumed["Table"]["CapacityUnits"].as_f64().unwrap_or(0.0);
        let indexes = consumed["GlobalSecondaryIndexes"].as_object();
        let in_indexes = indexes.into_iter().flat_map(|indexes| indexes.values());
        used.index_writes +=
            in_indexes.map(|index| index["CapacityUnits"].as_f64().unwrap()).sum::<f64>();
        if operation == "UpdateItem" {
            used.table_writes += in_table;
        } else {
            used.reads += in_table;
        }
        if answer["__type"]
            .as_str()
            .is_some_and(|kind| kind.ends_with("ConditionalCheckFailedException"))
        {
            // No engine tells these units. DynamoDB's documentation does: those of the item's size.
            let item: Item = serde_json::from_value(answer["Item"].clone()).unwrap();
            used.table_writes += write_capacity_units(item_size(&item));
        }
    }
}

type Answer = (StatusCode, [(HeaderName, &'static str); 1], String);

/// Passes a request on to the engine, and notes the units that it consumed.
async fn pass(State(meter): State<Meter>, headers: HeaderMap, body: Bytes) -> Answer {
    static AGENT: LazyLock<Agent> = LazyLock::new(|| {
        let config = Agent::config_builder().http_status_as_error(false);
        config.build().into()
    });
    let target = headers["x-amz-target"].to_str().unwrap().to_owned();
    let operation = target.split('.').next_back().unwrap().to_owned();
    let mut request: Value = serde_json::from_slice(&body).unwrap();
    let is_metered = ["UpdateItem", "GetItem", "Query"].contains(&&*operation);
    if is_metered {
        request["ReturnConsumedCapacity"] = json!("INDEXES");
    }
    let url = meter.engine.url().to_owned();
    let authorization = headers["authorization"].to_str().unwrap().to_owned();
    let date = headers["x-amz-date"].to_str().unwrap().to_owned();
    let answered = tokio::task::spawn_blocking(move || {
        let post = AGENT
            .post(&url)
            .header("x-amz-target", &target)
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", &authorization)
            .header("x-amz-date", &date);
        let mut answer = post.send(&request.to_string()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status(), text)
    });
    let (status, text) = answered.await.unwrap();
    if is_metered {
        meter.note(&operation, &serde_json::from_str(&text).unwrap());
    }
    let status = StatusCode::from_u16(status.as_u16()).unwrap();
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], text)
}
