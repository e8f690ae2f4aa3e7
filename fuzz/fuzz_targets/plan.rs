//! Order and repetition of events change nothing.
#![no_main]

use chatroom_status_sync_fuzz::checks::plans;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| plans::check(bytes));
