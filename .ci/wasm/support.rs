//! The modules of `tests/it/support` that work on WebAssembly.

#[path = "../../tests/it/support/endless.rs"]
pub mod endless;
#[path = "../../tests/it/support/sync_async.rs"]
pub mod sync_async;
