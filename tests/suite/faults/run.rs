//! A run: a sender as documented, real functions, proxies in front of the services that they use,
//! and the audit at the end.

use std::collections::{BTreeMap, BTreeSet};

use chatroom_status_sync::{
    domain::{event::Kind, plan::Plan},
    local::{
        Stack,
        im_server::WireEvent,
        lambda::{Function, FunctionError},
        sqs::{DEFERRED, SWEEPS},
    },
    wire::answer::Counts,
};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::proxy::{Proxy, Weather};
use crate::support::{
    CountsSum, app, counts_of, deployment,
    functions::{answer_in, gateway_event, in_front_of, response_to, worker},
    oracle::comparable,
    read, read_dead_letters, receive, rows, signed, sqs,
};

/// The number of times that the sender tries a callback, the first included.
const TRIES: usize = 3;

/// The status in [`Record::answers`] of a try without an answer.
pub const NO_ANSWER: u64 = 0;

/// A deployment whose functions reach table and queues through proxies.
pub struct Run {
    pub stack: Stack,
    pub dynamodb: Proxy,
    pub sqs: Proxy,
    /// Variables of all functions that start from now on.
    pub variables: Vec<(&'static str, String)>,
    record: Mutex<Record>,
}

/// Everything that happened, as the sender knows it.
#[derive(Debug, Default)]
pub struct Record {
    /// Events of callbacks that were answered 200.
    pub accepted: Vec<WireEvent>,
    /// Events of callbacks that were never answered 200. Some may have reached the table.
    pub uncertain: Vec<WireEvent>,
    /// The number of tries by the status of their answer.
    pub answers: BTreeMap<u64, usize>,
    /// The sum of all answers' counts.
    pub counts: Counts,
}

impl Run {
    /// Starts a run in this weather. Functions give the table little time, so that no try takes
    /// long.
    pub async fn start(weather: Weather) -> Self {
        println!("seed {}", super::seed());
        let stack = deployment().await;
        let dynamodb = Proxy::start(stack.dynamodb.url(), weather.clone()).await;
        let sqs = Proxy::start(stack.sqs.url(), weather).await;
        let variables = vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.url.clone()),
            ("AWS_ENDPOINT_URL_SQS", sqs.url.clone()),
            ("BUDGET_MS", "400".to_owned()),
            // No sweep starts before all traffic has stopped: the audit does not wait for it.
            ("SWEEP_DELAY_SECONDS", "900".to_owned()),
        ];
        Self { stack, dynamodb, sqs, variables, record: Mutex::default() }
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        let variables = self.variables.iter();
        variables.map(|(name, value)| (*name, &**value)).collect()
    }

    pub async fn callback(&self) -> Function {
        in_front_of(&self.stack, &self.variables()).await
    }

    pub async fn worker(&self) -> Function {
        worker(&self.stack, &self.variables()).await
    }

    /// Sends a callback as the sender does, until it is answered 200 or the sender gives up.
    pub async fn send(&self, function: &mut Function, events: &[WireEvent]) {
        self.send_perhaps_killing(function, events, None).await;
    }

    /// Sends a callback as [`Run::send`] does. While the function handles the first try, it is
    /// killed after so many requests to the table.
    pub async fn send_and_kill(
        &self,
        function: &mut Function,
        events: &[WireEvent],
        requests: u64,
    ) {
        self.send_perhaps_killing(function, events, Some(requests)).await;
    }

    async fn send_perhaps_killing(
        &self,
        function: &mut Function,
        events: &[WireEvent],
        mut kill_after: Option<u64>,
    ) {
        let callback = signed(events);
        for _ in 0..TRIES {
            let event = gateway_event(&callback).to_string();
            let response = match kill_after.take() {
                None => Some(function.invoke(event).await),
                Some(requests) => {
                    let alarm = self.dynamodb.after_requests(requests);
                    let response = tokio::select! {
                        response = function.invoke(event) => Some(response),
                        () = alarm.notified() => None,
                    };
                    function.kill().unwrap();
                    *function = self.callback().await;
                    response
                }
            };
            if self.note(response, events).await {
                return;
            }
        }
        let mut record = self.record.lock().await;
        record.uncertain.extend_from_slice(events);
    }

    /// Notes a response, and gives true if it settles the callback.
    async fn note(
        &self,
        response: Option<Result<Value, FunctionError>>,
        events: &[WireEvent],
    ) -> bool {
        let mut record = self.record.lock().await;
        let Some(response) = response else {
            *record.answers.entry(NO_ANSWER).or_default() += 1;
            return false;
        };
        let response = response.expect("a function reports no errors of its own");
        let status = response["statusCode"].as_u64().unwrap();
        *record.answers.entry(status).or_default() += 1;
        if status != 200 {
            assert!(status == 401 || response["headers"]["retry-after"] == "1", "{response}");
            return false;
        }
        let found = counts_of(&answer_in(&response));
        assert_eq!(found.changes(), changes_in(events), "{found:?}");
        assert_eq!(found.quarantined, events.iter().filter(|event| is_faulty(event)).count());
        record.counts = record.counts.and(found);
        record.accepted.extend_from_slice(events);
        true
    }

    /// Hands the worker up to ten messages of each of its queues. Gives their number.
    pub async fn work(&self, worker: &mut Function) -> usize {
        self.work_on(DEFERRED, worker).await + self.work_on(SWEEPS, worker).await
    }

    async fn work_on(&self, queue: &str, worker: &mut Function) -> usize {
        let event = receive(&self.stack, queue).await;
        let messages = event["Records"].as_array().unwrap();
        if messages.is_empty() {
            return 0;
        }
        let response = worker.invoke(event.to_string()).await.unwrap();
        let failures = response["batchItemFailures"].as_array().unwrap();
        let failed: BTreeSet<_> =
            failures.iter().map(|failure| failure["itemIdentifier"].as_str()).collect();
        for message in messages {
            if !failed.contains(&message["messageId"].as_str()) {
                sqs(self.stack.sqs.url())
                    .delete_message()
                    .queue_url(self.stack.sqs.url_of(queue))
                    .receipt_handle(message["receiptHandle"].as_str().unwrap())
                    .send()
                    .await
                    .unwrap();
            }
        }
        messages.len()
    }

    /// Lets a worker handle every message, delayed or not.
    async fn drain(&self) {
        let mut worker = self.worker().await;
        loop {
            for queue in [DEFERRED, SWEEPS] {
                self.stack.sqs.make_visible(queue);
            }
            if self.work(&mut worker).await == 0 {
                break;
            }
        }
    }

    /// The number of tries so far, by the status of their answer.
    pub async fn answers(&self) -> BTreeMap<u64, usize> {
        self.record.lock().await.answers.clone()
    }

    /// Ends all faults, drains the queue, and finds every event in the table or in a dead letter.
    pub async fn audit(&self) -> Record {
        for proxy in [&self.dynamodb, &self.sqs] {
            proxy.set(Weather::default());
            proxy.set_down(false);
        }
        self.drain().await;
        let record = std::mem::take(&mut *self.record.lock().await);
        let (accepted, uncertain) = (&record.accepted, &record.uncertain);
        let letters: BTreeSet<_> = read_dead_letters(&self.stack)
            .iter()
            .map(|letter| letter["events"][0].to_string())
            .collect();
        for event in accepted.iter().filter(|event| is_faulty(event)) {
            let event = json!(event).to_string();
            assert!(letters.contains(&event), "{event} is nowhere");
        }
        self.explain(accepted, uncertain).await;

        // The uncertain events are told once more; then the table must be exactly right.
        let mut callback = self.callback().await;
        for event in uncertain {
            let again = signed(std::slice::from_ref(event));
            let response = response_to(&mut callback, &again).await;
            assert_eq!(response["statusCode"], 200);
        }
        self.drain().await;
        let all = accepted.iter().chain(uncertain);
        let events: Vec<_> = all.filter(|event| !is_faulty(event)).cloned().collect();
        let (found, expected) = comparable(rows(&self.stack.table).await, &events);
        assert_eq!(found.len(), expected.len());
        for (key, expected) in expected {
            assert_eq!(found.get(&key), Some(&expected));
        }
        record
    }

    /// Checks that every member is as an event made it, and no older than its newest accepted one.
    async fn explain(&self, accepted: &[WireEvent], uncertain: &[WireEvent]) {
        let found = rows(&self.stack.table).await;
        let (sure, maybe) = (versions(accepted), versions(uncertain));
        for (key, known) in &sure {
            let row = found.get(key).unwrap_or_else(|| panic!("{key:?} is lost"));
            let version: u64 = row["version"].parse().unwrap();
            let told = known.contains(&version)
                || maybe.get(key).is_some_and(|all| all.contains(&version));
            assert!(told && known.iter().all(|&known| known <= version), "{row:?}");
        }
        for (key, row) in &found {
            let is_told = sure.contains_key(key) || maybe.contains_key(key);
            assert!(is_told || row["kind"] == "room", "{row:?} is nobody's");
        }
    }
}

/// The versions of each member's events.
fn versions(events: &[WireEvent]) -> BTreeMap<(String, String), BTreeSet<u64>> {
    let mut versions: BTreeMap<_, BTreeSet<u64>> = BTreeMap::new();
    let about_members = [Kind::Join, Kind::Leave].map(Kind::number);
    for event in events.iter().filter(|event| about_members.contains(&event.r#type)) {
        let app = app();
        for user in &event.user_ids {
            let key = (format!("ROOM#{app}#{}", event.chat_room_id), format!("USER#{user}"));
            let version = event.time.millis() * 100 + event.r#type * 10 + event.status.min(9);
            versions.entry(key).or_default().insert(version);
        }
    }
    versions
}

fn is_faulty(event: &WireEvent) -> bool {
    Kind::from_type(event.r#type).is_none()
}

fn changes_in(events: &[WireEvent]) -> usize {
    let good = events.iter().filter(|event| !is_faulty(event)).map(read);
    Plan::of(good).len()
}
