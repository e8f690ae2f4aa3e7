//! The stage of a burst: everything that is deployed, and the wait until the table is right.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chatroom_status_sync::local::{
    lambda::{CALLBACK_TIME_OUT, WORKER_TIME_OUT},
    partitions::{Allowance, PartitionSettings, Refusal},
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::{
    Result,
    callbacks::Sender,
    deployment::Deployment,
    event_source::{EventSource, Tally},
    options::StageOptions,
    pool::{Pool, Program},
    room::BurstRoom,
    series::{Messages, Recorder},
    template::{Mapping, mappings},
};

/// The pause between two looks at the table.
const LOOK: Duration = Duration::from_millis(100);

/// A deployment on which a burst is played.
pub struct Stage {
    pub deployment: Arc<Deployment>,
    pub room: BurstRoom,
    pub sender: Sender,
    pub worker: Arc<Pool>,
    pub tally: Arc<Mutex<Tally>>,
    pub mappings: Vec<Mapping>,
    transit: Duration,
    limit: Duration,
}

/// The end of a burst.
pub struct Ending {
    /// The time after which the table was right.
    pub right: Option<Duration>,
    /// The time after which no message was left either.
    pub settled: Option<Duration>,
}

impl Stage {
    /// Deploys the functions, and creates the room.
    pub async fn set(allowance: Allowance, options: &StageOptions) -> Result<Self> {
        let refusal = if options.provisioned {
            Refusal::ProvisionedThroughputExceeded
        } else {
            Refusal::Throttling
        };
        let settings = PartitionSettings { allowance, refusal, latency: options.latency };
        let deployment = Arc::new(Deployment::start(settings).await?);
        let mut mappings = mappings(&options.template)?;
        for mapping in &mut mappings {
            mapping.batch = options.batch.unwrap_or(mapping.batch);
            mapping.concurrency = options.concurrency.unwrap_or(mapping.concurrency);
        }
        let batches = mappings.iter().map(|mapping| mapping.concurrency).sum();
        let pool = |name, binary: &String, time_out, most| {
            let program = Program { name, binary: binary.clone(), time_out };
            Arc::new(Pool::new(deployment.clone(), program, most))
        };
        let callback = pool("callback", &options.callback, CALLBACK_TIME_OUT, options.functions);
        let worker = pool("worker", &options.worker, WORKER_TIME_OUT, batches);
        let room = BurstRoom::create(deployment.table.clone()).await?;
        let (sender, tally) = (Sender::new(callback), Arc::default());
        let (transit, limit) = (options.transit, options.limit);
        Ok(Self { deployment, room, sender, worker, tally, mappings, transit, limit })
    }

    /// Brings messages to the worker from now on.
    pub fn open(&self) {
        for mapping in &self.mappings {
            let (deployment, worker) = (self.deployment.clone(), self.worker.clone());
            let (mapping, tally) = (mapping.clone(), self.tally.clone());
            let source = EventSource { mapping, transit: self.transit, deployment, worker, tally };
            tokio::spawn(async move {
                if let Err(why) = source.run().await {
                    eprintln!("the event source ended: {why}");
                }
            });
        }
    }

    /// Waits until so many items changed and the table is right, and then until no message is left.
    /// Gives up if nothing is left to do before, or when the limit is over.
    pub async fn wait(
        &self,
        begun: Instant,
        changes: u64,
        sending: &JoinHandle<Result>,
        is_right: impl AsyncFn(&BurstRoom) -> Result<bool>,
    ) -> Result<Ending> {
        let mut ending = Ending { right: None, settled: None };
        while begun.elapsed() < self.limit && ending.settled.is_none() {
            let now = begun.elapsed();
            // Whole rooms are read only once the count says that it is time.
            let is_time = self.deployment.partitions.changed() >= changes;
            if ending.right.is_none() && is_time && is_right(&self.room).await? {
                ending.right = Some(now);
            }
            if sending.is_finished() && self.is_settled().await? {
                ending.settled = Some(now);
            }
            sleep(LOOK).await;
        }
        if ending.right.is_none() && ending.settled.is_some() && is_right(&self.room).await? {
            ending.right = ending.settled;
        }
        Ok(ending)
    }

    /// Records a sample each second from now on.
    pub fn record(&self, beside: u64) -> Recorder {
        Recorder::start(self.deployment.clone(), beside)
    }

    async fn is_settled(&self) -> Result<bool> {
        let is_idle = self.sender.callback.is_idle() && self.worker.is_idle();
        Ok(is_idle && Messages::count(&self.deployment).await? == Messages::default())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Otherwise they would outlive the servers that they talk to, and complain.
        self.sender.callback.close();
        self.worker.close();
    }
}
