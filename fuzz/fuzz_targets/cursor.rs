//! Compares operations on a cursor with a model.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| io_shim_fuzz::cursor::run(bytes));
