//! The tests that need neither threads nor a system, for WebAssembly. `.ci/deep wasm` runs them.
#![feature(custom_test_frameworks)]
#![test_runner(wasm_runner::run)]
#![allow(unsafe_code, reason = "tests look at memory that is not filled, and count allocations")]
#![allow(dead_code, missing_docs, missing_debug_implementations, unreachable_pub, reason = "nothing here is public")]

macro_rules! modules {
    ($($name:ident $path:literal)*) => {$(
        #[path = $path]
        mod $name;
    )*};
}

modules! {
    alloc "../../tests/it/alloc.rs"
    auto_traits "../../tests/it/auto_traits.rs"
    buffered_reading "../../tests/it/buffered_reading.rs"
    cursor "../../tests/it/cursor.rs"
    hostile "../../tests/it/hostile.rs"
    hostile_types "../../tests/it/hostile_types/mod.rs"
    mock "../../tests/it/mock.rs"
    model "../../tests/it/model/mod.rs"
    owned "../../tests/it/owned/mod.rs"
    packets "../../tests/it/packets.rs"
    seek "../../tests/it/seek.rs"
    slice_feed "../../tests/it/slice_feed.rs"
    spare "../../tests/it/spare.rs"
    std_types "../../tests/it/std_types.rs"
    streams "../../tests/it/streams/mod.rs"
    suites "../../tests/it/suites.rs"
    traits "../../tests/it/traits/mod.rs"
    vectored "../../tests/it/vectored.rs"
    watermark "../../tests/it/watermark.rs"
    zeroing "../../tests/it/zeroing.rs"
}

mod support;
