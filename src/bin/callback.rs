//! The Lambda function that answers callbacks. All it does is to connect the Lambda runtime with
//! the [`Receiver`].

use std::process::ExitCode;

use chatroom_status_sync::{
    aws::Aws,
    gateway::{GatewayEvent, GatewayResponse},
    lambda,
    receiver::Receiver,
    settings::{Environment, SettingError, Settings},
    time::Timestamp,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};

// One request at a time is all that Lambda sends, and most of its time is waiting: one thread is
// enough.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main(async || {
        let receiver = &start().await?;
        let handler = |event: LambdaEvent<GatewayEvent>| async move {
            let now = Timestamp::now();
            let time_left = lambda::time_left(&event.context, now);
            let (answer, line) = receiver
                .receive(event.payload.into_request(now), time_left)
                .await;
            line.print();
            Ok::<_, Error>(GatewayResponse::from(&answer))
        };
        lambda_runtime::run(service_fn(handler)).await
    })
    .await
}

async fn start() -> Result<Receiver, SettingError> {
    let env = Environment::of_process();
    Receiver::start(Settings::read(&env)?, &Aws::from_env(&env)?).await
}
