//! Deferred changes come back as they were.
#![no_main]

use chatroom_status_sync_fuzz::checks::messages;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| messages::check(bytes));
