//! Every test is a sentence about what goes in at one edge and comes out at another: HTTP requests
//! or Lambda events in, answers and rows of an embedded DynamoDB engine out.
//!
//! One binary, because linking takes longer than running.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod support;

mod answers;
mod commands;
mod connections;
mod dead_letters;
mod deferred_messages;
mod deferring;
mod estimate;
mod faults;
mod lambda;
mod lambda_http;
mod load;
mod local_queue;
mod order;
mod parsing;
mod planning;
mod sample_events;
mod secrets;
mod semantics;
mod settings;
mod sweeping;
mod verification;
mod worker;
mod writing;
