//! What of `tests/it/support` works here.

#[path = "../../tests/it/support/endless.rs"]
pub mod endless;
#[path = "../../tests/it/support/sync_async.rs"]
pub mod sync_async;
