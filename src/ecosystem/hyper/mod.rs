//! The ecosystem of `hyper::rt`.
//!
//! hyper's buffer tracks what is initialised, but tells nobody: of memory that comes from hyper nothing is known to be
//! initialised until hyper is asked to make it so, and of what a reader of hyper's traits initialised only what it filled.
//! Between two shims, `lent` remembers it for the time of a call. A cursor of hyper's is passed by value, and nothing gives
//! access to the buffer behind it, which stays with whoever made it, so that no reader can swap it.
#![allow(unsafe_code, reason = "the boundary between hyper's buffer and the cursor")]

mod init_record;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{ReadBuf, ReadBufCursor};

use self::init_record::InitRecord;

use self::bounds::{HyperRead, HyperWrite};
use crate::buf::{BorrowedBuf, BorrowedCursor, ContractViolation};
use crate::shim::{Ecosystem, Includes, Shim, sealed};
use crate::traits::count;
use crate::traits::{AsyncReadBuf, AsyncWrite};

/// The tag of types that have hyper's traits: `hyper::rt::{Read, Write}`.
///
/// # Examples
///
/// ```
/// use hyper::upgrade::Upgraded;
/// use io_shim::{Hyper, Shim};
///
/// fn adapt(connection: Upgraded) -> Shim<Upgraded, Hyper> {
///     Shim::from_hyper(connection)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Hyper {}

impl sealed::Ecosystem for Hyper {
    type State = ();
}

impl sealed::View for Hyper {}

impl<T> Shim<T, Hyper> {
    /// Wraps a type that has hyper's traits, such as `hyper::upgrade::Upgraded`.
    ///
    /// It yields when it was ready often enough: see [`with_budget`](Shim::with_budget).
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::Shim;
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// # futures::executor::block_on(async {
    /// let hyper_reader = Shim::new(&b"hello"[..]).for_hyper();
    ///
    /// let mut text = String::new();
    /// Shim::from_hyper(hyper_reader).read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    #[inline]
    pub fn from_hyper(io: T) -> Self {
        Shim::wrap(io)
    }
}

impl<T, E: Ecosystem, V> Shim<T, E, V> {
    /// Narrows the shim to a type of hyper's alone: [`only::<Hyper>()`](Shim::only).
    #[inline]
    pub fn for_hyper(self) -> Shim<T, E, Hyper> {
        self.only()
    }
}

/// Gives `read` a cursor over the unfilled part of a hyper buffer, the first `init` bytes of it initialised, and carries
/// back what it filled.
///
/// For those who implement `hyper::rt::Read` and would rather fill a cursor: safe code may read into uninitialised memory
/// this way. hyper initialises those `init` bytes, which costs nothing where they already are; 0 is right for a reader that
/// writes into uninitialised memory, [`AsyncReadBuf::init_hint`] of `buf.remaining()` for one that is wrapped, and more
/// than the buffer has is taken for all of it. Where a shim around the caller lends the buffer, the cursor has what that
/// shim knows to be initialised, and hyper is not asked. If `read` panics, nothing is filled.
///
/// # Examples
///
/// ```
/// use io_shim::with_hyper_cursor;
///
/// let mut memory = [std::mem::MaybeUninit::uninit(); 64];
/// let mut buf = hyper::rt::ReadBuf::uninit(&mut memory);
/// with_hyper_cursor(buf.unfilled(), 0, |mut cursor| cursor.append(b"hello"));
/// assert_eq!(buf.filled(), b"hello");
/// ```
#[inline]
pub fn with_hyper_cursor<R>(mut buf: ReadBufCursor<'_>, init: usize, read: impl FnOnce(BorrowedCursor<'_>) -> R) -> R {
    // SAFETY: it is only looked at.
    let known = init_record::init_len(unsafe { buf.as_mut() });
    let init = match known {
        // hyper knows less of this memory than the lift that lends it, and would zero it from the start.
        Some(known) if known > 0 => known,
        _ => {
            let init = init.min(buf.remaining());
            if init > 0 {
                buf.initialize_unfilled_to(init);
            }
            init
        }
    };
    // SAFETY: a cursor de-initialises nothing, and asks the same of those who write through it.
    let memory = unsafe { buf.as_mut() };
    let mut borrowed = BorrowedBuf::from(&mut *memory);
    // SAFETY: that many bytes are initialised, says the lift that lends them, or hyper has just seen to it.
    unsafe { borrowed.set_init(init) };
    let result = read(borrowed.unfilled());
    let (filled, init) = (borrowed.filled().len(), borrowed.init_len());
    if known.is_some() {
        init_record::set_init(memory, init);
    }
    // SAFETY: `borrowed` covers the unfilled part from its start; its filled bytes are within it, and initialised (invariants 1
    // to 3).
    unsafe { buf.advance(filled) };
    result
}

/// Lets a hyper reader read into a cursor.
///
/// hyper's buffer can be told that all of it is initialised, or nothing. What is between is known to a shim inside, and to no
/// other reader.
#[inline]
fn poll_into_cursor(
    mut cursor: BorrowedCursor<'_>,
    read: impl FnOnce(ReadBufCursor<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<usize>> {
    let init = cursor.init_len();
    if init == cursor.capacity() {
        let (poll, filled) = poll_into_slice(cursor.init_mut(), read)?;
        cursor.advance_checked(filled);
        return poll.map_ok(|()| filled);
    }
    // SAFETY: hyper's buffer de-initialises nothing, and asks the same of those who write through it.
    let memory = unsafe { cursor.as_mut() };
    let (address, len) = (memory.as_ptr().addr(), memory.len());
    let lent = InitRecord::new(address, len, init);
    let mut buf = ReadBuf::uninit(memory);
    let poll = read(buf.unfilled());
    let filled = check_filled(&buf, address, len)?;
    // SAFETY: `init` bytes were initialised before, and whoever says that more are by now is a shim that was lent this memory:
    // see `InitRecord`.
    unsafe { cursor.assume_init(lent.init_len(filled)) };
    // SAFETY: `buf` is the unfilled part of the cursor still, as was checked, and its filled bytes are initialised by its own
    // invariant.
    unsafe { cursor.advance(filled) };
    poll.map_ok(|()| filled)
}

/// How many bytes are filled of a buffer that is made of the `len` bytes at `address`, if it still is.
///
/// hyper gives no reader access to the buffer behind its cursor, so that it always is. Should a later hyper have a way to
/// exchange it, as tokio's traits have, then this is an error.
#[inline]
fn check_filled(buf: &ReadBuf<'_>, address: usize, len: usize) -> Result<usize, ContractViolation> {
    let filled = buf.filled();
    if filled.as_ptr().addr() == address && filled.len() <= len {
        Ok(filled.len())
    } else {
        Err(ContractViolation::BufferReplaced)
    }
}

/// Lets a hyper reader read into initialised memory, and counts what it filled.
#[inline]
fn poll_into_slice(
    slice: &mut [u8],
    read: impl FnOnce(ReadBufCursor<'_>) -> Poll<io::Result<()>>,
) -> Result<(Poll<io::Result<()>>, usize), ContractViolation> {
    let (address, len) = (slice.as_ptr().addr(), slice.len());
    let _lent = InitRecord::new(address, len, len);
    let mut buf = ReadBuf::new(slice);
    let poll = read(buf.unfilled());
    Ok((poll, check_filled(&buf, address, len)?))
}

// Lifts.

super::bounds::bounds! {
    HyperRead: hyper::rt::Read,
        "`Shim::from_hyper` needs a hyper reader, but `{Self}` does not implement `hyper::rt::Read`",
        "not a hyper reader";
    HyperWrite: hyper::rt::Write,
        "`Shim::from_hyper` needs a hyper writer, but `{Self}` does not implement `hyper::rt::Write`",
        "not a hyper writer";
}

impl<T: HyperRead, V> AsyncReadBuf for Shim<T, Hyper, V> {
    #[inline]
    fn poll_read_into(self: Pin<&mut Self>, cx: &mut Context<'_>, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        let (io, (), budget) = self.project_reading();
        budget.poll_counted(cx, |cx| poll_into_cursor(cursor, |buf| io.poll_read(cx, buf))).map_ok(drop)
    }

    #[inline]
    fn poll_read_into_slice(self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let (io, (), budget) = self.project_reading();
        budget.poll_counted(cx, |cx| {
            let (poll, filled) = poll_into_slice(slice, |buf| io.poll_read(cx, buf)).map_err(io::Error::from)?;
            count(poll, filled)
        })
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: HyperWrite, V> AsyncWrite for Shim<T, Hyper, V> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let (io, (), budget) = self.project_writing();
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
        let (io, (), budget) = self.project_writing();
        budget.poll_counted(cx, |cx| io.poll_write_vectored(cx, bufs))
    }

    #[inline]
    fn supports_vectored_writes(&self) -> bool {
        self.get_ref().is_write_vectored()
    }
}

// Lowerings.

#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Hyper>> hyper::rt::Read for Shim<T, E, V>
where
    Self: AsyncReadBuf,
{
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let init = self.init_hint(buf.remaining());
        with_hyper_cursor(buf, init, |cursor| self.poll_read_into(cx, cursor))
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Hyper>> hyper::rt::Write for Shim<T, E, V>
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
    fn is_write_vectored(&self) -> bool {
        AsyncWrite::supports_vectored_writes(self)
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write_vectored(self, cx, bufs)
    }
}
