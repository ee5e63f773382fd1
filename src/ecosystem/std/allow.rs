//! std's types in asynchronous code, for those who know that they never block.

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

/// The tag of types that have std's traits and are used in asynchronous code all the same: made with
/// [`Shim::allow_std`].
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
    /// Wraps a type that has std's traits and **never blocks**, as an asynchronous type of every ecosystem: a decoder over
    /// memory, a `Cursor`, a hasher, a `Vec`.
    ///
    /// Every poll calls the type inside. Nothing here moves the work elsewhere: a reader that blocks holds up the executor's
    /// thread, and with it every other task on it. `poll_shutdown` flushes. A call that is interrupted by a signal is repeated: at
    /// once, and `poll_fill_buf` by waking the task.
    ///
    /// It yields when it was ready often enough: see [`with_budget`](Shim::with_budget).
    ///
    /// # Errors
    ///
    /// The type inside has no way to wake a task, so that its `WouldBlock` cannot become `Pending`: it is passed on as an
    /// error of that kind which says what to do instead, with the original as its [`source`](std::error::Error::source).
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
    /// # What to do with readers that block
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
    /// Under tokio, a piece of synchronous work on a thread where blocking is allowed; `tokio::fs::File` does that itself, and
    /// is wrapped with [`from_tokio`](Shim::from_tokio):
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
    #[inline]
    pub fn allow_std(io: T) -> Self {
        Shim::wrap(io)
    }
}

/// One call of the type inside, which is an answer in any case.
#[inline]
fn call<R>(operate: impl FnMut() -> io::Result<R>) -> Poll<io::Result<R>> {
    Poll::Ready(uninterrupted(operate).map_err(advise))
}

/// Adds to a `WouldBlock` what to do about it.
fn advise(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::Error::new(io::ErrorKind::WouldBlock, WouldBlock(error)),
        _ => error,
    }
}

/// What an asynchronous caller is told where a type that was said not to block would.
#[derive(Debug)]
struct WouldBlock(io::Error);

impl fmt::Display for WouldBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a type inside `Shim::allow_std` would block, and nothing would wake the task: wrap its asynchronous version with \
             `Shim::from_tokio`, `from_futures` or `from_smol`, or move it to a thread with `blocking::Unblock` or \
             `spawn_blocking`",
        )
    }
}

impl Error for WouldBlock {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

// Lifts.

#[deny(clippy::missing_trait_methods)]
impl<T: StdRead + StdUnpin, V> AsyncReadBuf for Shim<T, AllowStd, V> {
    #[inline]
    fn poll_read_into(self: Pin<&mut Self>, cx: &mut Context<'_>, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        let (io, state, budget) = self.project_reading();
        let io = io.get_mut();
        budget.poll_counted(cx, |_| state.poll_read_into(cursor, |slice| call(|| io.read(slice)))).map_ok(drop)
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

    #[inline]
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

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let io = self.get_mut().get_mut();
        call(|| io.flush())
    }

    #[inline]
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

    #[inline]
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
            // Repeated by way of the executor, since a borrowed slice cannot be returned from within a loop.
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
    #[inline]
    fn poll_seek(self: Pin<&mut Self>, _: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        let io = self.get_mut().get_mut();
        call(|| io.seek(position))
    }
}
