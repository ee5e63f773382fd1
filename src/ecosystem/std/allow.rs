//! std's types in asynchronous code, for types that never block.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::bounds::{StdBufRead, StdRead, StdSeek, StdUnpin, StdWrite};
use crate::buf::{BorrowedCursor, ContractViolation};
use crate::coop::poll_yield;
use crate::shim::{Attempt, ReadAttempt, Shim, SliceState, sealed};
use crate::traits::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, uninterrupted};

/// The tag of types that implement std's traits and are used in asynchronous code.
///
/// [`Shim::allow_std`] makes shims with this tag.
///
/// # Examples
///
/// ```
/// use io_shim::{AllowStd, Shim};
/// use std::io::Cursor;
///
/// fn adapt(memory: Cursor<Vec<u8>>) -> Shim<Cursor<Vec<u8>>, AllowStd> {
///     Shim::allow_std(memory)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum AllowStd {}

impl sealed::Ecosystem for AllowStd {
    type State = SliceState;
}

impl<T> Shim<T, AllowStd> {
    /// Wraps a type that implements std's traits and **never blocks**, for asynchronous code.
    ///
    /// Examples are a decoder over memory, a `Cursor`, a hasher or a `Vec`.
    ///
    /// Every poll calls the inner type on the executor's thread. A type that blocks there stops all
    /// other tasks of that thread. `poll_shutdown` flushes. A call that a signal interrupts is
    /// repeated at once; `poll_fill_buf` wakes the task and returns `Pending` instead.
    ///
    /// It yields after many ready operations in a row: see [`with_budget`](Shim::with_budget).
    ///
    /// # Errors
    ///
    /// The inner type cannot wake a task, so its `WouldBlock` cannot become `Pending`. The shim
    /// returns an error of that kind. Its message says what to do instead, and the original error
    /// is its [`source`](std::error::Error::source).
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::Shim;
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// # futures::executor::block_on(async {
    /// let decoder = std::io::Read::chain(&b"hello, "[..], &b"world"[..]); // any `Read` over memory
    /// let mut text = String::new();
    /// Shim::allow_std(decoder).read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello, world");
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    ///
    /// # Readers that block
    ///
    /// Read a file on any executor with `smol::fs::File`. It has futures-io's traits and reads on
    /// another thread:
    ///
    /// ```
    /// use io_shim::Shim;
    /// use smol::fs::File;
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// # futures::executor::block_on(async {
    /// let file = std::fs::File::open("README.md")?;
    /// let mut text = String::new();
    /// Shim::from_futures(File::from(file)).read_to_string(&mut text).await?;
    /// assert!(text.contains("io-shim"));
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    ///
    /// Read a pipe or stdin with `Unblock` of the `blocking` crate. Do not use it for files: it
    /// reads ahead, so the position of a file and the place of the next write are wrong after a
    /// read.
    ///
    /// ```
    /// use blocking::Unblock;
    /// use io_shim::Shim;
    /// use std::process::{Command, Stdio};
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// # futures::executor::block_on(async {
    /// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let output = child.stdout.take().expect("it is piped");
    /// let mut text = String::new();
    /// Shim::from_futures(Unblock::new(output)).read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello\n");
    /// # child.wait()?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    ///
    /// Under tokio, move synchronous work to a thread where blocking is allowed. `tokio::fs::File`
    /// does that itself: wrap it with [`from_tokio`](Shim::from_tokio).
    ///
    /// ```
    /// use io_shim::{ReadBuf, Shim, spare};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let start = tokio::task::spawn_blocking(|| {
    ///     let mut file = Shim::from_std(std::fs::File::open("README.md")?);
    ///     let mut start = Vec::with_capacity(100);
    ///     file.read_into(spare(&mut start).unfilled())?;
    ///     Ok::<_, std::io::Error>(start)
    /// });
    /// assert!(start.await??.starts_with(b"# io-shim"));
    /// # Ok(()) }
    /// ```
    pub fn allow_std(io: T) -> Self {
        Shim::wrap(io)
    }
}

/// Calls the inner type, and repeats a call that a signal interrupts. The result is always ready.
#[inline]
fn call<R>(operate: impl FnMut() -> io::Result<R>) -> Poll<io::Result<R>> {
    Poll::Ready(uninterrupted(operate).map_err(advise))
}

/// Replaces a `WouldBlock` error by one that says what to do.
fn advise(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::Error::new(io::ErrorKind::WouldBlock, WouldBlock(error)),
        _ => error,
    }
}

/// The error for a type inside `Shim::allow_std` that would block.
#[derive(Debug)]
struct WouldBlock(io::Error);

impl fmt::Display for WouldBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a type inside `Shim::allow_std` returned `WouldBlock`, and it cannot wake the task later: wrap its \
             asynchronous version with `Shim::from_tokio`, `from_futures` or `from_smol`, or move it to a thread with \
             `blocking::Unblock` or `spawn_blocking`",
        )
    }
}

impl Error for WouldBlock {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

// std -> io-shim

#[deny(clippy::missing_trait_methods)]
impl<T: StdRead + StdUnpin, V> AsyncReadBuf for Shim<T, AllowStd, V> {
    #[inline]
    fn poll_read_into(self: Pin<&mut Self>, cx: &mut Context<'_>, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        let (io, state, budget) = self.project_reading();
        let io = io.get_mut();
        #[cfg(not(io_shim_std_read_buf))]
        let poll = budget.poll_counted(cx, |_| state.feed.poll_counted(cursor, |slice| call(|| io.read(slice))));
        #[cfg(io_shim_std_read_buf)]
        let poll = budget.poll_counted(cx, |_| super::read_buf::poll_read(io, state, cursor).map_err(advise));
        poll.map_ok(drop)
    }

    #[inline]
    fn poll_read_into_slice(self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let (io, _, budget) = self.project_reading();
        let io = io.get_mut();
        budget.poll_counted(cx, |_| {
            let n = ready!(call(|| io.read(slice)))?;
            Poll::Ready(ContractViolation::check_read(n, slice.len()))
        })
    }

    fn poll_read_into_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let (io, state, budget) = self.project_reading();
        let io = io.get_mut();
        budget.poll_counted(cx, |_| {
            state.poll_read_vectored(bufs, |attempt| match attempt {
                ReadAttempt::Vectored(bufs) => call(|| io.read_vectored(bufs)),
                ReadAttempt::Single(slice) => call(|| io.read(slice)),
            })
        })
    }

    fn supports_vectored_reads(&self) -> bool {
        self.state().supports_vectored_reads()
    }

    #[inline]
    fn init_hint(&self, capacity: usize) -> usize {
        self.state().init_hint(capacity)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: StdWrite + StdUnpin, V> AsyncWrite for Shim<T, AllowStd, V> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let (io, _, budget) = self.project_writing();
        let io = io.get_mut();
        budget.poll_counted(cx, |_| {
            let n = ready!(call(|| io.write(data)))?;
            Poll::Ready(ContractViolation::check_write(n, data.len()))
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let io = self.get_mut().get_mut();
        call(|| io.flush())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(self, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (io, state, budget) = self.project_writing();
        let io = io.get_mut();
        budget.poll_counted(cx, |_| {
            state.poll_write_vectored(bufs, |attempt| match attempt {
                Attempt::Vectored => call(|| io.write_vectored(bufs)),
                Attempt::Single(data) => call(|| io.write(data)),
            })
        })
    }

    fn supports_vectored_writes(&self) -> bool {
        self.state().is_write_vectored()
    }
}

impl<T: StdBufRead + StdUnpin, V> AsyncBufRead for Shim<T, AllowStd, V> {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let (io, _, budget) = self.project_reading();
        let io = io.get_mut();
        budget.poll_look(cx, |cx| match io.fill_buf() {
            Ok(chunk) => Poll::Ready(Ok(chunk)),
            // The executor repeats the call: a borrowed slice cannot be returned from a loop.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => poll_yield(cx),
            Err(error) => Poll::Ready(Err(advise(error))),
        })
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, n: usize) {
        let (io, _, mut budget) = self.project_reading();
        budget.consume(n);
        io.get_mut().consume(n);
    }
}

impl<T: StdSeek + StdUnpin, V> AsyncSeek for Shim<T, AllowStd, V> {
    fn poll_seek(self: Pin<&mut Self>, _: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        let io = self.get_mut().get_mut();
        call(|| io.seek(position))
    }
}
