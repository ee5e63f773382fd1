//! The ecosystem of `tokio::io`.
//!
//! A reader of tokio's gets a `ReadBuf` over the unfilled part of the cursor alone, marks included, so that nothing is
//! zeroed on the way and what the caller wrote before is out of its reach. That `ReadBuf` is lent by `&mut`, and safe
//! code may put another in its place: what comes back is trusted only if it still is the memory that was lent.
#![allow(unsafe_code, reason = "the boundary between tokio's buffer and the cursor")]

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::ReadBuf;

use self::bounds::{TokioBufRead, TokioRead, TokioSeek, TokioWrite};
use crate::buf::{BorrowedBuf, BorrowedCursor, ContractViolation};
use crate::shim::{Ecosystem, Includes, PendingSeek, Shim, StartedSeek, Step, sealed};
use crate::traits::count;
use crate::traits::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite};

/// The tag of types that have tokio's traits: `tokio::io::{AsyncRead, AsyncWrite, AsyncBufRead, AsyncSeek}`.
///
/// # Examples
///
/// ```
/// use io_shim::{Shim, Tokio};
///
/// fn adapt(socket: tokio::net::TcpStream) -> Shim<tokio::net::TcpStream, Tokio> {
///     Shim::from_tokio(socket)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Tokio {}

impl sealed::Ecosystem for Tokio {
    type State = StartedSeek;

    #[inline]
    fn forget_seek(state: &mut StartedSeek) {
        state.forget();
    }
}

impl sealed::View for Tokio {}

impl<T> Shim<T, Tokio> {
    /// Wraps a type that has tokio's traits.
    ///
    /// It yields when it was ready often enough: see [`with_budget`](Shim::with_budget).
    ///
    /// # Closing
    ///
    /// Closing the shim calls `poll_shutdown` of the type inside. A socket ends its sending half.
    /// The stdin of a child process does nothing: it ends when the shim is dropped.
    ///
    /// Flush or close a `tokio::fs::File` before you drop it. Otherwise the last write is done
    /// later, on another thread, and is lost if the process ends first.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::AsyncReadExt as _;
    /// use io_shim::Shim;
    ///
    /// # futures::executor::block_on(async {
    /// let mut text = String::new();
    /// Shim::from_tokio(&b"hello"[..]).read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    #[inline]
    pub fn from_tokio(io: T) -> Self {
        Shim::wrap(io)
    }
}

impl<T, E: Ecosystem, V> Shim<T, E, V> {
    /// Narrows the shim to a type of tokio's alone: [`only::<Tokio>()`](Shim::only).
    #[inline]
    pub fn for_tokio(self) -> Shim<T, E, Tokio> {
        self.only()
    }
}

/// Gives `read` a cursor over the unfilled part of a tokio `ReadBuf`, and carries back what it filled and initialised.
///
/// For those who implement `tokio::io::AsyncRead` and would rather fill a cursor: safe code may read into uninitialised
/// memory this way, with nothing zeroed twice. If `read` panics, `buf` is left as it was.
///
/// # Examples
///
/// ```
/// use io_shim::{SliceFeed, with_tokio_cursor};
/// use std::task::Poll;
/// use tokio::io::ReadBuf;
///
/// let mut memory = [std::mem::MaybeUninit::uninit(); 64];
/// let mut buf = ReadBuf::uninit(&mut memory);
/// with_tokio_cursor(&mut buf, |mut cursor| cursor.append(b"hello"));
/// assert_eq!(buf.filled(), b"hello");
/// ```
#[inline]
pub fn with_tokio_cursor<R>(buf: &mut ReadBuf<'_>, read: impl FnOnce(BorrowedCursor<'_>) -> R) -> R {
    let init = buf.initialized().len() - buf.filled().len();
    // SAFETY: a cursor de-initialises nothing, and asks the same of those who write through it.
    let unfilled = unsafe { buf.unfilled_mut() };
    let mut borrowed = BorrowedBuf::from(unfilled);
    // SAFETY: that many bytes after the filled ones are initialised, says tokio.
    unsafe { borrowed.set_init(init) };
    let result = read(borrowed.unfilled());
    let (filled, init) = (borrowed.filled().len(), borrowed.init_len());
    // SAFETY: `borrowed` covers the unfilled part from its start, and its first `init` bytes, which are no more than there are
    // (invariant 3; tokio does not check), are initialised (invariant 2).
    unsafe { buf.assume_init(init) };
    // Does not panic: `filled <= init` (invariant 1).
    buf.advance(filled);
    result
}

/// Memory that was lent to a tokio reader, to be known again.
struct LentBuffer {
    address: *const u8,
    len: usize,
}

impl LentBuffer {
    /// How many bytes of `buf` are filled and how many initialised, if it is the memory that was lent.
    ///
    /// That memory is live and borrowed exclusively for as long as `buf` lives. A buffer with its address and its length, if
    /// that is not 0, is therefore made of it, by whatever detour, and what it says of it is true by `ReadBuf`'s own
    /// invariant, since it now holds the exclusive borrow.
    #[inline]
    fn check(&self, buf: &ReadBuf<'_>) -> Result<(usize, usize), ContractViolation> {
        let filled = buf.filled();
        if filled.as_ptr() == self.address && buf.capacity() == self.len {
            Ok((filled.len(), buf.initialized().len()))
        } else {
            Err(ContractViolation::BufferReplaced)
        }
    }
}

/// Lets a tokio reader read into a cursor, and counts what it filled.
#[inline]
fn poll_into_cursor(
    mut cursor: BorrowedCursor<'_>,
    read: impl FnOnce(&mut ReadBuf<'_>) -> Poll<io::Result<()>>,
) -> (Poll<io::Result<()>>, usize) {
    let init = cursor.init_len();
    // SAFETY: tokio's buffer de-initialises nothing, and asks the same of those who write through it.
    let unfilled = unsafe { cursor.as_mut() };
    let lent = LentBuffer { address: unfilled.as_ptr().cast(), len: unfilled.len() };
    let mut buf = ReadBuf::uninit(unfilled);
    // SAFETY: that many bytes are initialised, says the cursor.
    unsafe { buf.assume_init(init) };
    let poll = read(&mut buf);
    let (filled, init) = match lent.check(&buf) {
        Ok(marks) => marks,
        Err(violation) => return (Poll::Ready(Err(violation.into())), 0),
    };
    // SAFETY: `buf` is the unfilled part of the cursor, as was checked, and its first `init` bytes are initialised; what the
    // cursor knew before stays true, since nobody may de-initialise.
    unsafe { cursor.assume_init(init) };
    cursor.advance_checked(filled);
    (poll, filled)
}

/// Lets a tokio reader read into initialised memory.
#[inline]
fn poll_into_slice(
    slice: &mut [u8],
    read: impl FnOnce(&mut ReadBuf<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<usize>> {
    let lent = LentBuffer { address: slice.as_ptr(), len: slice.len() };
    let mut buf = ReadBuf::new(slice);
    let poll = read(&mut buf);
    let (filled, _) = lent.check(&buf).map_err(io::Error::from)?;
    count(poll, filled)
}

// Lifts.

super::bounds::bounds! {
    TokioRead: tokio::io::AsyncRead,
        "`Shim::from_tokio` needs a tokio reader, but `{Self}` does not implement `tokio::io::AsyncRead`",
        "not a tokio reader";
    TokioWrite: tokio::io::AsyncWrite,
        "`Shim::from_tokio` needs a tokio writer, but `{Self}` does not implement `tokio::io::AsyncWrite`",
        "not a tokio writer";
    TokioBufRead: tokio::io::AsyncBufRead,
        "`Shim::from_tokio` needs a buffered tokio reader, but `{Self}` does not implement `tokio::io::AsyncBufRead`",
        "not a buffered tokio reader: wrap a reader in `tokio::io::BufReader`";
    TokioSeek: tokio::io::AsyncSeek,
        "`Shim::from_tokio` needs a seekable tokio type, but `{Self}` does not implement `tokio::io::AsyncSeek`",
        "not a seekable tokio type";
}

impl<T: TokioRead, V> AsyncReadBuf for Shim<T, Tokio, V> {
    #[inline]
    fn poll_read_into(self: Pin<&mut Self>, cx: &mut Context<'_>, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        let (io, _, mut budget) = self.project_reading();
        ready!(budget.poll_unspent(cx));
        let (poll, filled) = poll_into_cursor(cursor, |buf| io.poll_read(cx, buf));
        budget.settle(poll, filled)
    }

    #[inline]
    fn poll_read_into_slice(self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let (io, _, budget) = self.project_reading();
        budget.poll_counted(cx, |cx| poll_into_slice(slice, |buf| io.poll_read(cx, buf)))
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: TokioWrite, V> AsyncWrite for Shim<T, Tokio, V> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let (io, _, budget) = self.project_writing();
        budget.poll_counted(cx, |cx| {
            let n = ready!(io.poll_write(cx, data))?;
            Poll::Ready(ContractViolation::check_write(n, data.len()))
        })
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project_forgetting_seeks().0.poll_flush(cx)
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project_forgetting_seeks().0.poll_shutdown(cx)
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (io, _, budget) = self.project_writing();
        budget.poll_counted(cx, |cx| io.poll_write_vectored(cx, bufs))
    }

    #[inline]
    fn supports_vectored_writes(&self) -> bool {
        self.get_ref().is_write_vectored()
    }
}

impl<T: TokioBufRead, V> AsyncBufRead for Shim<T, Tokio, V> {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let (io, _, budget) = self.project_reading();
        budget.poll_look(cx, |cx| io.poll_fill_buf(cx))
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, n: usize) {
        let (io, _, mut budget) = self.project_reading();
        budget.consume(n);
        io.consume(n);
    }
}

impl<T: TokioSeek, V> AsyncSeek for Shim<T, Tokio, V> {
    fn poll_seek(self: Pin<&mut Self>, cx: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        let (mut io, state) = self.project_keeping_seek();
        state.poll_seek(position, |step| match step {
            Step::Start(position) => Poll::Ready(io.as_mut().start_seek(position).map(|()| 0)),
            Step::Complete => io.as_mut().poll_complete(cx),
        })
    }
}

// Lowerings.

#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Tokio>> tokio::io::AsyncRead for Shim<T, E, V>
where
    Self: AsyncReadBuf,
{
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        with_tokio_cursor(buf, |cursor| self.poll_read_into(cx, cursor))
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Tokio>> tokio::io::AsyncWrite for Shim<T, E, V>
where
    Self: AsyncWrite,
{
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(self, cx, data)
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(self, cx)
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_shutdown(self, cx)
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write_vectored(self, cx, bufs)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        AsyncWrite::supports_vectored_writes(self)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Tokio>> tokio::io::AsyncBufRead for Shim<T, E, V>
where
    Self: AsyncReadBuf + AsyncBufRead,
{
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        AsyncBufRead::poll_fill_buf(self, cx)
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, n: usize) {
        AsyncBufRead::consume(self, n);
    }
}

/// Starting a seek tries it at once, so that a type that seeks without waiting has done so when `start_seek` returns.
/// One that has to wait seeks while `poll_complete` is polled; reading or writing before it is done gives it up. To wait
/// includes waiting for an earlier operation to end, as `tokio::fs::File` does after a write: where that type would refuse
/// to start, the shim starts and completes. `AsyncSeekExt::seek` always completes.
#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Tokio>> tokio::io::AsyncSeek for Shim<T, E, V>
where
    Self: AsyncSeek,
{
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let mut cx = Context::from_waker(Waker::noop());
        let lowered = match self.as_mut().poll_seek(&mut cx, position) {
            Poll::Ready(result) => PendingSeek::Done(result?),
            Poll::Pending => PendingSeek::Wanted(position),
        };
        *self.project_pending_seek() = lowered;
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        match *self.as_mut().project_pending_seek() {
            PendingSeek::Idle => Poll::Ready(Ok(0)),
            PendingSeek::Done(position) => Poll::Ready(Ok(position)),
            PendingSeek::Wanted(position) => {
                let poll = self.as_mut().poll_seek(cx, position);
                match poll {
                    Poll::Pending => *self.project_pending_seek() = PendingSeek::Wanted(position),
                    Poll::Ready(Ok(position)) => *self.project_pending_seek() = PendingSeek::Done(position),
                    Poll::Ready(Err(_)) => {}
                }
                poll
            }
        }
    }
}
