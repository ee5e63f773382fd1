//! The writing traits: [`AsyncWrite`], and [`WriteVectored`], which adds a method to std's `Write`.

use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Writes bytes asynchronously, and reports whether vectored writes are supported.
///
/// The conversions of asynchronous writers go through this trait. The trait for readers is
/// [`AsyncReadBuf`](crate::AsyncReadBuf).
///
/// # Contract
///
/// * A returned count is at most the number of bytes passed. If bytes were passed, 0 means that the
///   writer accepts no more.
/// * On `Pending` and on an error, nothing was written.
///
/// # Implementing
///
/// [`poll_write`](Self::poll_write), [`poll_flush`](Self::poll_flush) and
/// [`poll_shutdown`](Self::poll_shutdown) are required. A writer that accepts several slices in one
/// call overrides **both** [`poll_write_vectored`](Self::poll_write_vectored) and
/// [`supports_vectored_writes`](Self::supports_vectored_writes). Callers such as hyper use
/// `poll_write_vectored` only if `supports_vectored_writes` returns `true`. A wrapper forwards both
/// methods; [`delegate!`](crate::delegate) does so.
///
/// # Cancel safety
///
/// Between calls of a poll function, only the writer itself holds state. After `Pending`, the next
/// call may pass other data.
///
/// # Examples
///
/// ```
/// use io_shim::AsyncWrite;
/// use std::{io, pin::Pin, task::{Context, Poll}};
///
/// #[derive(Default)]
/// struct Counter { bytes: usize }
///
/// impl AsyncWrite for Counter {
///     fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
///         self.bytes += data.len();
///         Poll::Ready(Ok(data.len()))
///     }
///
///     fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Poll::Ready(Ok(()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `AsyncWrite`, io-shim's writing trait",
    note = "wrap a tokio writer with `Shim::from_tokio`, a futures-io writer (smol, async-std) with `Shim::from_futures`, a hyper \
            writer with `Shim::from_hyper`, and a std writer that never blocks with `Shim::allow_std`",
    note = "for your own writer, implement `io_shim::AsyncWrite` and wrap it with `Shim::new`"
)]
pub trait AsyncWrite {
    /// Writes from the front of `data` and returns how many bytes were written.
    ///
    /// # Errors
    ///
    /// Returns an error if the underlying writer does, but never `WouldBlock` or `Interrupted`: a
    /// writer returns `Pending` or tries again instead.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>>;

    /// Flushes buffered data to its destination.
    ///
    /// # Errors
    ///
    /// Returns an error if the underlying writer does.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Flushes and ends the stream, like tokio's `poll_shutdown` and futures-io's `poll_close`.
    ///
    /// # Errors
    ///
    /// Returns an error if the underlying writer does.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Writes from several slices, in order, and returns the total number of bytes written.
    ///
    /// The default implementation writes from the first non-empty slice only.
    ///
    /// # Errors
    ///
    /// Same as [`poll_write`](Self::poll_write).
    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let data = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| &**buf);
        self.poll_write(cx, data)
    }

    /// Returns `true` if [`poll_write_vectored`](Self::poll_write_vectored) writes from more than
    /// the first slice.
    fn supports_vectored_writes(&self) -> bool {
        false
    }
}

/// Reports whether [`write_vectored`](Write::write_vectored) accepts more than one slice.
///
/// This is the synchronous mirror of [`AsyncWrite`]. It adds one method to [`Write`]:
/// [`supports_vectored_writes`](Self::supports_vectored_writes). The method of std that answers the
/// same question, `Write::is_write_vectored`, is unstable (rust#69941).
///
/// # Implementing
///
/// The method is required. A wrapper forwards it to the inner writer:
///
/// ```
/// use io_shim::WriteVectored;
/// use std::io::{self, IoSlice, Write};
///
/// struct Logged<W>(W);
///
/// impl<W: Write> Write for Logged<W> {
///     fn write(&mut self, data: &[u8]) -> io::Result<usize> { self.0.write(data) }
///     fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> { self.0.write_vectored(bufs) }
///     fn flush(&mut self) -> io::Result<()> { self.0.flush() }
/// }
///
/// impl<W: WriteVectored> WriteVectored for Logged<W> {
///     fn supports_vectored_writes(&self) -> bool { WriteVectored::supports_vectored_writes(&self.0) }
/// }
/// # assert!(WriteVectored::supports_vectored_writes(&Logged(Vec::new())));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `WriteVectored`, io-shim's query for vectored writes",
    note = "wrap a std writer with `Shim::from_std`, a std file, socket or pipe with `Shim::from_fd`, and an asynchronous shim with \
            `rt::BlockOn`",
    note = "for your own writer, implement `io_shim::WriteVectored` and wrap it with `Shim::new`"
)]
pub trait WriteVectored: Write {
    /// Returns `true` if [`write_vectored`](Write::write_vectored) writes from more than the first
    /// slice.
    fn supports_vectored_writes(&self) -> bool;
}
