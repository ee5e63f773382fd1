//! Copying from a reader to a writer through the caller's buffer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::drive::poll_fn;
use crate::buf::{BorrowedCursor, ContractViolation, TrackedBuf};
use crate::coop::Budgets;
use crate::traits::{AsyncReadBuf, AsyncWrite, count, poll_read_on_budget};

/// The smallest capacity of a buffer that data is copied through, in bytes.
const LEAST: usize = 8 * 1024;

/// Copies from `reader` to `writer` through `buf` until the end of file, then flushes.
///
/// Returns how many bytes were written. Does not shut down the writer.
///
/// Data already in the buffer is written first. A capacity below 8 KiB is raised to 8 KiB; nothing
/// else is allocated. One read takes at most that capacity. The buffer can be used for several
/// streams, and none of its bytes is zeroed twice.
///
/// As in tokio's `copy`, the writer is flushed whenever the reader is not ready. While the writer
/// is not ready, more data is read into the spare capacity.
///
/// # Errors
///
/// * Returns an error if the reader or the writer does.
/// * Returns an error of kind `WriteZero` if the writer accepts no more data.
/// * Returns a [`ContractViolation`] if the writer returns a count larger than the data it was
///   given.
///
/// The buffer holds what was read and not written.
///
/// # Cancel safety
///
/// Cancel safe. The buffer holds what was read and not written, and calling again writes that
/// first. The number of bytes written before the cancellation is lost.
///
/// # Examples
///
/// ```
/// use io_shim::{Shim, TrackedBuf, owned};
///
/// # futures::executor::block_on(async {
/// let mut buf = TrackedBuf::with_capacity(64 * 1024);
/// for mut reader in [&b"hello"[..], b"world"] {
///     let mut writer = Shim::from_tokio(Vec::new());
///     assert_eq!(owned::copy(&mut reader, &mut writer, &mut buf).await?, 5);
/// }
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn copy<R, W>(reader: &mut R, writer: &mut W, buf: &mut TrackedBuf) -> io::Result<u64>
where
    R: AsyncReadBuf + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut copy = Copy::new(buf);
    poll_fn(|cx| {
        let (reader, writer) = (Pin::new(&mut *reader), Pin::new(&mut *writer));
        let mut ends = Polled { reader, writer, cx, budgets: buf.budgets };
        let poll = copy.step(buf, &mut ends);
        buf.budgets = ends.budgets;
        poll
    })
    .await
}

/// The two ends of a copy.
pub(super) trait Ends {
    fn read(&mut self, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>>;
    fn write(&mut self, data: &[u8]) -> Poll<io::Result<usize>>;
    fn flush(&mut self) -> Poll<io::Result<()>>;
}

/// An asynchronous reader and writer during one poll.
struct Polled<'a, 'cx, R: ?Sized, W: ?Sized> {
    reader: Pin<&'a mut R>,
    writer: Pin<&'a mut W>,
    cx: &'a mut Context<'cx>,
    budgets: Budgets,
}

impl<R: AsyncReadBuf + ?Sized, W: AsyncWrite + ?Sized> Ends for Polled<'_, '_, R, W> {
    #[inline]
    fn read(&mut self, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        poll_read_on_budget(self.budgets.reads(), self.cx, cursor, |cx, cursor| {
            self.reader.as_mut().poll_read_into(cx, cursor)
        })
    }

    #[inline]
    fn write(&mut self, data: &[u8]) -> Poll<io::Result<usize>> {
        self.budgets.writes().poll_counted(self.cx, |cx| self.writer.as_mut().poll_write(cx, data))
    }

    fn flush(&mut self) -> Poll<io::Result<()>> {
        self.writer.as_mut().poll_flush(self.cx)
    }
}

/// The progress of a copy. The data itself is in the buffer only.
pub(super) struct Copy {
    ended: bool,
    /// Whether the writer may hold data that it has not flushed.
    unflushed: bool,
    copied: u64,
}

impl Copy {
    pub(super) fn new(buf: &mut TrackedBuf) -> Self {
        if buf.capacity() < LEAST {
            buf.reserve(LEAST - buf.len());
        }
        // An earlier copy that was cancelled may have left data in the writer.
        Copy { ended: false, unflushed: true, copied: 0 }
    }

    /// Copies until the end of file, or until the reader or the writer is not ready.
    pub(super) fn step(&mut self, buf: &mut TrackedBuf, ends: &mut impl Ends) -> Poll<io::Result<u64>> {
        loop {
            while !buf.is_empty() {
                match ends.write(buf.filled()) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(Ok(n)) => {
                        buf.consume(ContractViolation::check_write(n, buf.len())?);
                        self.unflushed = true;
                        self.copied += n as u64;
                    }
                    Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => {
                        // More data makes the next write larger.
                        if !self.ended && buf.spare_len() > 0 {
                            ready!(self.read(buf, ends))?;
                        }
                        return Poll::Pending;
                    }
                }
            }
            if self.ended {
                ready!(flush(ends))?;
                return Poll::Ready(Ok(self.copied));
            }
            match self.read(buf, ends) {
                Poll::Ready(result) => result?,
                Poll::Pending => {
                    // The peer may answer only after it has received the buffered data.
                    if self.unflushed {
                        ready!(flush(ends))?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    /// Reads into the spare capacity, which must not be empty, and notes the end of file.
    fn read(&mut self, buf: &mut TrackedBuf, ends: &mut impl Ends) -> Poll<io::Result<()>> {
        loop {
            let before = buf.len();
            let poll = ends.read(buf.unfilled());
            match ready!(count(poll, buf.len() - before)) {
                Ok(n) => {
                    self.ended = n == 0;
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Poll::Ready(Err(error)),
                // A reader may break its contract and fill the buffer before the error.
                // A read into an empty slice would then look like the end of file.
                Err(_) if buf.spare_len() == 0 => return Poll::Ready(Ok(())),
                Err(_) => {}
            }
        }
    }
}

/// Flushes the writer, and retries after `Interrupted`.
fn flush(ends: &mut impl Ends) -> Poll<io::Result<()>> {
    loop {
        match ready!(ends.flush()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return Poll::Ready(result),
        }
    }
}
