//! The traits in which all ecosystems meet, and their implementations for pointers and for memory.
//!
//! Knows `buf` and `coop`, and no other folder of the crate.

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
pub(crate) use fill::append_chunk;
pub use read::{AsyncReadBuf, ReadBuf};
pub(crate) use read::{count, poll_read_on_budget};
pub use seek::AsyncSeek;
pub use write::{AsyncWrite, WriteVectored};
