//! Whatever comes in, only what is signed is believed.
#![no_main]

use chatroom_status_sync_fuzz::checks::requests;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| requests::check(bytes));
