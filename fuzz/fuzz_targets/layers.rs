//! Polls through a stack of conversions, over a scripted reader or writer that may break its contract.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // A bit of the flags in the first record that readers and writers leave alone.
    if bytes.get(2).is_some_and(|flags| flags & 4 != 0) {
        io_shim_fuzz::writer::run(bytes);
    } else {
        io_shim_fuzz::reader::run(bytes);
    }
});
