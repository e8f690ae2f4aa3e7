//! The table behind its partitions, and the queues.

use std::time::Duration;

use chatroom_status_sync::{
    aws::Aws,
    env::Environment,
    local::{
        ListenAddresses, TABLE,
        dynamodb::{Data, DynamoDb},
        im_server::{APP_KEY, APP_SECRET},
        partitions::{PartitionSettings, Partitions},
        sqs::{DEAD_LETTERS, DEFERRED, Sqs},
    },
    table::{Table, schema},
};
use serde_json::json;

use crate::Result;

/// The queues of work, each with the variable that tells functions its URL.
pub const QUEUES: [(&str, &str); 2] =
    [("DEFERRED_QUEUE_URL", DEFERRED), ("SWEEP_QUEUE_URL", "sweeps")];
/// The time for a request of the benchmark's own, which reads whole rooms.
const PATIENCE: Duration = Duration::from_mins(1);
const REGION: &str = "us-east-1";

/// All that functions work with.
pub struct Deployment {
    /// The layer through which functions reach the table.
    pub partitions: Partitions,
    /// The table, past the layer.
    pub table: Table,
    /// A client for the queues.
    pub sqs_client: aws_sdk_sqs::Client,
    sqs: Sqs,
    _engine: DynamoDb,
}

impl Deployment {
    pub async fn start(settings: PartitionSettings) -> Result<Self> {
        let addresses = ListenAddresses::free();
        let engine = DynamoDb::start(Data::Memory, addresses.dynamodb).await?;
        let sqs = Sqs::start(addresses.sqs).await?;
        let partitions = Partitions::start(engine.url(), settings).await?;
        let aws = aws(engine.url(), sqs.url())?;
        let table = Table::new(aws.dynamodb(), TABLE, 30);
        schema::create(table.client(), TABLE).await?;
        Ok(Self { partitions, table, sqs_client: aws.sqs(), sqs, _engine: engine })
    }

    /// Gives the URL of a queue.
    pub fn url_of(&self, queue: &str) -> String {
        self.sqs.url_of(queue)
    }

    /// Gives the number of dead letters.
    pub fn dead_letters(&self) -> usize {
        self.sqs.bodies(DEAD_LETTERS).len()
    }

    /// Gives the variables of a function, but for its access key. Sweeps are not delayed.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.partitions.url().to_owned()),
            ("AWS_ENDPOINT_URL_SQS", self.sqs.url().to_owned()),
            ("TABLE_NAME", TABLE.to_owned()),
            ("APP_SECRETS", json!({ APP_KEY: APP_SECRET }).to_string()),
            ("SWEEP_DELAY_SECONDS", "0".to_owned()),
            ("DEAD_LETTER_QUEUE_URL", self.url_of(DEAD_LETTERS)),
        ];
        variables.extend(QUEUES.map(|(variable, queue)| (variable, self.url_of(queue))));
        variables
    }
}

/// Takes both services at their local endpoints.
fn aws(dynamodb: &str, sqs: &str) -> Result<Aws> {
    let environment = Environment::new(|name| {
        let value = match name {
            "AWS_REGION" => REGION,
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "benchmark",
            "AWS_ENDPOINT_URL_DYNAMODB" => dynamodb,
            "AWS_ENDPOINT_URL_SQS" => sqs,
            _ => return None,
        };
        Some(value.to_owned())
    });
    Ok(Aws::from_env(&environment)?.with_attempt(PATIENCE))
}
