//! Reading into a [`TrackedBuf`], and copying by way of one.
//!
//! Free functions over the crate's own asynchronous traits, which every asynchronous [`Shim`](crate::Shim) has. **Nothing that was read
//! is lost**: after success, error and cancellation alike it is in the caller's buffer (with [`copy`], what was not written yet), which
//! tokio's and futures' functions of the same names do not promise of `read_exact` and `copy`. So each of these can be dropped and called
//! again, goes on where it stopped, and no byte of the buffer is zeroed twice on the way.
//!
//! | function | reads until |
//! |---|---|
//! | [`read_buf`] | there is something |
//! | [`read_exact`] | the buffer holds so many bytes, those of before included |
//! | [`read_to_end`] | the end of file |
//! | [`read_to_end_within`] | the end of file, or more than a maximum is there |
//! | [`copy`] | the end of file, writing what is read |
//!
//! [`blocking`] has the same for the synchronous traits. `read_u32`, `lines`, `write_all` and the rest are in the extension traits of
//! tokio and futures, and work on any asynchronous shim.
//!
//! Errors of kind [`Interrupted`](std::io::ErrorKind::Interrupted) are tried again, except by `read_buf`.
//!
//! # Examples
//!
//! Frames of a length and as many bytes. Should the future be dropped, in a `select!` perhaps, the next call goes on:
//!
//! ```
//! use io_shim::{AsyncReadBuf, TrackedBuf, owned};
//!
//! async fn frame<R: AsyncReadBuf + Unpin>(reader: &mut R, buf: &mut TrackedBuf) -> std::io::Result<Vec<u8>> {
//!     owned::read_exact(reader, buf, 1).await?;
//!     let len = 1 + usize::from(buf[0]);
//!     owned::read_exact(reader, buf, len).await?;
//!     let frame = buf[1..].to_vec();
//!     buf.consume(len);
//!     Ok(frame)
//! }
//! # let mut buf = TrackedBuf::new();
//! # let mut source = &b"\x05hello\x02io"[..];
//! # assert_eq!(futures::executor::block_on(frame(&mut source, &mut buf)).unwrap(), b"hello");
//! # assert_eq!(futures::executor::block_on(frame(&mut source, &mut buf)).unwrap(), b"io");
//! ```
//!
//! [`TrackedBuf`]: crate::TrackedBuf

// Knows `hub` and `buf` and no other folder of the crate.

pub mod blocking;
mod copy;
mod drive;
mod error;
mod read;
mod reading;

pub use copy::copy;
pub use error::{EndedEarly, LimitExceeded};
pub use read::{read_buf, read_exact, read_to_end, read_to_end_within};
