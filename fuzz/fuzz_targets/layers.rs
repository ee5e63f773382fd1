//! Polls nested conversions over a scripted reader or writer that may break its contract.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // A flag of the first record that the scripts of readers and writers do not use.
    if bytes.get(2).is_some_and(|flags| flags & 4 != 0) {
        io_shim_fuzz::writer::run(bytes);
    } else {
        io_shim_fuzz::reader::run(bytes);
    }
});
