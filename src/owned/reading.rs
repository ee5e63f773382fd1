//! Filling a buffer, and how it grows: what reading asynchronously and reading synchronously share.
//!
//! Each function is given the reader as a closure. It may be left at any `Pending` and called anew: its only memory is the buffer.

use std::io;
use std::task::{Poll, ready};

use super::error::{EndedEarly, LimitExceeded};
use crate::buf::{BorrowedBuf, BorrowedCursor, TrackedBuf};
use crate::traits::count;

/// The room that is made where there was none, in bytes. From there on it doubles.
const START: usize = 1024;
/// With less room than this, a buffer that grows anyway grows before it is read into.
const LEAST: usize = 32;
/// How much is allocated on the strength of a length that somebody announced: this much, and twice what is there already.
const TRUSTED: usize = 64 * 1024;

/// The room for finding out whether the stream goes on after exactly as many bytes as there was room for.
///
/// Initialised once for an operation, so that waiting there costs nothing. (What a reader puts there that then panics is not
/// counted, as in a tokio `ReadBuf`.)
pub(super) type Probe = [u8; LEAST];

pub(super) const fn probe() -> Probe {
    [0; LEAST]
}

/// Reads once into all the room there is, which is `least` bytes and one at least.
#[inline]
pub(super) fn once(
    buf: &mut TrackedBuf,
    least: usize,
    read: impl FnOnce(BorrowedCursor<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<usize>> {
    buf.reserve(least.max(1));
    within(buf, usize::MAX, read)
}

/// Reads until the buffer holds `wanted` bytes, and none beyond them.
#[inline]
pub(super) fn to_length(
    buf: &mut TrackedBuf,
    wanted: usize,
    mut read: impl FnMut(BorrowedCursor<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<()>> {
    while buf.len() < wanted {
        let missing = wanted - buf.len();
        if buf.spare_len() < LEAST.min(missing) {
            buf.reserve(missing.min(buf.len().max(TRUSTED)));
        }
        match ready!(within(buf, missing, &mut read)) {
            Ok(0) => return Poll::Ready(Err(EndedEarly { held: buf.len(), wanted }.into())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    Poll::Ready(Ok(()))
}

/// Reads until the end of file. The `full` is the buffer's capacity at the start, which may be what the caller knows the stream to
/// take: where it is filled exactly, the buffer grows only if there is more.
#[inline]
pub(super) fn to_end(
    buf: &mut TrackedBuf,
    full: usize,
    probe: &mut Probe,
    mut read: impl FnMut(BorrowedCursor<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<()>> {
    loop {
        let mut small = None;
        let before = buf.len();
        // One call of the reader for both, so that the compiler writes it into this loop.
        let poll = read(if buf.spare_len() < LEAST && is_full(buf, full) {
            small.insert(BorrowedBuf::from(&mut probe[..])).unfilled()
        } else {
            buf.unfilled()
        });
        if let Some(small) = small {
            buf.extend_from_slice(small.filled());
        }
        match poll {
            Poll::Ready(Ok(())) if buf.len() > before => {}
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            poll => match ready!(count(poll, buf.len() - before)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Poll::Ready(Err(error)),
                _ => {}
            },
        }
    }
}

/// Makes room, unless the capacity is still the caller's; whether there is none then, since that was filled exactly.
#[cold]
fn is_full(buf: &mut TrackedBuf, full: usize) -> bool {
    if buf.capacity() > full || full == 0 {
        buf.reserve(START.max(buf.spare_len() + 1));
    }
    buf.spare_len() == 0
}

/// Reads until the end of file, or until the buffer holds more than `most` bytes: one more.
///
/// The buffer is not made larger than for that many.
#[inline]
pub(super) fn to_end_within(
    buf: &mut TrackedBuf,
    most: usize,
    mut read: impl FnMut(BorrowedCursor<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<()>> {
    while buf.len() <= most {
        let allowed = (most - buf.len()).saturating_add(1);
        if buf.spare_len() < LEAST.min(allowed) {
            buf.reserve_exact(allowed.min(buf.capacity().max(START)));
        }
        match ready!(within(buf, allowed, &mut read)) {
            Ok(0) => return Poll::Ready(Ok(())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    Poll::Ready(Err(LimitExceeded { most }.into()))
}

/// Reads once into the room there is, `most` bytes of it at most, and counts.
#[inline]
fn within(
    buf: &mut TrackedBuf,
    most: usize,
    read: impl FnOnce(BorrowedCursor<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<usize>> {
    let before = buf.len();
    let poll = read(buf.unfilled().limit(most));
    count(poll, buf.len() - before)
}
