//! The asynchronous reading operations.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::drive::poll_fn;
use super::reading;
use crate::buf::{BorrowedCursor, TrackedBuf};
use crate::coop::Budgets;
use crate::traits::{AsyncReadBuf, poll_read_on_budget};

/// Reads once, into all the room that `buf` has behind its data, which is made `least` bytes at least (and one, if that is 0).
///
/// Returns how many bytes were added to the data; 0 is the end of file.
///
/// # Errors
///
/// Those of the reader.
///
/// # Panics
///
/// Panics if the capacity would be more than `isize::MAX` bytes. The data is as it was.
///
/// # Cancel safety
///
/// Cancel safe: a read that is given up has read nothing.
///
/// # Examples
///
/// ```
/// use io_shim::{Shim, TrackedBuf, owned};
///
/// # futures::executor::block_on(async {
/// let mut reader = Shim::from_futures(&b"hello"[..]);
/// let mut buf = TrackedBuf::new();
/// while owned::read_buf(&mut reader, &mut buf, 4096).await? > 0 {}
/// assert_eq!(buf, b"hello");
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn read_buf<R>(reader: &mut R, buf: &mut TrackedBuf, least: usize) -> io::Result<usize>
where
    R: AsyncReadBuf + Unpin + ?Sized,
{
    poll_fn(|cx| poll_step(reader, buf, cx, |buf, mut reads| reading::once(buf, least, |cursor| reads.poll(cursor))))
        .await
}

/// Reads until `buf` holds `n` bytes, those that it held before included, and not a byte beyond them.
///
/// Returns at once where it holds as many already. Memory follows what arrives: for an `n` that a peer announced, no more than
/// 64 KiB are allocated, and then no more than a few times what is there.
///
/// # Errors
///
/// [`EndedEarly`](super::EndedEarly), of kind `UnexpectedEof`, if the stream ends first, and those of the reader. What was read is in
/// the buffer.
///
/// # Cancel safety
///
/// Cancel safe: what was read is in the buffer, and the same call again goes on from there.
///
/// # Examples
///
/// ```
/// use io_shim::{Shim, TrackedBuf, owned};
///
/// # futures::executor::block_on(async {
/// let mut reader = Shim::from_futures(&b"hello, world"[..]);
/// let mut buf = TrackedBuf::new();
/// owned::read_exact(&mut reader, &mut buf, 5).await?;
/// assert_eq!(buf, b"hello");
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn read_exact<R>(reader: &mut R, buf: &mut TrackedBuf, n: usize) -> io::Result<()>
where
    R: AsyncReadBuf + Unpin + ?Sized,
{
    poll_fn(|cx| poll_step(reader, buf, cx, |buf, mut reads| reading::to_length(buf, n, |cursor| reads.poll(cursor))))
        .await
}

/// Reads until the end of file, and returns how many bytes were added to the data of `buf`.
///
/// The buffer's room is used first. Where the stream fills it exactly, the buffer does not grow; where it does, its capacity doubles.
/// For a peer that is not trusted, see [`read_to_end_within`].
///
/// # Errors
///
/// Those of the reader. What was read until then is in the buffer.
///
/// # Cancel safety
///
/// Cancel safe: what was read is in the buffer, and the same call again goes on from there. (It then returns the count of
/// its own bytes alone.)
///
/// # Examples
///
/// ```
/// use io_shim::{Shim, TrackedBuf, owned};
///
/// # futures::executor::block_on(async {
/// let mut reader = Shim::from_futures(&b"hello"[..]);
/// let mut buf = TrackedBuf::with_capacity(5);
/// assert_eq!(owned::read_to_end(&mut reader, &mut buf).await?, 5);
/// assert_eq!((&buf[..], buf.capacity()), (&b"hello"[..], 5));
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub async fn read_to_end<R>(reader: &mut R, buf: &mut TrackedBuf) -> io::Result<usize>
where
    R: AsyncReadBuf + Unpin + ?Sized,
{
    let (before, full, mut probe) = (buf.len(), buf.capacity(), reading::probe());
    poll_fn(|cx| {
        poll_step(reader, buf, cx, |buf, mut reads| reading::to_end(buf, full, &mut probe, |cursor| reads.poll(cursor)))
    })
    .await?;
    Ok(buf.len() - before)
}

/// Reads until the end of file, of a stream that must not make `buf` hold more than `most` bytes, those that it held before
/// included.
///
/// Returns how many bytes were added to the data. The buffer is not made larger than for `most` bytes and one.
///
/// # Errors
///
/// [`LimitExceeded`](super::LimitExceeded), of kind `FileTooLarge`, if there are more, and those of the reader. Nothing is lost: what was
/// read is in the buffer, and where there were too many bytes it is `most + 1` of them. That last byte is the proof; it was taken from
/// the reader, which goes on after it.
///
/// # Cancel safety
///
/// Cancel safe: what was read is in the buffer, and the same call again goes on from there, with the same maximum. (It then
/// returns the count of its own bytes alone.)
///
/// # Examples
///
/// ```
/// use io_shim::{Shim, TrackedBuf, owned};
///
/// # futures::executor::block_on(async {
/// let mut reader = Shim::from_futures(&b"hello"[..]);
/// let mut buf = TrackedBuf::new();
/// let error = owned::read_to_end_within(&mut reader, &mut buf, 3).await.unwrap_err();
/// assert_eq!(error.to_string(), "the stream is longer than 3 bytes");
/// assert_eq!(buf, b"hell");
/// # });
/// ```
pub async fn read_to_end_within<R>(reader: &mut R, buf: &mut TrackedBuf, most: usize) -> io::Result<usize>
where
    R: AsyncReadBuf + Unpin + ?Sized,
{
    let before = buf.len();
    poll_fn(|cx| {
        poll_step(reader, buf, cx, |buf, mut reads| reading::to_end_within(buf, most, |cursor| reads.poll(cursor)))
    })
    .await?;
    Ok(buf.len() - before)
}

/// A reader that is polled, for one poll, and what pays for its reads.
struct Reads<'a, 'cx, R: ?Sized> {
    reader: &'a mut R,
    cx: &'a mut Context<'cx>,
    budgets: &'a mut Budgets,
}

impl<R: AsyncReadBuf + Unpin + ?Sized> Reads<'_, '_, R> {
    #[inline]
    fn poll(&mut self, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        poll_read_on_budget(self.budgets.reads(), self.cx, cursor, |cx, cursor| {
            Pin::new(&mut *self.reader).poll_read_into(cx, cursor)
        })
    }
}

/// Polls one step of an operation, whose reads the buffer's budget pays for.
#[inline]
fn poll_step<R: ?Sized, O>(
    reader: &mut R,
    buf: &mut TrackedBuf,
    cx: &mut Context<'_>,
    step: impl FnOnce(&mut TrackedBuf, Reads<'_, '_, R>) -> Poll<O>,
) -> Poll<O> {
    let mut budgets = buf.budgets;
    let poll = step(buf, Reads { reader, cx, budgets: &mut budgets });
    buf.budgets = budgets;
    poll
}
