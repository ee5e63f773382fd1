//! Copying from a reader to a writer, by way of a buffer of the caller's.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::drive::poll_fn;
use crate::buf::{BorrowedCursor, ContractViolation, TrackedBuf};
use crate::coop::Budgets;
use crate::traits::{AsyncReadBuf, AsyncWrite, count, poll_read_on_budget};

/// The least capacity of a buffer that is copied through, in bytes.
const LEAST: usize = 8 * 1024;

/// Copies what `reader` has until its end of file to `writer`, by way of `buf`, flushes, and returns how many bytes were written.
///
/// Data that the buffer holds already is written first. Its capacity, raised to 8 KiB where it is less, is what is read
/// at most at once. Nothing else is allocated, and the buffer can be used again: for the next stream no byte of it is zeroed that
/// was before. As with tokio's `copy`, the writer is flushed whenever the reader has nothing to give for the moment,
/// and while the writer is not ready, the rest of the buffer is read into. The writer is not shut down.
///
/// # Errors
///
/// Those of both; `WriteZero`, if the writer takes nothing more; a [`ContractViolation`], if it says that it took more than it was
/// given. What was read and not written is in the buffer.
///
/// # Cancel safety
///
/// Cancel safe: what was read and not written is in the buffer, and the same call again writes it first. (How many bytes were
/// written until then is not said to anybody.)
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

/// A reader and a writer that are polled, for one poll.
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

    #[inline]
    fn flush(&mut self) -> Poll<io::Result<()>> {
        self.writer.as_mut().poll_flush(self.cx)
    }
}

/// How far a copy is. The bytes themselves are in the buffer alone.
pub(super) struct Copy {
    ended: bool,
    /// Whether the writer may hold back something.
    unflushed: bool,
    copied: u64,
}

impl Copy {
    pub(super) fn new(buf: &mut TrackedBuf) -> Self {
        if buf.capacity() < LEAST {
            buf.reserve(LEAST - buf.len());
        }
        // A copy that was given up before this one may have left the writer unflushed.
        Copy { ended: false, unflushed: true, copied: 0 }
    }

    /// Copies until it is done or one of the ends is not ready.
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
                        // The more there is, the larger is the write that comes next.
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
                    // What the reader waits for may be an answer to what the writer holds back.
                    if self.unflushed {
                        ready!(flush(ends))?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    /// Reads into the room behind the data, of which there is some, and sees whether that is the end.
    fn read(&mut self, buf: &mut TrackedBuf, ends: &mut impl Ends) -> Poll<io::Result<()>> {
        loop {
            let before = buf.len();
            let poll = ends.read(buf.unfilled());
            match ready!(count(poll, buf.len() - before)) {
                Ok(n) => {
                    self.ended = n == 0;
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    // Against its contract, a reader filled all the room before the error.
                    // Reading into no room would look like the end.
                    if buf.spare_len() == 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// Flushes the writer, for as long as a signal interrupts that.
fn flush(ends: &mut impl Ends) -> Poll<io::Result<()>> {
    loop {
        match ready!(ends.flush()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return Poll::Ready(result),
        }
    }
}
