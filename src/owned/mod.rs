//! Functions that read into a [`TrackedBuf`], or copy through one.
//!
//! These are free functions over [`AsyncReadBuf`](crate::AsyncReadBuf) and
//! [`AsyncWrite`](crate::AsyncWrite), which every asynchronous [`Shim`](crate::Shim) implements.
//!
//! **No data is lost.** On success, error or cancellation, the caller's buffer holds everything
//! that was read; for [`copy`], everything that was not yet written. Calling the function again
//! resumes. Neither tokio nor futures promises this for `read_exact` and `copy`. No byte of the
//! buffer is zeroed twice.
//!
//! | function | reads until |
//! |---|---|
//! | [`read_buf`] | some data has arrived |
//! | [`read_exact`] | the buffer holds a given number of bytes, including those it held before |
//! | [`read_to_end`] | the end of file |
//! | [`read_to_end_within`] | the end of file, or a limit is exceeded |
//! | [`copy`] | the end of file, and writes what it reads |
//!
//! [`blocking`] has the same functions for the synchronous traits. For `read_u32`, `lines`,
//! `write_all` and others, use the extension traits of tokio or futures on any asynchronous shim.
//!
//! All functions except `read_buf` retry after an error of kind
//! [`Interrupted`](std::io::ErrorKind::Interrupted).
//!
//! # Examples
//!
//! Reads frames that begin with a length byte. If the future is dropped, for example in a
//! `select!`, the next call resumes:
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

// Depends on `traits`, `buf` and `coop` only.

pub mod blocking;
mod copy;
mod drive;
mod error;
mod read;
mod reading;

pub use copy::copy;
pub use error::{EndedEarly, LimitExceeded};
pub use read::{read_buf, read_exact, read_to_end, read_to_end_within};
