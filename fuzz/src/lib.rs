//! The project's pure core under a fuzzer. It is compiled without clients and servers, so that a
//! run starts within a minute.
//!
//! [`checks`] has one module for each target.
#![allow(dead_code, unused_imports)]

#[path = "../../src/callback/mod.rs"]
pub mod callback;
#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/wire/mod.rs"]
pub mod wire;

/// The steps from a gateway's event to a request.
#[path = "../../src/functions"]
pub mod functions {
    pub mod deadlines;
    pub mod guard;
    pub mod http;
}

pub mod checks;
