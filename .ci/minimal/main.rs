//! The tests that show soundness, those of hyper, and those of yielding, as one binary with few
//! development dependencies. `.ci/run minimal` runs it.
#![allow(unsafe_code, reason = "tests look at memory that is not filled, and count allocations")]
#![allow(dead_code, missing_docs, missing_debug_implementations, unreachable_pub, reason = "nothing here is public")]

#[path = "../../tests/it/alloc.rs"]
mod alloc;
#[path = "../../tests/it/auto_traits.rs"]
mod auto_traits;
#[path = "../../tests/it/support/endless.rs"]
mod endless;
#[path = "../../tests/it/hostile.rs"]
mod hostile;
#[path = "../../tests/it/hyper_chunked_responses.rs"]
mod hyper_chunked_responses;
#[path = "../../tests/it/hyper_on_smol.rs"]
mod hyper_on_smol;
#[path = "../../tests/it/mock.rs"]
mod mock;
#[path = "../../tests/it/pooled_client.rs"]
mod pooled_client;
#[path = "../../tests/it/spare.rs"]
mod spare;
#[path = "../../tests/it/streams/mod.rs"]
mod streams;
#[path = "../../tests/it/watermark.rs"]
mod watermark;
#[path = "../../tests/it/yielding.rs"]
mod yielding;
#[path = "../../tests/it/zeroing.rs"]
mod zeroing;

/// The modules expect it here.
mod support {
    pub(crate) use crate::endless;
}
