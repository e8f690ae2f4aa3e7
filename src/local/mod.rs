//! A whole deployment on one machine: stand-ins for AWS on loopback, and the real [`Receiver`] and
//! [`Worker`] between them, set up by the same variables as in Lambda.
//!
//! * [`dynamodb`]: an embedded engine, spoken to over HTTP as the real one.
//! * [`sqs`]: queues that can do what is needed of SQS here.
//! * [`event_source`]: brings messages of both queues to the worker, as Lambda does.
//! * [`im_server`]: signs callbacks, as the IM server does.
//! * [`api_gateway`]: makes Lambda events of HTTP requests.
//! * [`lambda`]: runs the binaries of functions, as processes of their own.
//! * [`data`]: the folder that keeps table and queues between runs.
//! * [`server`]: what listens, for those of them that answer requests.
//! * [`partitions`]: gives each partition of a table a rate of writes, as DynamoDB does.

pub mod api_gateway;
pub mod data;
pub mod dynamodb;
pub mod event_source;
pub mod im_server;
pub mod lambda;
pub mod partitions;
pub mod server;
pub mod sqs;

use std::{error::Error, net::SocketAddr, time::Duration};

use crate::{
    aws::Aws,
    env::Environment,
    functions::{log::LogLine, receiver::Receiver, settings::Settings, worker::Worker},
    table::{Table, schema},
};
use api_gateway::ApiGateway;
use dynamodb::{Data, DynamoDb};
use event_source::{EventSource, WatchedQueue};
use sqs::{DEAD_LETTERS, DEFERRED, SWEEPS, Sqs, arn_of};

/// The name of the table, unless `TABLE_NAME` says otherwise.
pub const TABLE: &str = "chatrooms";

/// A whole local deployment. Dropping it ends it.
pub struct Stack {
    /// The endpoint of callbacks.
    pub api_gateway: ApiGateway,
    /// The engine that has the table.
    pub dynamodb: DynamoDb,
    /// The deferred queue, the sweep queue and the dead-letter queue.
    pub sqs: Sqs,
    /// The source of the worker's events. It brings messages only when it is called.
    pub event_source: EventSource,
    /// A handle on the table, for reading.
    pub table: Table,
}

/// The addresses at which a local deployment listens. Port 0 is any free one.
#[derive(Debug, Clone, Copy)]
pub struct ListenAddresses {
    /// The address of the API gateway.
    pub callback: SocketAddr,
    /// The address of DynamoDB.
    pub dynamodb: SocketAddr,
    /// The address of SQS.
    pub sqs: SocketAddr,
}

impl ListenAddresses {
    /// Takes free ports of the loopback interface.
    pub fn free() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { callback: any, dynamodb: any, sqs: any }
    }
}

impl Stack {
    /// Starts everything and creates the table if it is not there. The sample app is served, unless
    /// the settings say otherwise: they may replace every variable that is about callbacks, and
    /// none that is about this deployment. `log` gets the line of each request.
    ///
    /// With `patience`, table and requests have that much time, so that a slow machine cuts no test
    /// short. Without it, the time-outs are those of Lambda.
    ///
    /// # Errors
    /// A port is taken, the data cannot be opened, or a setting is wrong.
    pub async fn start(
        data: Data,
        at: ListenAddresses,
        settings: &Environment<'_>,
        patience: Option<Duration>,
        log: fn(&LogLine),
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let sqs = match &data {
            Data::Folder(folder) => Sqs::open(&folder.queues(), at.sqs).await?,
            Data::Memory | Data::Elsewhere(_) => Sqs::start(at.sqs).await?,
        };
        let dynamodb = DynamoDb::start(data, at.dynamodb).await?;
        let secrets = serde_json::json!({ im_server::APP_KEY: im_server::APP_SECRET }).to_string();
        let (mut settings, mut aws) = {
            let env = Environment::new(|name| match variable(name, &dynamodb, &sqs) {
                Some(value) => Some(value),
                None if name == "TABLE_NAME" => {
                    settings.get(name).or_else(|| Some(TABLE.to_owned()))
                }
                None if name == "APP_SECRETS" => {
                    Some(settings.get(name).unwrap_or_else(|| secrets.clone()))
                }
                None if name.starts_with("AWS_") || name == "APP_SECRETS_ARN" => None,
                None => settings.get(name),
            });
            (Settings::read(&env)?, Aws::from_env(&env)?)
        };
        if let Some(patience) = patience {
            settings.budget = patience;
            aws = aws.with_attempt(patience);
        }
        let worker = Worker::new(settings.storage.clone(), &aws);
        let queues = [(DEFERRED, 10), (SWEEPS, 1)].map(|(name, batch)| WatchedQueue {
            url: sqs.url_of(name),
            arn: arn_of(name),
            batch,
        });
        let event_source = EventSource::new(worker, aws.sqs(), queues, log);
        let (name, retention) = (&settings.storage.table_name, settings.storage.retention_days);
        let table = Table::new(aws.dynamodb(), name, retention).with_attempt(aws.attempt());
        schema::create(table.client(), name).await?;
        let receiver = Receiver::start(settings, &aws).await;
        let api_gateway = ApiGateway::start(receiver, at.callback, log).await?;
        Ok(Self { api_gateway, dynamodb, sqs, event_source, table })
    }

    /// Gives a variable for another function in front of the same table and queues.
    pub fn variable(&self, name: &str) -> Option<String> {
        match name {
            "TABLE_NAME" => Some(self.table.name().to_owned()),
            _ => variable(name, &self.dynamodb, &self.sqs),
        }
    }

    /// Ends without loss: takes no more callbacks, waits until those under way are answered, and
    /// closes queues and table after them. Tells whether all requests were answered.
    pub async fn end(mut self) -> bool {
        let callbacks = self.api_gateway.end().await;
        let (queues, table) = tokio::join!(self.sqs.end(), self.dynamodb.end());
        callbacks && queues && table
    }

    /// Lets the worker work until its queues are empty, or hold only delayed messages.
    pub async fn drain(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        while self.event_source.poll().await? > 0 {}
        Ok(())
    }
}

/// Gives a variable that is about this deployment.
fn variable(name: &str, dynamodb: &DynamoDb, sqs: &Sqs) -> Option<String> {
    let value = match name {
        "DEFERRED_QUEUE_URL" => return Some(sqs.url_of(DEFERRED)),
        "SWEEP_QUEUE_URL" => return Some(sqs.url_of(SWEEPS)),
        "DEAD_LETTER_QUEUE_URL" => return Some(sqs.url_of(DEAD_LETTERS)),
        "AWS_REGION" => "us-east-1",
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "local",
        "AWS_ENDPOINT_URL_DYNAMODB" => dynamodb.url(),
        "AWS_ENDPOINT_URL_SQS" => sqs.url(),
        _ => return None,
    };
    Some(value.to_owned())
}
