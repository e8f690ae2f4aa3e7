//! Brings the messages of a queue to the worker, as Lambda does: in batches, of which so many are
//! under way at once. Messages that the worker does not report as failed are deleted.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use chatroom_status_sync::local::{event_source::record, sqs::arn_of};
use serde_json::json;
use tokio::{sync::Semaphore, time::sleep};

use crate::{
    Result,
    deployment::Deployment,
    pool::{Invocation, Pool},
    template::Mapping,
};

/// The pause after a poll that found nothing. Lambda's polls are long: they return at once when
/// there is something.
const IDLE: Duration = Duration::from_millis(50);

/// The event source of one queue.
#[derive(Clone)]
pub struct EventSource {
    pub mapping: Mapping,
    /// The time that a batch takes from the queue to the worker.
    pub transit: Duration,
    pub deployment: Arc<Deployment>,
    pub worker: Arc<Pool>,
    pub tally: Arc<Mutex<Tally>>,
}

/// The invocations of the worker, for messages of all queues.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub invocations: u64,
    /// Invocations that reported every message, or wrote nothing.
    pub nowhere: u64,
    /// Invocations with a sweep among their messages.
    pub sweeps: u64,
    /// Messages that were handed over, repeated ones included.
    pub messages: u64,
    /// The most times that a message was received.
    pub most_receives: u64,
    /// Reasons of invocations that gave no response.
    pub failures: Vec<String>,
}

impl EventSource {
    /// Polls for ever.
    pub async fn run(self) -> Result {
        let free = Arc::new(Semaphore::new(self.mapping.concurrency.into()));
        loop {
            let permit = free.clone().acquire_owned().await?;
            let messages = self.receive().await?;
            if messages.is_empty() {
                drop(permit);
                sleep(IDLE).await;
                continue;
            }
            let source = self.clone();
            tokio::spawn(async move {
                if let Err(why) = source.hand_over(&messages).await {
                    eprintln!("{}: {why}", source.mapping.queue);
                }
                drop(permit);
            });
        }
    }

    async fn receive(&self) -> Result<Vec<Message>> {
        let received = self
            .deployment
            .sqs_client
            .receive_message()
            .queue_url(self.deployment.url_of(self.mapping.queue))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .max_number_of_messages(self.mapping.batch.into())
            .visibility_timeout(self.mapping.visibility_seconds.into())
            .send()
            .await?;
        Ok(received.messages.unwrap_or_default())
    }

    async fn hand_over(&self, messages: &[Message]) -> Result {
        let arn = arn_of(self.mapping.queue);
        let records: Vec<_> = messages.iter().map(|message| record(message, &arn)).collect();
        sleep(self.transit).await;
        let invocation = self.worker.invoke(json!({"Records": records}).to_string()).await?;
        let failed = failed(&invocation);
        let is_failed = |message: &Message| {
            failed.as_ref().is_none_or(|failed| failed.contains(message.message_id().unwrap_or("")))
        };
        let (failed, done): (Vec<_>, Vec<_>) = messages.iter().partition(|it| is_failed(it));
        self.note(messages, failed.len(), &invocation);
        self.delete(&done).await
    }

    async fn delete(&self, done: &[&Message]) -> Result {
        if done.is_empty() {
            return Ok(());
        }
        let entry = |(index, message): (usize, &&Message)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .set_receipt_handle(message.receipt_handle().map(str::to_owned))
                .build()
        };
        let entries = done.iter().enumerate().map(entry).collect::<std::result::Result<_, _>>()?;
        let delete = self.deployment.sqs_client.delete_message_batch();
        let url = self.deployment.url_of(self.mapping.queue);
        delete.queue_url(url).set_entries(Some(entries)).send().await?;
        Ok(())
    }

    fn note(&self, messages: &[Message], failed: usize, invocation: &Invocation) {
        let receives = |message: &Message| {
            let name = MessageSystemAttributeName::ApproximateReceiveCount;
            message.attributes()?.get(&name)?.parse().ok()
        };
        let is_sweep =
            |message: &Message| message.body().is_some_and(|it| it.contains("\"sweep\""));
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.invocations += 1;
        tally.messages += messages.len() as u64;
        tally.nowhere += u64::from(failed == messages.len() || invocation.writes == 0);
        tally.sweeps += u64::from(messages.iter().any(is_sweep));
        let most = messages.iter().filter_map(receives).max().unwrap_or_default();
        tally.most_receives = tally.most_receives.max(most);
        tally.failures.extend(invocation.response.as_ref().err().map(ToString::to_string));
    }
}

/// Reads the ids of the messages that the worker reports; `None` if all of them failed.
fn failed(invocation: &Invocation) -> Option<BTreeSet<&str>> {
    let response = invocation.response.as_ref().ok()?;
    let failures = response["batchItemFailures"].as_array().map(Vec::as_slice).unwrap_or_default();
    Some(failures.iter().filter_map(|failure| failure["itemIdentifier"].as_str()).collect())
}
