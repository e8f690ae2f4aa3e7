//! Everything on one machine: an embedded DynamoDB engine, a queue and an API gateway on loopback,
//! and the real [`Receiver`] between them, set up by the same variables as in Lambda.
//!
//! * [`dynamodb`]: DynamoDB, spoken to over HTTP as the real one.
//! * [`sqs`]: as much of SQS as is used here.
//! * [`event_source`]: Lambda's event source, which brings deferred messages to the worker.
//! * [`im_server`]: signed callbacks, as the IM server sends them.
//! * [`api_gateway`]: the API gateway, which makes Lambda events of HTTP requests.

pub mod api_gateway;
pub mod dynamodb;
pub mod event_source;
pub mod im_server;
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
use event_source::EventSource;
use sqs::{DEAD_LETTERS, DEFERRED, Sqs};

/// The name of the table, unless `TABLE_NAME` says otherwise.
pub const TABLE: &str = "chatrooms";

/// A whole local deployment. Dropping it ends it.
pub struct Stack {
    /// Where callbacks go.
    pub api_gateway: ApiGateway,
    /// Where the table is.
    pub dynamodb: DynamoDb,
    /// Where deferred messages and dead letters go.
    pub sqs: Sqs,
    /// What brings deferred messages to the worker, whenever it is called.
    pub event_source: EventSource,
    /// A handle on the table, for reading.
    pub table: Table,
}

/// Where a local deployment listens. Port 0 is any free one.
#[derive(Debug, Clone, Copy)]
pub struct ListenAddresses {
    /// For callbacks.
    pub callback: SocketAddr,
    /// For DynamoDB.
    pub dynamodb: SocketAddr,
    /// For SQS.
    pub sqs: SocketAddr,
}

impl ListenAddresses {
    /// Loopback with free ports.
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
    /// With `patience`, nothing is cut short before it is over, as nothing should be in a test on a
    /// slow machine; without, the time-outs are those of Lambda.
    ///
    /// # Errors
    /// If a port is taken, the data cannot be opened, or a setting is wrong.
    pub async fn start(
        data: Data,
        at: ListenAddresses,
        settings: &Environment<'_>,
        patience: Option<Duration>,
        log: fn(&LogLine),
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let dynamodb = DynamoDb::start(data, at.dynamodb).await?;
        let sqs = Sqs::start(at.sqs).await?;
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
        let event_source = EventSource::new(worker, aws.sqs(), sqs.url_of(DEFERRED), log);
        let (name, retention) = (&settings.storage.table_name, settings.storage.retention_days);
        let table = Table::new(aws.dynamodb(), name, retention);
        schema::create(table.client(), name).await?;
        let receiver = Receiver::start(settings, &aws).await?;
        let api_gateway = ApiGateway::start(receiver, at.callback, log).await?;
        Ok(Self { api_gateway, dynamodb, sqs, event_source, table })
    }

    /// What a variable is for another function in front of the same table and queues.
    pub fn variable(&self, name: &str) -> Option<String> {
        match name {
            "TABLE_NAME" => Some(self.table.name().to_owned()),
            _ => variable(name, &self.dynamodb, &self.sqs),
        }
    }

    /// Lets the worker work until the deferred queue is empty or holds only what is delayed.
    ///
    /// # Errors
    /// What the queue says.
    pub async fn drain(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        while self.event_source.poll().await? > 0 {}
        Ok(())
    }
}

/// The variables that are about this deployment.
fn variable(name: &str, dynamodb: &DynamoDb, sqs: &Sqs) -> Option<String> {
    let value = match name {
        "DEFERRED_QUEUE_URL" => return Some(sqs.url_of(DEFERRED)),
        "DEAD_LETTER_QUEUE_URL" => return Some(sqs.url_of(DEAD_LETTERS)),
        "AWS_REGION" => "us-east-1",
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "local",
        "AWS_ENDPOINT_URL_DYNAMODB" => dynamodb.url(),
        "AWS_ENDPOINT_URL_SQS" => sqs.url(),
        _ => return None,
    };
    Some(value.to_owned())
}
