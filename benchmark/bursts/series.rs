//! The numbers of each second of a burst.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_sqs::types::QueueAttributeName;
use serde::Serialize;
use tokio::{task::AbortHandle, time::interval};

use crate::{
    Result,
    deployment::{Deployment, QUEUES},
};

/// The length of a sample.
const SECOND: Duration = Duration::from_secs(1);

/// The end of a second, and what happened during it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Sample {
    second: usize,
    /// Writes during the second that the partition allowed, and those that it did not. The second
    /// begins with the first write, a moment later than that of the rest.
    granted: u64,
    throttled: u64,
    #[serde(flatten)]
    messages: Messages,
    /// Items that are as they should be in the end.
    right: u64,
}

/// The messages of all queues of work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Messages {
    visible: u64,
    in_flight: u64,
    delayed: u64,
}

/// A recorder of samples. Dropping it ends it.
pub struct Recorder {
    deployment: Arc<Deployment>,
    samples: Arc<Mutex<Vec<Sample>>>,
    task: AbortHandle,
}

impl Recorder {
    /// Starts to record. `beside` is the number of changes that are about no member.
    pub fn start(deployment: Arc<Deployment>, beside: u64) -> Self {
        let samples = Arc::new(Mutex::new(Vec::new()));
        let (recorded, observed) = (samples.clone(), deployment.clone());
        let task = tokio::spawn(async move {
            if let Err(why) = record(&observed, beside, &recorded).await {
                eprintln!("the recorder ended: {why}");
            }
        });
        Self { deployment, samples, task: task.abort_handle() }
    }

    /// Gives the samples so far.
    pub fn samples(&self) -> Vec<Sample> {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (sample, second) in samples.iter_mut().zip(self.deployment.partitions.counts().seconds)
        {
            (sample.granted, sample.throttled) = (second.granted, second.throttled);
        }
        samples
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn record(deployment: &Deployment, beside: u64, samples: &Mutex<Vec<Sample>>) -> Result {
    let mut ticks = interval(SECOND);
    ticks.tick().await;
    for second in 0.. {
        ticks.tick().await;
        let messages = Messages::count(deployment).await?;
        let right = deployment.partitions.changed().saturating_sub(beside);
        let sample = Sample { second, messages, right, ..Sample::default() };
        samples.lock().unwrap_or_else(PoisonError::into_inner).push(sample);
    }
    Ok(())
}

impl Messages {
    /// Counts the messages now.
    pub async fn count(deployment: &Deployment) -> Result<Self> {
        let mut sum = Self::default();
        for (_, queue) in QUEUES {
            let asked = deployment.sqs_client.get_queue_attributes();
            let told = asked
                .queue_url(deployment.url_of(queue))
                .attribute_names(QueueAttributeName::All)
                .send()
                .await?;
            let number = |name: QueueAttributeName| {
                let text = told.attributes().and_then(|all| all.get(&name));
                text.and_then(|text| text.parse::<u64>().ok()).unwrap_or_default()
            };
            sum.visible += number(QueueAttributeName::ApproximateNumberOfMessages);
            sum.in_flight += number(QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
            sum.delayed += number(QueueAttributeName::ApproximateNumberOfMessagesDelayed);
        }
        Ok(sum)
    }
}
