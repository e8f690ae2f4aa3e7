//! The project's pure core under a fuzzer: what a callback means, compiled without everything that
//! only moves it, so that a run starts within a minute.
//!
//! [`checks`] has one module for each target.
#![allow(dead_code, unused_imports)]

#[path = "../../src/answer.rs"]
pub mod answer;
#[path = "../../src/callback/mod.rs"]
pub mod callback;
#[path = "../../src/dead_letters.rs"]
pub mod dead_letters;
#[path = "../../src/deferred.rs"]
pub mod deferred;
#[path = "../../src/event.rs"]
pub mod event;
#[path = "../../src/gateway.rs"]
pub mod gateway;
#[path = "../../src/ids.rs"]
pub mod ids;
#[path = "../../src/keyring.rs"]
pub mod keyring;
#[path = "../../src/message.rs"]
pub mod message;
#[path = "../../src/parse.rs"]
pub mod parse;
#[path = "../../src/plan.rs"]
pub mod plan;
#[path = "../../src/request.rs"]
pub mod request;
#[path = "../../src/time.rs"]
pub mod time;

pub mod checks;
