//! The local queue, which stands in for SQS: it refuses the same messages, and tells the same about
//! them.

use aws_sdk_sqs::{
    Client,
    error::ProvideErrorMetadata,
    types::{
        DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
        SendMessageBatchRequestEntry,
    },
};
use chatroom_status_sync::local::{ListenAddresses, sqs::Sqs};

use crate::support::sqs;

/// Starts queues. Gives them, a client, and the URL of queue `q`.
async fn queue() -> (Sqs, Client, String) {
    let queues = Sqs::start(ListenAddresses::free().sqs).await.unwrap();
    let (client, url) = (sqs(queues.url()), queues.url_of("q"));
    (queues, client, url)
}

async fn received(client: &Client, url: &str) -> Vec<Message> {
    client
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .visibility_timeout(900)
        .send()
        .await
        .unwrap()
        .messages
        .unwrap_or_default()
}

/// The numbers of messages in a queue that can be received now, are received, or come later.
#[derive(Debug, PartialEq)]
struct Messages {
    visible: u64,
    in_flight: u64,
    delayed: u64,
}

async fn messages(client: &Client, url: &str) -> Messages {
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    let told = client
        .get_queue_attributes()
        .queue_url(url)
        .set_attribute_names(Some(names.to_vec()))
        .send()
        .await
        .unwrap()
        .attributes
        .unwrap();
    let [visible, in_flight, delayed] = names.map(|name| told[&name].parse().unwrap());
    Messages { visible, in_flight, delayed }
}

/// Sends a batch of messages. Gives the code of each refused message, or the code of a refused
/// batch.
async fn sent(client: &Client, url: &str, bodies: &[String]) -> Result<Vec<String>, String> {
    let entry = |(index, body): (usize, &String)| {
        let entry = SendMessageBatchRequestEntry::builder().id(index.to_string());
        entry.message_body(body).build().unwrap()
    };
    let entries = bodies.iter().enumerate().map(entry).collect();
    match client.send_message_batch().queue_url(url).set_entries(Some(entries)).send().await {
        Ok(sent) => {
            assert!(
                sent.failed.iter().all(|failed| failed.message.is_some()),
                "a refusal says why"
            );
            Ok(sent.failed.into_iter().map(|failed| failed.code).collect())
        }
        Err(error) => Err(error.code().unwrap().to_owned()),
    }
}

#[tokio::test]
async fn a_batch_that_sqs_would_refuse_is_refused_whole() {
    let (queues, client, url) = queue().await;
    let half = "a".repeat(128 * 1024);
    for (bodies, code) in [
        (vec![half.clone(), half.clone() + "a"], "BatchRequestTooLong"),
        (vec!["a".to_owned(); 11], "TooManyEntriesInBatchRequest"),
        (vec![], "EmptyBatchRequest"),
    ] {
        let refused = sent(&client, &url, &bodies).await.unwrap_err();
        assert!(refused.ends_with(code), "{refused} is not {code}");
    }
    assert!(queues.bodies("q").is_empty());
    assert_eq!(sent(&client, &url, &[half.clone(), half]).await, Ok(vec![]));
}

#[tokio::test]
async fn a_message_with_a_character_that_sqs_refuses_is_refused_by_itself() {
    let (queues, client, url) = queue().await;
    let bodies = ["\u{fffe}", "\u{ffff}", "\u{0}", "\u{1b}", "\t\n\r\u{fffd}😀"];
    let refused = sent(&client, &url, &bodies.map(str::to_owned)).await;
    assert_eq!(refused, Ok(vec!["InvalidMessageContents".to_owned(); 4]));
    assert_eq!(queues.bodies("q"), [bodies[4]]);
}

#[tokio::test]
async fn a_message_tells_when_it_was_sent_and_how_often_it_was_received() {
    let (_queues, client, url) = queue().await;
    client.send_message().queue_url(&url).message_body("a").send().await.unwrap();
    let first = received(&client, &url).await.remove(0);
    assert!(received(&client, &url).await.is_empty());
    let give_back = client
        .change_message_visibility()
        .queue_url(&url)
        .set_receipt_handle(first.receipt_handle.clone())
        .visibility_timeout(0);
    give_back.clone().send().await.unwrap();
    let second = received(&client, &url).await.remove(0);

    let told = |message: &Message, name| message.attributes.as_ref().unwrap()[&name].clone();
    let count = MessageSystemAttributeName::ApproximateReceiveCount;
    assert_eq!([told(&first, count.clone()), told(&second, count)], ["1", "2"]);
    let time = MessageSystemAttributeName::SentTimestamp;
    assert_eq!(told(&first, time.clone()), told(&second, time));
    assert_ne!(first.receipt_handle, second.receipt_handle);
    let refused = give_back.send().await.unwrap_err();
    assert!(refused.code().unwrap().ends_with("MessageNotInflight"), "it is somebody else's now");
}

#[tokio::test]
async fn messages_are_counted_by_visibility_and_deleted_by_any_of_their_handles() {
    let (queues, client, url) = queue().await;
    for body in ["a", "b", "c"] {
        client.send_message().queue_url(&url).message_body(body).send().await.unwrap();
    }
    client
        .send_message()
        .queue_url(&url)
        .message_body("later")
        .delay_seconds(900)
        .send()
        .await
        .unwrap();
    assert_eq!(messages(&client, &url).await, Messages { visible: 3, in_flight: 0, delayed: 1 });

    let taken = received(&client, &url).await;
    assert_eq!(messages(&client, &url).await, Messages { visible: 0, in_flight: 3, delayed: 1 });
    for message in &taken {
        client
            .change_message_visibility()
            .queue_url(&url)
            .set_receipt_handle(message.receipt_handle.clone())
            .visibility_timeout(0)
            .send()
            .await
            .unwrap();
    }
    received(&client, &url).await;
    let entry = |(index, message): (usize, &Message)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string());
        entry.set_receipt_handle(message.receipt_handle.clone()).build().unwrap()
    };
    let deleted = client
        .delete_message_batch()
        .queue_url(&url)
        .set_entries(Some(taken.iter().enumerate().map(entry).collect()))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.successful.len(), 3);
    assert!(deleted.failed.is_empty());
    assert_eq!(queues.bodies("q"), ["later"]);
}

#[tokio::test]
async fn a_queue_is_found_by_its_name() {
    let (queues, client, url) = queue().await;
    let found = client.get_queue_url().queue_name("q").send().await.unwrap();
    assert_eq!(found.queue_url, Some(url));
    drop(queues);
}
