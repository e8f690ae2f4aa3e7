//! The Lambda function that answers callbacks. All it does is to connect the Lambda runtime with
//! the [`Receiver`].

use std::{process::ExitCode, time::SystemTime};

use chatroom_status_sync::{
    aws::Aws,
    domain::time::Timestamp,
    env::{Environment, SettingError},
    functions::{
        http::{GatewayEvent, GatewayResponse},
        lambda,
        receiver::Receiver,
        settings::Settings,
    },
};
use lambda_runtime::{Error, LambdaEvent, service_fn};

// Most of a request's time is waiting, so one thread is enough: for one request at a time, as Lambda
// sends them, and for the several at once of Lambda Managed Instances.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main(async || {
        // As long as the process.
        let receiver: &'static Receiver = Box::leak(Box::new(start().await?));
        let handler = move |event: LambdaEvent<GatewayEvent>| async move {
            let now = Timestamp::from(SystemTime::now());
            let time_left = lambda::time_left(&event.context, now);
            let (answer, line) = receiver.receive(event.payload.into_request(now), time_left).await;
            line.print();
            Ok::<_, Error>(GatewayResponse::from(&answer))
        };
        // A task of its own: what wakes the main future also wakes the thread, by a system call.
        tokio::spawn(lambda_runtime::run_concurrent(service_fn(handler))).await?
    })
    .await
}

async fn start() -> Result<Receiver, SettingError> {
    let env = Environment::of_process();
    Receiver::start(Settings::read(&env)?, &Aws::from_env(&env)?).await
}
