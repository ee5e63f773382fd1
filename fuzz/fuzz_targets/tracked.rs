//! Operations on an owned buffer, against the model of it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| io_shim_fuzz::tracked::run(bytes));
