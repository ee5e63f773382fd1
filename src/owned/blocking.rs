//! The same operations over the synchronous traits: [`ReadBuf`] and std's [`Write`].
//!
//! A call that fails leaves all that was read in the buffer, and can be repeated.

use std::io::{self, Write};
use std::task::Poll;

use super::copy::{Copy, Ends};
use super::reading;
use crate::buf::{BorrowedCursor, TrackedBuf, expect_ready};
use crate::traits::ReadBuf;

/// Reads once, into all the room that `buf` has behind its data, which is made `least` bytes at least (and one, if that is 0).
///
/// Returns how many bytes were added to the data; 0 is the end of file.
///
/// # Errors
///
/// Those of the reader, `Interrupted` included.
///
/// # Panics
///
/// Panics if the capacity would be more than `isize::MAX` bytes. The data is as it was.
///
/// # Examples
///
/// ```
/// use io_shim::{TrackedBuf, owned::blocking};
///
/// let mut buf = TrackedBuf::new();
/// assert_eq!(blocking::read_buf(&mut &b"hello"[..], &mut buf, 4096)?, 5);
/// assert_eq!(buf, b"hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read_buf<R: ReadBuf + ?Sized>(reader: &mut R, buf: &mut TrackedBuf, least: usize) -> io::Result<usize> {
    expect_ready(reading::once(buf, least, |cursor| Poll::Ready(reader.read_into(cursor))))
}

/// Reads until `buf` holds `n` bytes, those that it held before included, and not a byte beyond them.
///
/// Returns at once where it holds as many already. Memory follows what arrives, as in [`owned::read_exact`](super::read_exact).
///
/// # Errors
///
/// [`EndedEarly`](super::EndedEarly), of kind `UnexpectedEof`, if the stream ends first, and those of the reader. What was read is in
/// the buffer, and the same call again goes on from there.
///
/// # Examples
///
/// ```
/// use io_shim::{TrackedBuf, owned::{EndedEarly, blocking}};
///
/// let (mut reader, mut buf) = (&b"hello, world"[..], TrackedBuf::new());
/// blocking::read_exact(&mut reader, &mut buf, 5)?;
/// assert_eq!(buf, b"hello");
/// let error = blocking::read_exact(&mut reader, &mut buf, 100).unwrap_err();
/// assert!(EndedEarly::of(&error).is_some());
/// assert_eq!(buf, b"hello, world");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read_exact<R: ReadBuf + ?Sized>(reader: &mut R, buf: &mut TrackedBuf, n: usize) -> io::Result<()> {
    expect_ready(reading::to_length(buf, n, |cursor| Poll::Ready(reader.read_into(cursor))))
}

/// Reads until the end of file, and returns how many bytes were added to the data of `buf`.
///
/// The buffer grows as in [`owned::read_to_end`](super::read_to_end).
///
/// # Errors
///
/// Those of the reader. What was read until then is in the buffer.
///
/// # Examples
///
/// ```
/// use io_shim::{Shim, TrackedBuf, owned::blocking};
/// use std::fs::File;
///
/// let mut buf = TrackedBuf::new();
/// blocking::read_to_end(&mut Shim::from_std(File::open("README.md")?), &mut buf)?;
/// assert!(buf.starts_with(b"# io-shim"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read_to_end<R: ReadBuf + ?Sized>(reader: &mut R, buf: &mut TrackedBuf) -> io::Result<usize> {
    let (before, full, mut probe) = (buf.len(), buf.capacity(), reading::probe());
    expect_ready(reading::to_end(buf, full, &mut probe, |cursor| Poll::Ready(reader.read_into(cursor))))?;
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
/// # Examples
///
/// ```
/// use io_shim::{TrackedBuf, owned::{LimitExceeded, blocking}};
///
/// let mut buf = TrackedBuf::new();
/// let mut endless = io_shim::Shim::from_std(std::io::repeat(7));
/// let error = blocking::read_to_end_within(&mut endless, &mut buf, 100).unwrap_err();
/// assert!(LimitExceeded::of(&error).is_some());
/// assert_eq!(buf.len(), 101);
/// ```
pub fn read_to_end_within<R: ReadBuf + ?Sized>(reader: &mut R, buf: &mut TrackedBuf, most: usize) -> io::Result<usize> {
    let before = buf.len();
    expect_ready(reading::to_end_within(buf, most, |cursor| Poll::Ready(reader.read_into(cursor))))?;
    Ok(buf.len() - before)
}

/// Copies what `reader` has until its end of file to `writer`, by way of `buf`, flushes, and returns how many bytes were written.
///
/// As [`owned::copy`](super::copy): what the buffer holds is written first, and its capacity, raised to 8 KiB where it is less, is what is
/// read at most at once.
///
/// # Errors
///
/// Those of both; `WriteZero`, if the writer takes nothing more; a [`ContractViolation`](crate::ContractViolation), if it says that it took
/// more than it was given. What was read and not written is in the buffer, and the same call again writes it first.
///
/// # Examples
///
/// ```
/// use io_shim::{TrackedBuf, owned::blocking};
///
/// let mut buf = TrackedBuf::with_capacity(64 * 1024);
/// let mut copied = Vec::new();
/// assert_eq!(blocking::copy(&mut &b"hello"[..], &mut copied, &mut buf)?, 5);
/// assert_eq!(copied, b"hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn copy<R, W>(reader: &mut R, writer: &mut W, buf: &mut TrackedBuf) -> io::Result<u64>
where
    R: ReadBuf + ?Sized,
    W: Write + ?Sized,
{
    expect_ready(Copy::new(buf).step(buf, &mut Blocking { reader, writer }))
}

/// A reader and a writer that are always ready.
struct Blocking<'a, R: ?Sized, W: ?Sized> {
    reader: &'a mut R,
    writer: &'a mut W,
}

impl<R: ReadBuf + ?Sized, W: Write + ?Sized> Ends for Blocking<'_, R, W> {
    #[inline]
    fn read(&mut self, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.reader.read_into(cursor))
    }

    #[inline]
    fn write(&mut self, data: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.writer.write(data))
    }

    #[inline]
    fn flush(&mut self) -> Poll<io::Result<()>> {
        Poll::Ready(self.writer.flush())
    }
}
