//! [`AsyncSeek`]: seeking in one phase.

use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Seeks asynchronously.
///
/// One method, called with the same position until it is ready, as in futures-io; tokio's two (`start_seek`,
/// `poll_complete`) are lifted to it and lowered from it by [`Shim`](crate::Shim). Its synchronous mirror is std's
/// [`Seek`](io::Seek).
///
/// # Implementing
///
/// The one method is required. Called again with the same position and nothing in between, it continues; a read, a write
/// or another position in between means that the earlier seek was given up.
///
/// # Cancel safety
///
/// A seek that is given up after `Pending` may or may not have happened. It leaves nothing behind that a later seek could
/// be mistaken for.
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
    /// Seeks to `position` and returns the new position in bytes from the start.
    ///
    /// # Errors
    ///
    /// Those of the source; seeking to before the start is one.
    fn poll_seek(self: Pin<&mut Self>, cx: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>>;
}
