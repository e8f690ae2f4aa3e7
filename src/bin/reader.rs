//! The Lambda function that answers questions about rooms and members. It only connects the Lambda
//! runtime with the reader's routes.

use std::{convert::Infallible, process::ExitCode};

use axum::{
    Router,
    body::{Body, to_bytes},
};
use chatroom_status_sync::{
    aws::Aws,
    env::Environment,
    functions::{
        http::{self, TextResponse},
        lambda,
        reader::{self, apps::Apps, log},
    },
    table::read::Reader,
};
use lambda_http::{Adapter, Request, Response};
use lambda_runtime::{
    service_fn,
    tower::{Service, ServiceExt},
};
use tokio::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main(async || {
        let env = Environment::of_process();
        let table = env.require("TABLE_NAME", "the name of the DynamoDB table")?;
        let table = Reader::new(Aws::from_env(&env)?.dynamodb_for_readers(), table);
        let routes = reader::alone(table, Apps::read(&env)?);
        let handler = move |request: Request| answer(routes.clone(), request);
        let service = Adapter::from(service_fn(handler)).map_request(lambda::guarded);
        lambda_runtime::run(service).await
    })
    .await
}

/// Hands a request to the routes, and logs what came of it.
async fn answer(mut routes: Router, request: Request) -> Result<TextResponse, Infallible> {
    let received = Instant::now();
    let (id, path) = (http::request_id(&request), request.uri().path().to_owned());
    // Nothing that is asked here has a body.
    let response = routes.call(request.map(|_| Body::empty())).await?;
    log::print(&id, &path, &response, received.elapsed());
    let (head, body) = response.into_parts();
    // It is in memory already, as one piece of text.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&body).into_owned();
    Ok(TextResponse(Response::from_parts(head, text.into())))
}
