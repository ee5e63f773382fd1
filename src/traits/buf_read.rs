//! [`AsyncBufRead`], the trait of readers with a buffer inside, and how to read from one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::buf::BorrowedCursor;

/// Reads bytes asynchronously by way of a buffer of the reader's own: tokio's and futures-io's `AsyncBufRead`.
///
/// Its synchronous mirror is std's [`BufRead`](io::BufRead).
///
/// # Implementing
///
/// Both methods are required. Most readers of this trait implement [`AsyncReadBuf`](crate::AsyncReadBuf) as well, and take
/// bytes from the same buffer first.
///
/// # Cancel safety
///
/// A filled buffer stays filled until it is consumed: dropping the future that polled loses no data.
///
/// # Examples
///
/// ```
/// use io_shim::AsyncBufRead;
/// use std::{io, pin::Pin, task::{Context, Poll}};
///
/// struct Greeting(&'static [u8]);
///
/// impl AsyncBufRead for Greeting {
///     fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
///         Poll::Ready(Ok(self.get_mut().0))
///     }
///
///     fn consume(mut self: Pin<&mut Self>, n: usize) {
///         self.0 = &self.0[n..];
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `AsyncBufRead`, io-shim's buffered reading trait",
    note = "wrap a buffered tokio reader with `Shim::from_tokio`, and a buffered futures-io reader with `Shim::from_futures_buf`; \
            put a reader that has no buffer into tokio's or futures' `BufReader` first",
    note = "for your own buffered reader, implement `io_shim::AsyncBufRead` and wrap it with `Shim::new`"
)]
pub trait AsyncBufRead {
    /// Gives what is in the buffer, after reading into it if it is empty. An empty slice is the end of file.
    ///
    /// # Errors
    ///
    /// Those of the source.
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>>;

    /// Takes the first `n` bytes from the buffer, so that they are not given again.
    ///
    /// # Panics
    ///
    /// May panic if `n` is more than was given.
    fn consume(self: Pin<&mut Self>, n: usize);
}

/// Copies the front of `chunk`, as much as fits, and returns how many bytes that was.
#[inline]
pub(crate) fn append_chunk(mut cursor: BorrowedCursor<'_>, chunk: &[u8]) -> usize {
    let n = chunk.len().min(cursor.capacity());
    cursor.append(&chunk[..n]);
    n
}
