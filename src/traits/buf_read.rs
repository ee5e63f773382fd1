//! [`AsyncBufRead`], the trait of readers that have a buffer of their own.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::buf::BorrowedCursor;

/// Reads bytes asynchronously through the reader's own buffer.
///
/// This is the counterpart of the `AsyncBufRead` traits of tokio and futures-io. Its synchronous
/// mirror is std's [`BufRead`](io::BufRead).
///
/// # Implementing
///
/// Both methods are required. Most buffered readers also implement
/// [`AsyncReadBuf`](crate::AsyncReadBuf), and take bytes from the same buffer first.
///
/// # Cancel safety
///
/// The buffer keeps its data until it is consumed. Dropping the future that polled loses no data.
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
    /// Returns the contents of the buffer, and reads more data if the buffer is empty.
    ///
    /// An empty slice means end of file.
    ///
    /// # Errors
    ///
    /// Returns an error if the underlying source does.
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>>;

    /// Removes the first `n` bytes from the buffer, so that they are not returned again.
    ///
    /// # Panics
    ///
    /// May panic if `n` is greater than the length of the returned slice.
    fn consume(self: Pin<&mut Self>, n: usize);
}

/// Copies as much of the front of `chunk` as fits, and returns the number of bytes copied.
#[inline]
pub(crate) fn append_chunk(mut cursor: BorrowedCursor<'_>, chunk: &[u8]) -> usize {
    let n = chunk.len().min(cursor.capacity());
    cursor.append(&chunk[..n]);
    n
}
