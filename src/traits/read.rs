//! The reading traits, asynchronous and synchronous: [`AsyncReadBuf`] and [`ReadBuf`].

use std::io::{self, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::buf::{BorrowedBuf, BorrowedCursor};

/// Reads bytes asynchronously into memory that may be uninitialized.
///
/// The conversions of asynchronous readers go through this trait. A [`Shim`](crate::Shim)
/// implements it for a reader of any asynchronous ecosystem, and implements the reading traits of
/// tokio, futures-io and hyper on top of it. If your reader implements this trait,
/// [`Shim::new`](crate::Shim::new) makes it a reader of all three. The synchronous mirror is
/// [`ReadBuf`].
///
/// # Contract
///
/// * If the cursor has capacity, `Ready(Ok(()))` with nothing filled means end of file.
/// * A reader that returns `Pending` or an error must not have filled anything. It may have
///   initialized memory. The buffer records this, also after `Pending` or an error.
/// * A cursor without capacity is passed to the reader like any other. Most readers then return
///   `Ready(Ok(()))`.
///
/// A reader that breaks this contract cannot cause undefined behavior. If it fills bytes before
/// `Pending` or an error, callers see the following:
///
/// * If the method takes a cursor, or another buffer that records how much is filled, the caller
///   can find those bytes in the buffer. tokio's `read_buf` does not find them, because it looks at
///   its buffer only after `Ready(Ok(()))`.
/// * If the method returns a count, as [`poll_read_into_slice`](Self::poll_read_into_slice) does,
///   it returns `Ready(Ok(n))` instead of `Pending`. After an error it returns the error, and no
///   count.
///
/// # Implementing
///
/// [`poll_read_into`](Self::poll_read_into) is required. Fill the cursor by the first of these
/// means that fits:
///
/// 1. If the data is already in memory, use [`BorrowedCursor::append`].
/// 2. If the source reads into slices, use a [`SliceFeed`](crate::SliceFeed). It takes one line,
///    and no byte is zeroed twice.
/// 3. If a wrapper inspects or changes the data, pass
///    [`cursor.reborrow()`](BorrowedCursor::reborrow) to the inner reader. Then use
///    [`written()`](BorrowedCursor::written) or `written_mut()`. Do so even after `Pending` or an
///    error, because a faulty reader may have filled bytes before. [`delegate!`](crate::delegate) implements the
///    methods that only forward. Always forward [`init_hint`](Self::init_hint).
/// 4. If the source writes through a raw pointer, use [`BorrowedCursor::as_mut`] and
///    [`BorrowedCursor::advance`], which are `unsafe`.
///
/// # Cancel safety
///
/// Between calls of a poll function, only the reader itself holds state. After `Pending`, the next
/// call may pass another cursor. Dropping the future that polled loses no data.
///
/// # Examples
///
/// ```
/// use io_shim::{AsyncReadBuf, BorrowedCursor};
/// use std::{io, pin::Pin, task::{Context, Poll}};
///
/// struct Zeros;
///
/// impl AsyncReadBuf for Zeros {
///     fn poll_read_into(
///         self: Pin<&mut Self>,
///         _: &mut Context<'_>,
///         mut cursor: BorrowedCursor<'_>,
///     ) -> Poll<io::Result<()>> {
///         let n = cursor.ensure_init().len();
///         cursor.init_mut().fill(0);
///         cursor.advance_checked(n);
///         Poll::Ready(Ok(()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `AsyncReadBuf`, io-shim's asynchronous reading trait",
    note = "wrap a tokio reader with `Shim::from_tokio`, a futures-io reader (smol, async-std) with `Shim::from_futures`, a TCP or \
            Unix stream of smol with `Shim::from_smol`, a hyper reader with `Shim::from_hyper`, and a std reader that never blocks \
            with `Shim::allow_std`",
    note = "for your own reader, implement `io_shim::AsyncReadBuf` and wrap it with `Shim::new`"
)]
pub trait AsyncReadBuf {
    /// Reads into `cursor`.
    ///
    /// # Errors
    ///
    /// Returns an error if the underlying source does, but never `WouldBlock` or `Interrupted`: a
    /// reader returns `Pending` or tries again instead.
    fn poll_read_into(self: Pin<&mut Self>, cx: &mut Context<'_>, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>>;

    /// Reads into the front of an initialized slice and returns the number of bytes read.
    ///
    /// # Errors
    ///
    /// Same as [`poll_read_into`](Self::poll_read_into).
    #[inline]
    fn poll_read_into_slice(self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = BorrowedBuf::from(slice);
        let poll = self.poll_read_into(cx, buf.unfilled());
        count(poll, buf.len())
    }

    /// Reads into several slices, in order, and returns the total number of bytes read.
    ///
    /// Each slice is filled before the next one is used. The default implementation reads into the
    /// first non-empty slice only.
    ///
    /// # Errors
    ///
    /// Same as [`poll_read_into`](Self::poll_read_into).
    #[inline]
    fn poll_read_into_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_read_into_slice(cx, first_non_empty(bufs))
    }

    /// Returns `true` if [`poll_read_into_vectored`](Self::poll_read_into_vectored) fills more than
    /// the first slice.
    fn supports_vectored_reads(&self) -> bool {
        false
    }

    /// Returns how many bytes the next read would zero if it got an uninitialized buffer of
    /// `capacity` bytes.
    ///
    /// The default is 0, for a reader that writes into uninitialized memory.
    ///
    /// A caller can use it to choose a method. If the reader would zero memory, and all of the
    /// caller's memory is initialized already, then
    /// [`poll_read_into_slice`](Self::poll_read_into_slice) is cheaper than
    /// [`poll_read_into`](Self::poll_read_into).
    ///
    /// A wrong answer only costs time. A value above `capacity` counts as `capacity`. Every wrapper
    /// should forward this method.
    #[inline]
    fn init_hint(&self, capacity: usize) -> usize {
        let _ = capacity;
        0
    }
}

/// Reads bytes synchronously into memory that may be uninitialized.
///
/// This is the synchronous mirror of [`AsyncReadBuf`]. The table below lists the methods that
/// correspond. The contract is the same, but no method returns `Pending`. Whether a read blocks
/// depends on the source.
///
/// [`Shim::from_std`](crate::Shim::from_std) wraps any `std::io::Read` in a shim that implements
/// `ReadBuf`. In the other direction, [`Shim::new`](crate::Shim::new) wraps your `ReadBuf` type in
/// a shim that implements `std::io::Read`.
///
/// tokio and hyper have buffers of this name. Here it is a trait, and the buffer is
/// [`BorrowedBuf`].
///
/// # The mirror
///
/// | asynchronous | synchronous |
/// |---|---|
/// | `AsyncReadBuf::poll_read_into` | `ReadBuf::read_into` |
/// | `AsyncReadBuf::poll_read_into_slice` | `ReadBuf::read_into_slice` |
/// | `AsyncReadBuf::poll_read_into_vectored` | `ReadBuf::read_into_vectored` |
/// | `AsyncReadBuf::supports_vectored_reads` | `ReadBuf::supports_vectored_reads` |
/// | `AsyncReadBuf::init_hint` | `ReadBuf::init_hint` |
/// | `AsyncBufRead::poll_fill_buf` | `std::io::BufRead::fill_buf` |
/// | `AsyncBufRead::consume` | `std::io::BufRead::consume` |
/// | `AsyncWrite::poll_write` | `std::io::Write::write` |
/// | `AsyncWrite::poll_write_vectored` | `std::io::Write::write_vectored` |
/// | `AsyncWrite::supports_vectored_writes` | `WriteVectored::supports_vectored_writes` |
/// | `AsyncWrite::poll_flush` | `std::io::Write::flush` |
/// | `AsyncWrite::poll_shutdown` | - (dropping it) |
/// | `AsyncSeek::poll_seek` | `std::io::Seek::seek` |
///
/// `SliceFeed::read` is the synchronous mirror of `SliceFeed::poll`.
///
/// No method shares its name with a method of std's `Read`, stable or unstable, so both traits can
/// be imported side by side.
///
/// # Implementing
///
/// Fill the cursor in one of the ways that [`AsyncReadBuf`] lists. If the source reads into slices,
/// it takes one line with [`SliceFeed::read`](crate::SliceFeed::read):
///
/// ```
/// use io_shim::{BorrowedCursor, ReadBuf, SliceFeed};
/// use std::io;
/// # struct Device;
/// # impl Device { fn recv(&mut self, s: &mut [u8]) -> io::Result<usize> { s[0] = 7; Ok(1) } }
///
/// struct Reader { device: Device, feed: SliceFeed }
///
/// impl ReadBuf for Reader {
///     fn read_into(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
///         self.feed.read(cursor, |slice| self.device.recv(slice))
///     }
/// }
/// # let mut reader = Reader { device: Device, feed: SliceFeed::default() };
/// # let mut byte = [0; 3];
/// # assert_eq!(reader.read_into_slice(&mut byte)?, 1);
/// # Ok::<(), io::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `ReadBuf`, io-shim's synchronous reading trait",
    note = "wrap a std reader with `Shim::from_std`, a std file, socket or pipe with `Shim::from_fd`, and an asynchronous shim with \
            `rt::BlockOn`",
    note = "for your own reader, implement `io_shim::ReadBuf` and wrap it with `Shim::new`"
)]
pub trait ReadBuf {
    /// Reads into `cursor`.
    ///
    /// # Errors
    ///
    /// Returns an error if the underlying source does, but never `Interrupted`: a reader tries
    /// again instead.
    fn read_into(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()>;

    /// Reads into the front of an initialized slice and returns the number of bytes read.
    ///
    /// # Errors
    ///
    /// Same as [`read_into`](Self::read_into).
    #[inline]
    fn read_into_slice(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        let mut buf = BorrowedBuf::from(slice);
        self.read_into(buf.unfilled())?;
        Ok(buf.len())
    }

    /// Reads into several slices, in order, and returns the total number of bytes read.
    ///
    /// Each slice is filled before the next one is used. The default implementation reads into the
    /// first non-empty slice only.
    ///
    /// # Errors
    ///
    /// Same as [`read_into`](Self::read_into).
    #[inline]
    fn read_into_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.read_into_slice(first_non_empty(bufs))
    }

    /// Returns `true` if [`read_into_vectored`](Self::read_into_vectored) fills more than the first
    /// slice.
    fn supports_vectored_reads(&self) -> bool {
        false
    }

    /// Returns how many bytes the next read would zero if it got an uninitialized buffer of
    /// `capacity` bytes.
    ///
    /// See [`AsyncReadBuf::init_hint`].
    #[inline]
    fn init_hint(&self, capacity: usize) -> usize {
        let _ = capacity;
        0
    }
}

/// Calls `read` once and charges the budget for it, or yields if the budget is spent.
#[cfg(any(feature = "owned", feature = "stream"))]
#[inline(always)]
pub(crate) fn poll_read_on_budget(
    mut budget: crate::coop::Budget<'_>,
    cx: &mut Context<'_>,
    mut cursor: BorrowedCursor<'_>,
    read: impl FnOnce(&mut Context<'_>, BorrowedCursor<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<()>> {
    std::task::ready!(budget.poll_unspent(cx));
    let poll = read(cx, cursor.reborrow());
    budget.settle(&poll, cursor.written_len());
    poll
}

/// Converts the result of a read that filled `filled` bytes into a result with a count.
///
/// `Pending` with data becomes `Ready(Ok(filled))`. An error is returned even if there is data.
#[inline]
pub(crate) fn count(poll: Poll<io::Result<()>>, filled: usize) -> Poll<io::Result<usize>> {
    match poll {
        Poll::Ready(Ok(())) => Poll::Ready(Ok(filled)),
        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        Poll::Pending if filled > 0 => Poll::Ready(Ok(filled)),
        Poll::Pending => Poll::Pending,
    }
}

/// Returns the first non-empty slice, or an empty one if there is none.
#[inline]
fn first_non_empty<'a>(bufs: &'a mut [IoSliceMut<'_>]) -> &'a mut [u8] {
    bufs.iter_mut().find(|buf| !buf.is_empty()).map_or(&mut [], |buf| &mut **buf)
}
