//! The Lambda function that answers callbacks. It only connects the Lambda runtime with the
//! [`Receiver`].

use std::{convert::Infallible, process::ExitCode, time::SystemTime};

use chatroom_status_sync::{
    aws::Aws,
    domain::time::Timestamp,
    env::{Environment, SettingError},
    functions::{
        http::{self, TextResponse},
        lambda,
        receiver::Receiver,
        settings::Settings,
    },
};
use lambda_http::{Adapter, Request, RequestExt};
use lambda_runtime::{service_fn, tower::ServiceExt};

// Most of a request's time is waiting, so one thread is enough.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main(async || {
        // The receiver lives as long as the process.
        let receiver: &'static Receiver = Box::leak(Box::new(start().await?));
        let handler = move |request: Request| async move {
            let now = Timestamp::from(SystemTime::now());
            let context = request.lambda_context_ref();
            let time_left = context.and_then(|context| lambda::time_left(context, now));
            let (answer, line) =
                receiver.receive(http::read_request(request, now), time_left).await;
            line.print();
            Ok::<_, Infallible>(TextResponse(http::respond(&answer)))
        };
        let service = Adapter::from(service_fn(handler)).map_request(lambda::guarded);
        // A task of its own: what wakes the main future also wakes the thread, by a system call.
        tokio::spawn(lambda_runtime::run_concurrent(service)).await?
    })
    .await
}

async fn start() -> Result<Receiver, SettingError> {
    let env = Environment::of_process();
    Ok(Receiver::start(Settings::read(&env)?, &Aws::from_env(&env)?).await)
}
