//! The reading traits, asynchronous and synchronous: [`AsyncReadBuf`] and [`ReadBuf`].

use std::io::{self, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::buf::{BorrowedBuf, BorrowedCursor};
use crate::coop::Budget;

/// Reads bytes asynchronously into memory that need not be initialised.
///
/// The reading trait in the middle of all conversions, io-shim's traits: a [`Shim`](crate::Shim) makes it of the trait that its type has, and
/// from it the traits of tokio, futures-io and hyper. Implement it, and [`Shim::new`](crate::Shim::new) makes of your reader one of all
/// three. [`ReadBuf`] is its synchronous mirror.
///
/// # Contract
///
/// * `Ready(Ok(()))` with nothing filled, although the cursor had capacity, is the end of file.
/// * Before `Pending` and before an error a reader must fill nothing. What it initialised on the way is not lost: the cursor's
///   owner sees it on every outcome.
/// * An empty cursor is read into like any other: `Ready(Ok(()))` for most readers.
///
/// A reader that breaks it does no harm to memory safety. What it filled is in the buffer of a caller whose buffer counts for itself, for
/// those who look (tokio's `read_buf` looks after `Ready(Ok(()))` alone). A caller who gets a count gets `Ready(Ok(n))` for `Pending` with
/// data, and the error for an error with data.
///
/// # Implementing
///
/// One method is required, and forgetting it does not compile. Fill the cursor by the safest means that will do:
///
/// 1. Data already in memory: [`BorrowedCursor::append`].
/// 2. A source that reads into slices: one line over [`SliceFeed`](crate::SliceFeed), so that no byte is zeroed twice.
/// 3. A wrapper that looks at what is read, to count it or to hash it: pass [`cursor.reborrow()`](BorrowedCursor::reborrow) on and look at
///    [`written()`](BorrowedCursor::written) afterwards, on errors and `Pending` as well, since a reader may fill before either.
///    [`delegate!`](crate::delegate) writes the methods that only forward; forward [`init_hint`](Self::init_hint) in any case.
/// 4. A source that writes through a raw pointer: [`BorrowedCursor::as_mut`] and [`BorrowedCursor::advance`], `unsafe`.
///
/// # Cancel safety
///
/// A poll function has no state between calls but the reader's own: after `Pending`, the next call may pass another
/// cursor, and dropping the future that polled loses no data.
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
///     fn poll_read_into(self: Pin<&mut Self>, _: &mut Context<'_>, mut cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
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
    /// Those of the source. `WouldBlock` and `Interrupted` are not among them: a reader returns `Pending`, or tries again.
    fn poll_read_into(self: Pin<&mut Self>, cx: &mut Context<'_>, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>>;

    /// Reads into initialised memory and returns how many bytes of it were written, from the front.
    ///
    /// # Errors
    ///
    /// As [`poll_read_into`](Self::poll_read_into).
    #[inline]
    fn poll_read_into_slice(self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = BorrowedBuf::from(slice);
        let poll = self.poll_read_into(cx, buf.unfilled());
        count(poll, buf.filled().len())
    }

    /// Reads into several slices, filling each before the next, and returns how many bytes were written in all.
    ///
    /// Unless overridden, reads into the first slice that is not empty.
    ///
    /// # Errors
    ///
    /// As [`poll_read_into`](Self::poll_read_into).
    #[inline]
    fn poll_read_into_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_read_into_slice(cx, first_non_empty(bufs))
    }

    /// Whether [`poll_read_into_vectored`](Self::poll_read_into_vectored) fills more than the first slice.
    #[inline]
    fn supports_vectored_reads(&self) -> bool {
        false
    }

    /// How many bytes of a buffer of `capacity` bytes the next read would initialise before it fills any.
    ///
    /// 0, the default, for a reader that writes into uninitialised memory. It lets a caller whose buffer hides its own
    /// count of initialised bytes initialise this many by its own means, which is cheaper when they already are. A wrong
    /// answer costs time, never correctness; more than `capacity` is taken for all of it. Every wrapper forwards it.
    #[inline]
    fn init_hint(&self, capacity: usize) -> usize {
        let _ = capacity;
        0
    }
}

/// Reads bytes into memory that need not be initialised, blocking or not as the source does.
///
/// The synchronous mirror of [`AsyncReadBuf`], with the same methods, contract and ways to implement it. (tokio and hyper have buffers
/// of this name; here it is a trait, and the buffer is [`BorrowedBuf`].) `Interrupted` is not among
/// its errors either: a reader tries again. [`Shim::from_std`](crate::Shim::from_std) makes one of any `std::io::Read`, and a
/// [`Shim`](crate::Shim) of one is a `std::io::Read`.
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
/// `SliceFeed::read` is the twin of `SliceFeed::poll`.
///
/// No method has the name of a method of std's `Read`, stable or not, so that both traits can be imported side by side.
///
/// # Implementing
///
/// As [`AsyncReadBuf`]; a slice-only reader is one line over [`SliceFeed::read`](crate::SliceFeed::read):
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
    /// Those of the source. `Interrupted` is not among them: a reader tries again.
    fn read_into(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()>;

    /// Reads into initialised memory and returns how many bytes of it were written, from the front.
    ///
    /// # Errors
    ///
    /// As [`read_into`](Self::read_into).
    #[inline]
    fn read_into_slice(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        let mut buf = BorrowedBuf::from(slice);
        self.read_into(buf.unfilled())?;
        Ok(buf.filled().len())
    }

    /// Reads into several slices, filling each before the next, and returns how many bytes were written in all.
    ///
    /// Unless overridden, reads into the first slice that is not empty.
    ///
    /// # Errors
    ///
    /// As [`read_into`](Self::read_into).
    #[inline]
    fn read_into_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.read_into_slice(first_non_empty(bufs))
    }

    /// Whether [`read_into_vectored`](Self::read_into_vectored) fills more than the first slice.
    #[inline]
    fn supports_vectored_reads(&self) -> bool {
        false
    }

    /// How many bytes of a buffer of `capacity` bytes the next read would initialise before it fills any.
    ///
    /// See [`AsyncReadBuf::init_hint`].
    #[inline]
    fn init_hint(&self, capacity: usize) -> usize {
        let _ = capacity;
        0
    }
}

/// Reads into `cursor` by one call of `read`, which the budget pays for, or yields.
#[inline(always)]
pub(crate) fn poll_read_on_budget(
    mut budget: Budget<'_>,
    cx: &mut Context<'_>,
    mut cursor: BorrowedCursor<'_>,
    read: impl FnOnce(&mut Context<'_>, BorrowedCursor<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<()>> {
    ready!(budget.poll_unspent(cx));
    let poll = read(cx, cursor.reborrow());
    let filled = cursor.written().len();
    budget.settle(poll, filled)
}

/// The outcome of a read of `filled` bytes, for a caller who gets a count: data before `Pending`, errors before data.
#[inline]
pub(crate) fn count(poll: Poll<io::Result<()>>, filled: usize) -> Poll<io::Result<usize>> {
    match poll {
        Poll::Ready(Ok(())) => Poll::Ready(Ok(filled)),
        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        Poll::Pending if filled > 0 => Poll::Ready(Ok(filled)),
        Poll::Pending => Poll::Pending,
    }
}

/// The first slice with room in it; an empty one where there is none.
#[inline]
fn first_non_empty<'a>(bufs: &'a mut [IoSliceMut<'_>]) -> &'a mut [u8] {
    bufs.iter_mut().find(|buf| !buf.is_empty()).map_or(&mut [], |buf| &mut **buf)
}
