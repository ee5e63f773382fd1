//! io-shim's traits, and their implementations for pointers and for types in memory.
//!
//! Depends on `buf` and `coop`, and on no other module of the crate.

mod buf_read;
mod delegate;
mod forward;
mod memory;
mod read;
mod read_to_end;
mod seek;
mod write;

pub use buf_read::AsyncBufRead;
pub(crate) use buf_read::append_chunk;
pub(crate) use read::count;
#[cfg(any(feature = "owned", feature = "stream"))]
pub(crate) use read::poll_read_on_budget;
pub use read::{AsyncReadBuf, ReadBuf};
pub(crate) use read_to_end::{read_to_end, read_to_string, std_read, uninterrupted};
pub use seek::AsyncSeek;
pub use write::{AsyncWrite, WriteVectored};
