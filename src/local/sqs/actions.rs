//! The actions of the JSON protocol: each request with its response.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};

use super::{
    error::SqsError,
    names::{DEAD_LETTERS, url_of},
    queue::{LocalQueue, QueuedMessage},
    request::{check_size, read_body, read_entries},
};

/// The number of receives after which a deferred message becomes a dead letter.
const MOST_RECEIVES: u32 = 30;
/// The time that a received message stays out of sight, unless the request says otherwise.
const VISIBILITY: Duration = Duration::from_secs(30);

type ActionResult = Result<Value, SqsError>;

/// Answers a request that was sent to `endpoint`.
pub fn answer(
    queues: &mut BTreeMap<String, LocalQueue>,
    action: &str,
    endpoint: &str,
    request: &Value,
) -> ActionResult {
    let url = request["QueueUrl"].as_str().unwrap_or_default();
    let name = url.rsplit('/').next().unwrap_or_default();
    if action == "GetQueueUrl" {
        let name = request["QueueName"].as_str().unwrap_or_default();
        return Ok(json!({"QueueUrl": url_of(endpoint, name)}));
    }
    if action == "ReceiveMessage" && name != DEAD_LETTERS {
        let mut dead_letters = queues.remove(DEAD_LETTERS).unwrap_or_default();
        let queue = queues.entry(name.to_owned()).or_default();
        queue.redrive(MOST_RECEIVES, &mut dead_letters);
        queues.insert(DEAD_LETTERS.to_owned(), dead_letters);
    }
    let queue = queues.entry(name.to_owned()).or_default();
    match action {
        "SendMessage" => send(queue, request),
        "SendMessageBatch" => {
            check_size(read_entries(request)?)?;
            batch(request, |entry| send(queue, entry))
        }
        "ReceiveMessage" => Ok(receive(queue, request)),
        "DeleteMessage" => delete(queue, request),
        "DeleteMessageBatch" => batch(request, |entry| delete(queue, entry)),
        "ChangeMessageVisibility" => change_visibility(queue, request),
        "ChangeMessageVisibilityBatch" => batch(request, |entry| change_visibility(queue, entry)),
        "GetQueueAttributes" => Ok(attributes(queue, request)),
        _ => Err(SqsError::new("UnsupportedOperation", "not here")),
    }
}

/// Does an action for each entry of a batch. An entry that is refused touches no other.
fn batch(request: &Value, mut action: impl FnMut(&Value) -> ActionResult) -> ActionResult {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in read_entries(request)? {
        match action(entry) {
            Ok(mut done) => {
                done["Id"] = entry["Id"].clone();
                successful.push(done);
            }
            Err(refusal) => failed.push(refusal.of_entry(&entry["Id"])),
        }
    }
    Ok(json!({"Successful": successful, "Failed": failed}))
}

fn send(queue: &mut LocalQueue, entry: &Value) -> ActionResult {
    let delay = seconds(entry, "DelaySeconds").unwrap_or_default();
    let id = queue.send(read_body(entry)?, delay);
    Ok(json!({"MessageId": id, "MD5OfMessageBody": ""}))
}

fn receive(queue: &mut LocalQueue, request: &Value) -> Value {
    let most = request["MaxNumberOfMessages"].as_u64().and_then(|most| usize::try_from(most).ok());
    let visibility = seconds(request, "VisibilityTimeout").unwrap_or(VISIBILITY);
    let received = queue.receive(most.unwrap_or(1), visibility);
    let message = |message: &QueuedMessage| {
        json!({
            "MessageId": message.id(),
            "ReceiptHandle": message.receipt_handle(),
            "Body": message.body,
            "Attributes": {
                "ApproximateReceiveCount": message.receives.to_string(),
                "SentTimestamp": message.sent.to_string(),
            },
        })
    };
    json!({"Messages": received.map(message).collect::<Vec<_>>()})
}

fn delete(queue: &mut LocalQueue, entry: &Value) -> ActionResult {
    queue.delete(receipt_handle(entry))?;
    Ok(json!({}))
}

fn change_visibility(queue: &mut LocalQueue, entry: &Value) -> ActionResult {
    let visibility = seconds(entry, "VisibilityTimeout").unwrap_or(VISIBILITY);
    queue.change_visibility(receipt_handle(entry), visibility)?;
    Ok(json!({}))
}

fn attributes(queue: &LocalQueue, request: &Value) -> Value {
    let counts = queue.counts();
    let known = [
        ("ApproximateNumberOfMessages", counts.visible),
        ("ApproximateNumberOfMessagesNotVisible", counts.in_flight),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed),
    ];
    let names = request["AttributeNames"].as_array();
    let is_asked = |name: &str| {
        names.is_some_and(|names| names.iter().any(|asked| asked == name || asked == "All"))
    };
    let asked: Map<_, _> = known
        .into_iter()
        .filter(|(name, _)| is_asked(name))
        .map(|(name, count)| (name.to_owned(), count.to_string().into()))
        .collect();
    json!({"Attributes": asked})
}

fn receipt_handle(entry: &Value) -> &str {
    entry["ReceiptHandle"].as_str().unwrap_or_default()
}

fn seconds(entry: &Value, name: &str) -> Option<Duration> {
    entry[name].as_u64().map(Duration::from_secs)
}
