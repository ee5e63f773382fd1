//! Conversions between the traits of `hyper::rt` and io-shim's.
//!
//! hyper's buffer counts its initialized bytes, but the count is private. A shim that hyper calls
//! treats all of the buffer as uninitialized. A shim around a hyper reader learns only how much it
//! filled. Where one shim is nested in another, `InitRecord` passes the count between them during a
//! call.
//!
//! The cursor's methods that initialize memory are newer than the lowest version of hyper that
//! `Cargo.toml` allows. Cargo cannot tell which version it got, so they are not used.
//!
//! hyper passes its cursor by value and gives no access to the buffer behind it. So no reader can
//! replace that buffer.
#![allow(unsafe_code, reason = "the boundary between hyper's buffer and the cursor")]

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{ReadBuf, ReadBufCursor};

use self::bounds::{HyperRead, HyperWrite};
use crate::buf::{BorrowedCursor, ContractViolation, InitRecord, with_recorded};
use crate::delegate;
use crate::shim::{Ecosystem, Includes, Shim, sealed};
use crate::traits::{AsyncReadBuf, AsyncWrite, count};

/// The tag of types that implement hyper's traits: `hyper::rt::{Read, Write}`.
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
    /// Wraps a type that implements hyper's traits, such as `hyper::upgrade::Upgraded`.
    ///
    /// It yields after many ready operations in a row: see [`with_budget`](Shim::with_budget).
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
    pub fn from_hyper(io: T) -> Self {
        Shim::wrap(io)
    }
}

impl<T, E: Ecosystem, V> Shim<T, E, V> {
    /// Narrows the shim to hyper's traits: the same as [`only::<Hyper>()`](Shim::only).
    ///
    /// io-shim's own traits stay. They share method names such as `poll_write` with hyper's: import
    /// the traits of one of the two.
    pub fn for_hyper(self) -> Shim<T, E, Hyper> {
        self.only()
    }
}

/// Calls `read` with a cursor over the unfilled part of a hyper buffer.
///
/// Bytes that `read` fills count as filled in hyper's buffer afterwards. Use this to implement
/// `hyper::rt::Read` with a cursor: safe code can then read into uninitialized memory.
///
/// hyper's buffer does not report how much of it is initialized. So the cursor counts nothing as
/// initialized, unless a shim passed the buffer to the caller: then it counts what that shim knows.
/// If `read` initializes bytes and does not fill them, the next call with the same buffer does not
/// know of them.
///
/// # Panics
///
/// Panics if `read` panics. Nothing more is filled in hyper's buffer then.
///
/// # Examples
///
/// ```
/// use io_shim::with_hyper_cursor;
///
/// let mut memory = [std::mem::MaybeUninit::uninit(); 64];
/// let mut buf = hyper::rt::ReadBuf::uninit(&mut memory);
/// with_hyper_cursor(buf.unfilled(), |mut cursor| cursor.append(b"hello"));
/// assert_eq!(buf.filled(), b"hello");
/// ```
#[inline]
pub fn with_hyper_cursor<R>(mut buf: ReadBufCursor<'_>, read: impl FnOnce(BorrowedCursor<'_>) -> R) -> R {
    // SAFETY: a cursor never de-initializes memory, and its unsafe methods require that of callers.
    let memory = unsafe { buf.as_mut() };
    // SAFETY: nothing is claimed to be initialized.
    let (result, filled, _) = unsafe { with_recorded(memory, 0, read) };
    // SAFETY: the cursor covered the unfilled part from its start. Its filled bytes are within it,
    // and initialized (invariants 1 to 3).
    unsafe { buf.advance(filled) };
    result
}

/// Calls a hyper reader with the unfilled part of `cursor`.
///
/// hyper's buffer can be made with all of it initialized or with nothing. For counts in between,
/// the record tells a nested shim, and no other reader.
#[inline]
fn poll_into_cursor(
    mut cursor: BorrowedCursor<'_>,
    read: impl FnOnce(ReadBufCursor<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<()>> {
    let init = cursor.init_len();
    if init == cursor.capacity() {
        let (poll, filled) = poll_into_slice(cursor.init_mut(), read)?;
        cursor.advance_checked(filled);
        return poll;
    }
    // SAFETY: hyper's buffer never de-initializes memory, and its unsafe methods require that of
    // callers.
    let memory = unsafe { cursor.as_mut() };
    let (address, len) = (memory.as_ptr().addr(), memory.len());
    // SAFETY: the cursor counts `init` initialized bytes (invariant 2). It is borrowed until after
    // the call, and nothing de-initializes its memory.
    let lent = unsafe { InitRecord::new(address, len, init) };
    let mut buf = ReadBuf::uninit(memory);
    let poll = read(buf.unfilled());
    let filled = check_filled(&buf, address, len)?;
    // SAFETY: the filled bytes are initialized by hyper's own invariant.
    let init = unsafe { lent.init_len(filled) };
    // SAFETY: `init` bytes were initialized before. Only a nested shim that was passed this memory
    // can have recorded more: see `InitRecord`.
    unsafe { cursor.assume_init(init) };
    // SAFETY: the check showed that `buf` covers the unfilled part of the cursor, and its filled
    // bytes are initialized by its own invariant.
    unsafe { cursor.advance(filled) };
    poll
}

/// Returns the filled length of `buf` if it covers the `len` bytes at `address`.
///
/// It always does, since hyper gives no reader access to the buffer behind its cursor. If a later
/// hyper lets readers replace it, as tokio does, this returns an error.
#[inline]
fn check_filled(buf: &ReadBuf<'_>, address: usize, len: usize) -> Result<usize, ContractViolation> {
    let filled = buf.filled();
    if filled.as_ptr().addr() == address && filled.len() <= len {
        Ok(filled.len())
    } else {
        Err(ContractViolation::BufferReplaced)
    }
}

/// Calls a hyper reader with `slice`, and returns how many bytes it filled.
#[inline]
fn poll_into_slice(
    slice: &mut [u8],
    read: impl FnOnce(ReadBufCursor<'_>) -> Poll<io::Result<()>>,
) -> Result<(Poll<io::Result<()>>, usize), ContractViolation> {
    let (address, len) = (slice.as_ptr().addr(), slice.len());
    // SAFETY: a slice is initialized. It is borrowed until after the call, and hyper's buffer
    // never de-initializes memory.
    let _lent = unsafe { InitRecord::new(address, len, len) };
    let mut buf = ReadBuf::new(slice);
    let poll = read(buf.unfilled());
    Ok((poll, check_filled(&buf, address, len)?))
}

// hyper -> io-shim

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
    fn poll_read_into(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let (io, (), mut budget) = self.project_reading();
        ready!(budget.poll_unspent(cx));
        let poll = poll_into_cursor(cursor.reborrow(), |buf| io.poll_read(cx, buf));
        budget.settle(&poll, cursor.written_len());
        poll
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
        let (io, (), budget) = self.project_writing();
        budget.poll_counted(cx, |cx| io.poll_write_vectored(cx, bufs))
    }

    fn supports_vectored_writes(&self) -> bool {
        self.get_ref().is_write_vectored()
    }
}

// io-shim -> hyper
// `delegate!` writes the methods that have the same name and signature in both.

#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Hyper>> hyper::rt::Read for Shim<T, E, V>
where
    Self: AsyncReadBuf,
{
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        with_hyper_cursor(buf, |cursor| self.poll_read_into(cx, cursor))
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Hyper>> hyper::rt::Write for Shim<T, E, V>
where
    Self: AsyncWrite,
{
    delegate!(AsyncWrite { poll_write, poll_flush, poll_shutdown, poll_write_vectored }: |this| this, |this| this);

    fn is_write_vectored(&self) -> bool {
        AsyncWrite::supports_vectored_writes(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // No reader of today's hyper can replace the buffer, so only this calls the check with another.
    #[test]
    fn a_buffer_over_other_memory_is_an_error() {
        let mut memory = [0; 8];
        let address = memory.as_ptr().addr();
        let mut buf = ReadBuf::new(&mut memory);
        buf.unfilled().put_slice(&[1; 4]);
        assert_eq!(check_filled(&buf, address, 4), Ok(4));
        assert_eq!(check_filled(&buf, address, 3), Err(ContractViolation::BufferReplaced));
        assert_eq!(check_filled(&buf, address + 1, 4), Err(ContractViolation::BufferReplaced));
    }
}
