//! The asynchronous reading operations.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::drive::poll_fn;
use super::reading::{self, Probe};
use crate::buf::{BorrowedCursor, TrackedBuf};
use crate::coop::Budgets;
use crate::traits::{AsyncReadBuf, poll_read_on_budget};

/// Reads once into the spare capacity of `buf`, after reserving at least `least` bytes.
///
/// Reserves one byte if `least` is 0. Returns how many bytes were read; 0 means end of file.
///
/// # Errors
///
/// Returns an error if the reader does.
///
/// # Panics
///
/// Panics if the capacity would exceed `isize::MAX` bytes. The data stays unchanged.
///
/// # Cancel safety
///
/// Cancel safe. If the future is dropped before it completes, nothing has been read.
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
    poll_fn(|cx| reading::once(buf, least, polling(reader, cx))).await
}

/// Reads until `buf` holds `n` bytes, including those it held before. Never reads beyond them.
///
/// Returns immediately if `buf` already holds `n` bytes.
///
/// The buffer grows with the data that arrives, so `n` may come from an untrusted peer. At first at
/// most 64 KiB are allocated, then at most a few times the length of the data.
///
/// # Errors
///
/// Returns [`EndedEarly`](super::EndedEarly), an error of kind `UnexpectedEof`, if the stream ends
/// first. Returns an error if the reader does. In both cases, the buffer holds what was read.
///
/// # Cancel safety
///
/// Cancel safe. The buffer holds what was read, and calling again resumes.
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
    poll_fn(|cx| reading::to_length(buf, n, polling(reader, cx))).await
}

/// Reads until the end of file and returns how many bytes were read into `buf`.
///
/// Uses the spare capacity first. The buffer does not grow if the stream fits exactly; otherwise
/// its capacity doubles. For untrusted peers, use [`read_to_end_within`].
///
/// # Errors
///
/// Returns an error if the reader does. The buffer holds what was read before the error.
///
/// # Cancel safety
///
/// Cancel safe. The buffer holds what was read, and calling again resumes. The second call returns
/// only the number of bytes that it read itself.
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
    let (before, full, mut probe) = (buf.len(), buf.capacity(), Probe::default());
    poll_fn(|cx| reading::to_end(buf, full, &mut probe, polling(reader, cx))).await?;
    Ok(buf.len() - before)
}

/// Reads until the end of file, unless `buf` would then hold more than `most` bytes.
///
/// The limit includes the bytes that `buf` held before. Returns how many bytes were read. The
/// buffer grows to at most `most + 1` bytes.
///
/// # Errors
///
/// Returns [`LimitExceeded`](super::LimitExceeded), an error of kind `FileTooLarge`, if there are
/// more bytes. `buf` then holds `most + 1` bytes if it held fewer before. The extra byte has been
/// taken from the reader.
///
/// Returns an error if the reader does. The buffer holds what was read before the error.
///
/// # Cancel safety
///
/// Cancel safe. The buffer holds what was read, and calling again with the same `most` resumes. The
/// second call returns only the number of bytes that it read itself.
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
    poll_fn(|cx| reading::to_end_within(buf, most, polling(reader, cx))).await?;
    Ok(buf.len() - before)
}

/// Returns a function that reads once with `reader`, on a budget.
#[inline]
fn polling<R: AsyncReadBuf + Unpin + ?Sized>(
    reader: &mut R,
    cx: &mut Context<'_>,
) -> impl FnMut(BorrowedCursor<'_>, &mut Budgets) -> Poll<io::Result<()>> {
    |cursor, budgets| {
        poll_read_on_budget(budgets.reads(), cx, cursor, |cx, cursor| Pin::new(&mut *reader).poll_read_into(cx, cursor))
    }
}
