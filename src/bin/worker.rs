//! The Lambda function that handles deferred messages. It only connects the Lambda runtime with the
//! [`Worker`].

use std::{process::ExitCode, time::SystemTime};

use chatroom_status_sync::{
    aws::Aws,
    domain::time::Timestamp,
    env::Environment,
    functions::{
        deadlines::LONGEST_INVOCATION, lambda, log::LogLine, settings::StorageSettings,
        worker::Worker,
    },
    wire::sqs::SqsEvent,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use tokio::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main(async || {
        let env = Environment::of_process();
        let (settings, aws) = (StorageSettings::read(&env)?, Aws::from_env(&env)?);
        // The worker lives as long as the process.
        let worker: &'static Worker = Box::leak(Box::new(Worker::new(settings, &aws)));
        let handler = move |event: LambdaEvent<SqsEvent>| async move {
            let now = Timestamp::from(SystemTime::now());
            let time_left = lambda::time_left(&event.context, now).unwrap_or(LONGEST_INVOCATION);
            let (response, lines) =
                worker.work(event.payload, now, Instant::now() + time_left).await;
            lines.iter().for_each(LogLine::print);
            Ok::<_, Error>(response)
        };
        tokio::spawn(lambda_runtime::run_concurrent(service_fn(handler))).await?
    })
    .await
}
