//! The same functions for the synchronous traits: [`ReadBuf`] and std's [`Write`].
//!
//! When a call fails, the buffer holds everything that was read. Calling again resumes.

use std::io::{self, Write};
use std::task::Poll;

use super::copy::{Copy, Ends};
use super::reading::{self, Probe};
use crate::buf::{BorrowedCursor, TrackedBuf, expect_ready};
use crate::traits::ReadBuf;

/// Reads once into the spare capacity of `buf`, after reserving at least `least` bytes.
///
/// Reserves one byte if `least` is 0. Returns how many bytes were read; 0 means end of file.
///
/// # Errors
///
/// Returns an error if the reader does, including `Interrupted`.
///
/// # Panics
///
/// Panics if the capacity would exceed `isize::MAX` bytes. The data stays unchanged.
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
    expect_ready(reading::once(buf, least, |cursor, _| Poll::Ready(reader.read_into(cursor))))
}

/// Reads until `buf` holds `n` bytes, including those it held before. Never reads beyond them.
///
/// Returns immediately if `buf` already holds `n` bytes. The buffer grows as in
/// [`owned::read_exact`](super::read_exact).
///
/// # Errors
///
/// Returns [`EndedEarly`](super::EndedEarly), an error of kind `UnexpectedEof`, if the stream ends
/// first. Returns an error if the reader does. In both cases, the buffer holds what was read, and
/// calling again resumes.
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
    expect_ready(reading::to_length(buf, n, |cursor, _| Poll::Ready(reader.read_into(cursor))))
}

/// Reads until the end of file and returns how many bytes were read into `buf`.
///
/// The buffer grows as in [`owned::read_to_end`](super::read_to_end).
///
/// # Errors
///
/// Returns an error if the reader does. The buffer holds what was read before the error.
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
    let (before, full, mut probe) = (buf.len(), buf.capacity(), Probe::default());
    expect_ready(reading::to_end(buf, full, &mut probe, |cursor, _| Poll::Ready(reader.read_into(cursor))))?;
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
    expect_ready(reading::to_end_within(buf, most, |cursor, _| Poll::Ready(reader.read_into(cursor))))?;
    Ok(buf.len() - before)
}

/// Copies from `reader` to `writer` through `buf` until the end of file, then flushes.
///
/// Returns how many bytes were written. Works like [`owned::copy`](super::copy): data already in
/// the buffer is written first, and a capacity below 8 KiB is raised to 8 KiB. One read takes at
/// most that capacity.
///
/// # Errors
///
/// * Returns an error if the reader or the writer does.
/// * Returns an error of kind `WriteZero` if the writer accepts no more data.
/// * Returns a [`ContractViolation`](crate::ContractViolation) if the writer returns a count larger
///   than the data it was given.
///
/// The buffer holds what was read and not written. Calling again writes that first.
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

/// A reader and a writer that never return `Pending`.
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

    fn flush(&mut self) -> Poll<io::Result<()>> {
        Poll::Ready(self.writer.flush())
    }
}
