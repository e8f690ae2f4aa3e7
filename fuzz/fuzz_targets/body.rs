//! Every byte of a signed body is accounted for.
#![no_main]

use chatroom_status_sync_fuzz::checks::bodies;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| bodies::check(bytes));
