//! Buffers that track how much of them is filled and initialized, and reading into them from
//! readers that take slices.
//!
//! Depends on `coop`, and on no other module of the crate.

#[allow(unsafe_code, reason = "tracks what is initialized")]
mod borrowed;
#[cfg(feature = "bytes")]
#[allow(unsafe_code, reason = "exposes memory that may be uninitialized, and counts what was filled")]
mod bytes;
#[cfg(feature = "stream")]
#[allow(unsafe_code, reason = "tracks what is initialized")]
mod chunk_memory;
#[allow(unsafe_code, reason = "tracks what is initialized")]
mod cursor;
#[cfg(feature = "std")]
mod feed;
#[cfg(all(feature = "std", any(feature = "hyper", io_shim_std_read_buf)))]
#[allow(unsafe_code, reason = "keeps what is initialized in memory of a foreign buffer")]
mod init_record;
#[cfg(feature = "std")]
mod prediction;
#[cfg(feature = "alloc")]
#[allow(unsafe_code, reason = "sets the length of what was filled")]
mod spare;
#[cfg(all(feature = "std", io_shim_std_read_buf))]
#[allow(unsafe_code, reason = "the boundary between std's buffer and the cursor")]
mod std_cursor;
#[cfg(feature = "owned")]
#[allow(unsafe_code, reason = "tracks what is initialized")]
mod tracked;
#[allow(unsafe_code, reason = "tracks what is initialized")]
mod uninit;
#[cfg(feature = "std")]
mod violation;
#[cfg(feature = "std")]
mod window;

pub use borrowed::BorrowedBuf;
#[cfg(feature = "bytes")]
pub use bytes::with_buf_mut_cursor;
#[cfg(feature = "stream")]
pub(crate) use chunk_memory::ChunkMemory;
pub use cursor::BorrowedCursor;
#[cfg(feature = "std")]
pub(crate) use feed::expect_ready;
#[cfg(feature = "std")]
pub use feed::{Offer, SliceFeed};
#[cfg(feature = "hyper")]
pub(crate) use init_record::{InitRecord, with_recorded};
#[cfg(feature = "alloc")]
pub use spare::{Spare, SpareCapacity, spare};
#[cfg(all(feature = "std", io_shim_std_read_buf))]
pub(crate) use std_cursor::{into_std_cursor, with_std_cursor};
#[cfg(feature = "owned")]
pub use tracked::TrackedBuf;
#[cfg(feature = "std")]
pub use violation::ContractViolation;
#[cfg(feature = "std")]
pub(crate) use violation::Room;
