//! The seeking trait: [`AsyncSeek`].

use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Seeks asynchronously.
///
/// The trait has one method, as in futures-io. The caller repeats the call with the same position
/// until it is ready. [`Shim`](crate::Shim) converts to and from tokio's two methods, `start_seek`
/// and `poll_complete`. The synchronous mirror is std's [`Seek`](io::Seek).
///
/// # Implementing
///
/// `poll_seek` is required. A repeated call with the same position continues the pending seek. A
/// read, a write, or a call with another position abandons it.
///
/// # Cancel safety
///
/// A seek that is abandoned after `Pending` may or may not have happened. It never affects the
/// result of a later seek.
///
/// # Examples
///
/// ```
/// use io_shim::AsyncSeek;
/// use std::{io::{Cursor, SeekFrom}, pin::Pin, task::{Context, Poll, Waker}};
///
/// let mut cx = Context::from_waker(Waker::noop());
/// let mut cursor = Cursor::new(b"hello");
/// let position = Pin::new(&mut cursor).poll_seek(&mut cx, SeekFrom::End(-2));
/// assert!(matches!(position, Poll::Ready(Ok(3))));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `AsyncSeek`, io-shim's seeking trait",
    note = "wrap a seekable tokio type with `Shim::from_tokio`, a seekable futures-io type with `Shim::from_futures`, and a \
            seekable std type that never blocks with `Shim::allow_std`; hyper's types and sockets cannot seek",
    note = "for your own seekable type, implement `io_shim::AsyncSeek` and wrap it with `Shim::new`"
)]
pub trait AsyncSeek {
    /// Seeks to `position` and returns the new position, in bytes from the start.
    ///
    /// # Errors
    ///
    /// Returns an error if the underlying source does, or if the position is before the start.
    fn poll_seek(self: Pin<&mut Self>, cx: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>>;
}
