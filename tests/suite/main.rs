//! Tests at the edges: HTTP requests or Lambda events go in; answers, and rows of an embedded
//! DynamoDB engine, come out. The name of each test is the sentence that it proves.
//!
//! All of them are one binary, because linking takes longer than running.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

/// The parts that tests are made of.
mod support;

// From a request to events.

/// Events that are read from a body, and faults that keep the rest.
mod parsing;
/// Plans, which fold events into one change for each item.
mod planning;
/// Signatures, and the refusals of requests that are not well signed.
mod verification;

// From events to rows.

/// Hops, the parts in which the worker sweeps a large room.
mod hops;
/// One table for the same events in any order.
mod order;
/// The answers of the library's reader, before and after sweeps.
mod reading;
/// The promises to readers of the table, and the tests that prove them.
mod semantics;
/// Sweeps, which carry a room's end to its members.
mod sweeping;
/// Rows that single events lead to.
mod writing;

// The functions.

/// Answers over HTTP, and the dead letters that are kept.
mod answers;
/// Connections to AWS.
mod connections;
/// Messages of the deferred queue, and how they are packed and read.
mod deferred_messages;
/// Changes that are queued because the table does not confirm them in time.
mod deferring;
/// The real binaries behind proxies that make requests fail on purpose.
mod faults;
/// Events of every gateway, at the real `callback` binary.
mod gateways;
/// The guard, which makes events harmless for the HTTP library.
mod guard;
/// The `callback` binary behind Lambda's Runtime API.
mod lambda;
/// The HTTP library of the functions, and the requests that it cannot take.
mod lambda_http;
/// The reader's routes over HTTP, and the `reader` binary.
mod reader;
/// Secrets that are rotated while functions run.
mod secrets;
/// Settings, right and wrong, and the lines about wrong ones.
mod settings;
/// The `worker` binary behind Lambda's Runtime API.
mod worker;

// The local stand-ins and the command line.

/// Commands for one event, one room, one deployment.
mod commands;
/// `chatroom dead-letters`.
mod dead_letters;
/// `chatroom estimate`.
mod estimate;
/// `chatroom export` and `chatroom stats`.
mod exporting;
/// `chatroom load`.
mod load;
/// The local partitions beside those of DynamoDB.
mod local_partitions;
/// The local queue beside SQS.
mod local_queue;
/// `chatroom sweep`.
mod lost_sweeps;
/// The output of the command line, as people and programs see it.
mod output;
/// The page of `chatroom serve` and `chatroom console`.
mod page;
/// `chatroom repair`.
mod repair;
/// The sample events, and the answers that they promise.
mod sample_events;
/// `chatroom serve`.
mod serve;
/// `chatroom watch`, and the follower below it.
mod watching;
