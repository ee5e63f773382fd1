//! Conversions between the traits of `tokio::io` and io-shim's.
//!
//! A tokio reader gets a `ReadBuf` over the unfilled part of the cursor, initialized as far as the
//! cursor is. Nothing is zeroed, and the reader cannot reach bytes that were filled before.
//!
//! Safe code can replace a `ReadBuf` that is passed as `&mut`. The counts of the returned buffer
//! are used only if it still covers the memory that was passed.
#![allow(unsafe_code, reason = "the boundary between tokio's buffer and the cursor")]

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::ReadBuf;

use self::bounds::{TokioBufRead, TokioRead, TokioSeek, TokioWrite};
use crate::buf::{BorrowedBuf, BorrowedCursor, ContractViolation};
use crate::delegate;
use crate::shim::{Ecosystem, Includes, Seek, Shim, Step, sealed};
use crate::traits::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, count};

/// The tag of types that implement tokio's traits.
///
/// Those are `tokio::io::{AsyncRead, AsyncWrite, AsyncBufRead, AsyncSeek}`.
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
    type State = ();
}

impl sealed::View for Tokio {}

impl<T> Shim<T, Tokio> {
    /// Wraps a type that implements tokio's traits.
    ///
    /// It yields after many ready operations in a row: see [`with_budget`](Shim::with_budget).
    ///
    /// # Closing
    ///
    /// Closing the shim calls `poll_shutdown` of the inner type. A socket ends its sending half.
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
    pub fn from_tokio(io: T) -> Self {
        Shim::wrap(io)
    }
}

impl<T, E: Ecosystem, V> Shim<T, E, V> {
    /// Narrows the shim to tokio's traits: the same as [`only::<Tokio>()`](Shim::only).
    ///
    /// io-shim's own traits stay. They share method names such as `poll_write`, `poll_fill_buf` and
    /// `consume` with tokio's: import the traits of one of the two.
    pub fn for_tokio(self) -> Shim<T, E, Tokio> {
        self.only()
    }
}

/// Calls `read` with a cursor over the unfilled part of a tokio `ReadBuf`.
///
/// Bytes that `read` fills or initializes count as filled or initialized in `buf` afterwards.
///
/// Use this to implement `tokio::io::AsyncRead` with a cursor. Safe code can then read into
/// uninitialized memory, and no byte is zeroed twice.
///
/// # Panics
///
/// Panics if `read` panics. `buf` has the same counts as before then.
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
    // SAFETY: a cursor never de-initializes memory, and its unsafe methods require that of callers.
    let unfilled = unsafe { buf.unfilled_mut() };
    let mut borrowed = BorrowedBuf::from(unfilled);
    // SAFETY: tokio's buffer counts `init` initialized bytes after the filled ones.
    unsafe { borrowed.set_init(init) };
    let result = read(borrowed.unfilled());
    let (filled, init) = (borrowed.len(), borrowed.init_len());
    // SAFETY: `borrowed` covers the unfilled part from its start. Its first `init` bytes are
    // initialized (invariant 2) and within it (invariant 3, which tokio does not check).
    unsafe { buf.assume_init(init) };
    // Cannot panic: `filled <= init` (invariant 1).
    buf.advance(filled);
    result
}

/// Returns the filled length of `buf` if it covers the memory that was passed to a tokio reader,
/// which is the `len` bytes at `address`.
///
/// That memory is live and exclusively borrowed while `buf` lives. So a buffer with the same
/// address and the same length, unless that is 0, covers this memory and holds the borrow. Its
/// lengths are true by `ReadBuf`'s own invariant.
#[inline]
fn check_filled(buf: &ReadBuf<'_>, address: *const u8, len: usize) -> Result<usize, ContractViolation> {
    let filled = buf.filled();
    if filled.as_ptr() == address && buf.capacity() == len {
        Ok(filled.len())
    } else {
        Err(ContractViolation::BufferReplaced)
    }
}

/// Calls a tokio reader with the unfilled part of `cursor`, and returns how many bytes it filled.
#[inline]
fn poll_into_cursor(
    mut cursor: BorrowedCursor<'_>,
    read: impl FnOnce(&mut ReadBuf<'_>) -> Poll<io::Result<()>>,
) -> (Poll<io::Result<()>>, usize) {
    let init = cursor.init_len();
    // SAFETY: tokio's buffer never de-initializes memory, and its unsafe methods require that of
    // callers.
    let unfilled = unsafe { cursor.as_mut() };
    let (address, len) = (unfilled.as_ptr().cast(), unfilled.len());
    let mut buf = ReadBuf::uninit(unfilled);
    // SAFETY: the first `init` bytes of the unfilled part are initialized (invariant 2 of the
    // cursor).
    unsafe { buf.assume_init(init) };
    let poll = read(&mut buf);
    let filled = match check_filled(&buf, address, len) {
        Ok(filled) => filled,
        Err(violation) => return (Poll::Ready(Err(violation.into())), 0),
    };
    let init = buf.initialized().len();
    // SAFETY: the check showed that `buf` covers the unfilled part of the cursor, and its first
    // `init` bytes are initialized. Bytes that the cursor counted before are still initialized.
    unsafe { cursor.assume_init(init) };
    cursor.advance_checked(filled);
    (poll, filled)
}

/// Calls a tokio reader with `slice`, and returns how many bytes it filled.
#[inline]
fn poll_into_slice(
    slice: &mut [u8],
    read: impl FnOnce(&mut ReadBuf<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<usize>> {
    let (address, len) = (slice.as_ptr(), slice.len());
    let mut buf = ReadBuf::new(slice);
    let poll = read(&mut buf);
    let filled = check_filled(&buf, address, len).map_err(io::Error::from)?;
    count(poll, filled)
}

// tokio -> io-shim

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
        budget.settle(&poll, filled);
        poll
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

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project_forgetting_seeks().0.poll_flush(cx)
    }

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
        let (mut io, seek) = self.project_seek();
        seek.poll_in_steps(position, |step| match step {
            Step::Start(position) => Poll::Ready(io.as_mut().start_seek(position).map(|()| 0)),
            Step::Complete => io.as_mut().poll_complete(cx),
        })
    }
}

// io-shim -> tokio
// `delegate!` writes the methods that have the same name and signature in both.

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
    delegate!(AsyncWrite { poll_write, poll_flush, poll_shutdown, poll_write_vectored }: |this| this, |this| this);

    fn is_write_vectored(&self) -> bool {
        AsyncWrite::supports_vectored_writes(self)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Tokio>> tokio::io::AsyncBufRead for Shim<T, E, V>
where
    Self: AsyncReadBuf + AsyncBufRead,
{
    delegate!(AsyncBufRead: |this| this, |this| this);
}

/// `start_seek` tries the seek once, and a type that does not have to wait completes it there.
/// Otherwise `poll_complete` continues it; a read or write before it is ready abandons the seek.
///
/// A `tokio::fs::File` has to wait for the end of an earlier write: its own `start_seek` returns an
/// error then, while the shim's succeeds, and `poll_complete` waits. `AsyncSeekExt::seek` always
/// completes the seek.
#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Tokio>> tokio::io::AsyncSeek for Shim<T, E, V>
where
    Self: AsyncSeek,
{
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let mut cx = Context::from_waker(Waker::noop());
        match self.poll_wanted_seek(&mut cx, position) {
            Poll::Ready(result) => result.map(drop),
            Poll::Pending => Ok(()),
        }
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        match *self.as_mut().project_seek().1 {
            Seek::Idle => Poll::Ready(Ok(0)),
            Seek::Done(position) => Poll::Ready(Ok(u64::from_ne_bytes(position))),
            Seek::Wanted(target) | Seek::Started(target) => self.poll_wanted_seek(cx, target.into()),
        }
    }
}

impl<T, E: Ecosystem, V> Shim<T, E, V>
where
    Self: AsyncSeek,
{
    /// Seeks, and remembers the result, or that it is still wanted.
    fn poll_wanted_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        let poll = self.as_mut().poll_seek(cx, position);
        let seek = self.project_seek().1;
        match &poll {
            Poll::Ready(Ok(position)) => *seek = Seek::Done(position.to_ne_bytes()),
            Poll::Pending if *seek == Seek::Idle => *seek = Seek::Wanted(position.into()),
            _ => {}
        }
        poll
    }
}
