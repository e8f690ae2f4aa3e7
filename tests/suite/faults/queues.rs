//! Queues that are out of order, or refuse a part of what they get.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, routing::post};
use chatroom_status_sync::{
    aws::queue::{Outgoing, Queue},
    local::{
        im_server::SignedCallback,
        sqs::{DEAD_LETTERS, SWEEPS},
    },
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::Instant};

use super::{
    bad_days::run,
    proxy::{Fault, Weather},
    seed,
};
use crate::support::{
    EventBuilder, PATIENCE, deferred_messages, destroy, functions::response_to, join,
    queued_sweeps, read_dead_letters, signed, sqs,
};

#[tokio::test]
async fn a_dead_letter_queue_out_of_order_keeps_no_sweep_and_no_change_from_its_queue() {
    let run = run().await;
    run.dynamodb
        .set(Weather { only: "hot".to_owned(), ..Weather::of(seed(), Fault::Throttle, 1000) });
    run.sqs
        .set(Weather { only: DEAD_LETTERS.to_owned(), ..Weather::of(seed(), Fault::Error, 1000) });
    let mut function = run.callback().await;
    let events = [join("hot", "ann"), destroy("room"), join("room", "ben").of_type(7)];
    let response = response_to(&mut function, &signed(&events)).await;
    assert_eq!(response["statusCode"], 503);
    assert_eq!(deferred_messages(&run.stack).len(), 1);
    assert_eq!(queued_sweeps(&run.stack).len(), 1);
    assert!(read_dead_letters(&run.stack).is_empty());
}

#[tokio::test]
async fn a_sweep_queue_out_of_order_keeps_no_change_from_the_deferred_queue() {
    let run = run().await;
    run.dynamodb
        .set(Weather { only: "hot".to_owned(), ..Weather::of(seed(), Fault::Throttle, 1000) });
    run.sqs.set(Weather { only: SWEEPS.to_owned(), ..Weather::of(seed(), Fault::Error, 1000) });
    let mut function = run.callback().await;
    let callback = signed(&[join("hot", "ann"), destroy("room")]);
    let status = async |function: &mut _, callback: &SignedCallback| {
        response_to(function, callback).await["statusCode"].clone()
    };
    assert_eq!(status(&mut function, &callback).await, 503);
    assert_eq!(deferred_messages(&run.stack).len(), 1);
    run.sqs.set(Weather::default());
    assert_eq!(status(&mut function, &callback).await, 200);
    assert_eq!(queued_sweeps(&run.stack).len(), 1, "the sender's next try brings the sweep");
}

/// Starts a queue that refuses the second message of the first batch, for reasons of its own.
async fn half_a_batch() -> (String, Arc<AtomicUsize>) {
    let answer = async |State(batches): State<Arc<AtomicUsize>>, body: String| {
        let request: Value = serde_json::from_str(&body).unwrap();
        let entries = request["Entries"].as_array().unwrap();
        let is_first = batches.fetch_add(1, Ordering::SeqCst) == 0;
        let is_refused = |entry: &&Value| is_first && entry["Id"] == "1";
        let refused = entries
            .iter()
            .filter(is_refused)
            .map(|entry| json!({"Id": entry["Id"], "SenderFault": false, "Code": "InternalError"}));
        let sent = entries
            .iter()
            .filter(|entry| !is_refused(entry))
            .map(|entry| json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": ""}));
        json!({"Successful": sent.collect::<Vec<_>>(), "Failed": refused.collect::<Vec<_>>()})
            .to_string()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let batches = Arc::new(AtomicUsize::new(0));
    let app = Router::new().fallback(post(answer)).with_state(batches.clone());
    tokio::spawn(async { axum::serve(listener, app).await });
    (url, batches)
}

#[tokio::test]
async fn a_message_that_sqs_refuses_for_reasons_of_its_own_is_sent_again() {
    let (url, batches) = half_a_batch().await;
    let client = sqs(&url);
    let queue = Queue::new(|| client, format!("{url}/000000000000/queue"));
    let messages = Outgoing::after(Duration::ZERO, vec!["a".to_owned(), "b".to_owned()]);
    queue.send(messages.collect(), Instant::now() + PATIENCE).await.unwrap();
    assert_eq!(batches.load(Ordering::SeqCst), 2);
}
