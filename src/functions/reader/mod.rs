//! The reader: answers questions about rooms and members over HTTP, as `openapi.json` says.
//!
//! Callers need no rule, no key and no paging of DynamoDB's: whoever is listed as present is in the
//! room. The same router runs in Lambda and in `chatroom serve`.
//!
//! * [`apps`]: the apps whose rooms may be read.
//! * `parameters`: reads the query string of a request.
//! * `cursor`: the place where the next page begins.
//! * `routes`: one function for each question.
//! * `answer`: the answers to requests, as responses.
//! * `problem`: the answers to requests that have none.
//! * [`log`]: the line about a request.

mod answer;
pub mod apps;
mod cursor;
pub mod log;
mod parameters;
mod problem;
mod routes;

use axum::{Router, http::StatusCode, routing::get};

use crate::table::read::Reader;
use answer::json;
use apps::Apps;
use problem::Problem;
use routes::Context;

/// The description of the routes in `OpenAPI` 3.1, for people and for generators of clients.
pub const OPENAPI: &str = include_str!("openapi.json");

/// Makes the routes for the rooms of some apps, and answers requests for anything else.
pub fn alone(reader: Reader, apps: Apps) -> Router {
    router(reader, apps).fallback(async || Problem::route())
}

/// Makes the routes for the rooms of some apps, to stand beside others.
pub fn router(reader: Reader, apps: Apps) -> Router {
    Router::new()
        .route("/rooms", get(routes::rooms))
        .route("/room", get(routes::room))
        .route("/members", get(routes::members))
        .route("/member", get(routes::member))
        .route("/rooms-of", get(routes::rooms_of))
        .route("/openapi.json", get(async || json(StatusCode::OK, OPENAPI.to_owned())))
        .method_not_allowed_fallback(async || Problem::method())
        .with_state(Context { reader, apps })
}
