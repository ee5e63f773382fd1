//! What several modules of tests share, beside `mock` and `alloc`.

pub mod endless;
pub mod process;
pub mod strace;
pub mod sync_async;
