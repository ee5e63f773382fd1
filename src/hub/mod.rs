//! The traits in which all ecosystems meet, and their implementations for pointers and for memory.
//!
//! Knows `buf` and no other folder of the crate.

mod delegate;
mod drain;
mod fill;
mod forward;
mod memory;
mod read;
mod seek;
mod write;

pub(crate) use drain::{read_to_end, read_to_string, std_read, uninterrupted};
pub use fill::AsyncFillBuf;
pub(crate) use fill::{poll_read_buf_from_fill, poll_read_vectored_from_fill};
pub(crate) use read::count;
pub use read::{AsyncReadBuf, ReadBuf};
pub use seek::AsyncSeek;
pub use write::{AsyncWrite, WriteVectored};
