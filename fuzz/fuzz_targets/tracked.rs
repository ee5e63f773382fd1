//! Compares operations on an owned buffer with a model.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| io_shim_fuzz::tracked::run(bytes));
