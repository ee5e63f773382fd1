//! The writing traits: [`AsyncWrite`], and the query [`WriteVectored`] on top of std's `Write`.

use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Writes bytes asynchronously, and can say whether it writes several slices in one call.
///
/// io-shim's writing trait: see [`AsyncReadBuf`](crate::AsyncReadBuf) for how ecosystems meet in it.
///
/// # Contract
///
/// * A count is at most the length of what was given. 0, although more was given, means that the writer takes no more.
/// * On `Pending` and on an error nothing was taken.
///
/// # Implementing
///
/// Three methods are required. A writer that can take several slices in one call overrides **both**
/// [`poll_write_vectored`](Self::poll_write_vectored) and [`supports_vectored_writes`](Self::supports_vectored_writes): callers ask the
/// second before they use the first. A wrapper forwards both, which [`delegate!`](crate::delegate) does.
///
/// # Cancel safety
///
/// A poll function has no state between calls but the writer's own: after `Pending`, the next call may pass other data.
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
    /// Writes from the front of `data` and returns how many bytes were taken.
    ///
    /// # Errors
    ///
    /// Those of the sink. `WouldBlock` and `Interrupted` are not among them: a writer returns `Pending`, or tries again.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>>;

    /// Passes on what the writer holds back.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Flushes and ends the stream: tokio's `poll_shutdown`, futures-io's `poll_close`.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Writes from several slices, in order, and returns how many bytes were taken in all.
    ///
    /// Unless overridden, writes from the first slice that is not empty.
    ///
    /// # Errors
    ///
    /// As [`poll_write`](Self::poll_write).
    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let data = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| &**buf);
        self.poll_write(cx, data)
    }

    /// Whether [`poll_write_vectored`](Self::poll_write_vectored) writes from more than the first slice.
    #[inline]
    fn supports_vectored_writes(&self) -> bool {
        false
    }
}

/// A writer that can say whether its [`write_vectored`](Write::write_vectored) takes more than one slice.
///
/// The synchronous mirror of [`AsyncWrite`], which needs only the query: the rest is [`Write`]. (std has the same query,
/// unstable: rust#69941.)
///
/// # Implementing
///
/// The query is required: a writer says what it does. A wrapper asks the writer inside.
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
    /// Whether [`write_vectored`](Write::write_vectored) writes from more than the first slice.
    fn supports_vectored_writes(&self) -> bool;
}
