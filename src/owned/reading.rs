//! Reading into a buffer and growing it, shared by the asynchronous and the synchronous functions.
//!
//! Each function takes the reader as a closure, which may spend the buffer's budget. It keeps its
//! state in the buffer only, so that it can be called again after `Pending`.

use std::io;
use std::task::{Poll, ready};

use super::error::{EndedEarly, LimitExceeded};
use crate::buf::{BorrowedBuf, BorrowedCursor, TrackedBuf};
use crate::coop::Budgets;
use crate::traits::count;

/// The first capacity of a buffer that had none, in bytes. It doubles from there.
const START: usize = 1024;
/// A buffer that may grow does so before a read if it has less spare capacity than this.
const LEAST: usize = 32;
/// The limit for an allocation based on an announced length, unless the buffer holds more data.
const TRUSTED: usize = 64 * 1024;

/// Memory for one read after the buffer is exactly full, to find out whether the stream has ended.
///
/// It is initialized once per operation, so repeated polls cost nothing. If the reader writes here
/// and then panics, that data is lost, as with a tokio `ReadBuf`.
pub(super) type Probe = [u8; LEAST];

/// Reads once into the whole spare capacity, which is at least `least` bytes and at least one.
#[inline]
pub(super) fn once(
    buf: &mut TrackedBuf,
    least: usize,
    read: impl FnOnce(BorrowedCursor<'_>, &mut Budgets) -> Poll<io::Result<()>>,
) -> Poll<io::Result<usize>> {
    buf.reserve(least.max(1));
    within(buf, usize::MAX, read)
}

/// Reads until the buffer holds `wanted` bytes. Never reads beyond them.
#[inline]
pub(super) fn to_length(
    buf: &mut TrackedBuf,
    wanted: usize,
    mut read: impl FnMut(BorrowedCursor<'_>, &mut Budgets) -> Poll<io::Result<()>>,
) -> Poll<io::Result<()>> {
    while buf.len() < wanted {
        let missing = wanted - buf.len();
        if buf.spare_len() < LEAST.min(missing) {
            buf.reserve(missing.min(buf.len().max(TRUSTED)));
        }
        match ready!(within(buf, missing, &mut read)) {
            Ok(0) => return Poll::Ready(Err(EndedEarly { held: buf.len(), wanted }.into())),
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Poll::Ready(Err(error)),
            _ => {}
        }
    }
    Poll::Ready(Ok(()))
}

/// Reads until the end of file.
///
/// `full` is the buffer's capacity at the start. The caller may have chosen it as the length of the
/// stream, so a buffer that is exactly full grows only if there is more data.
#[inline]
pub(super) fn to_end(
    buf: &mut TrackedBuf,
    full: usize,
    probe: &mut Probe,
    mut read: impl FnMut(BorrowedCursor<'_>, &mut Budgets) -> Poll<io::Result<()>>,
) -> Poll<io::Result<()>> {
    loop {
        let mut small = None;
        let before = buf.len();
        let is_full = buf.spare_len() < LEAST && is_full(buf, full);
        let (cursor, budgets) = buf.unfilled_and_budgets();
        // A single call of the reader for both cases lets the compiler inline it.
        let poll =
            read(if is_full { small.insert(BorrowedBuf::from(&mut probe[..])).unfilled() } else { cursor }, budgets);
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

/// Grows the buffer unless its capacity is still `full`. Returns whether no spare capacity is left.
#[cold]
fn is_full(buf: &mut TrackedBuf, full: usize) -> bool {
    if buf.capacity() > full || full == 0 {
        buf.reserve(START.max(buf.spare_len() + 1));
    }
    buf.spare_len() == 0
}

/// Reads until the end of file, or until the buffer holds `most + 1` bytes.
///
/// The buffer grows to at most that many bytes.
#[inline]
pub(super) fn to_end_within(
    buf: &mut TrackedBuf,
    most: usize,
    mut read: impl FnMut(BorrowedCursor<'_>, &mut Budgets) -> Poll<io::Result<()>>,
) -> Poll<io::Result<()>> {
    while buf.len() <= most {
        let allowed = (most - buf.len()).saturating_add(1);
        if buf.spare_len() < LEAST.min(allowed) {
            buf.reserve_exact(allowed.min(buf.capacity().max(START)));
        }
        match ready!(within(buf, allowed, &mut read)) {
            Ok(0) => return Poll::Ready(Ok(())),
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Poll::Ready(Err(error)),
            _ => {}
        }
    }
    Poll::Ready(Err(LimitExceeded { most }.into()))
}

/// Reads once into at most `most` bytes of the spare capacity and returns how many were read.
#[inline]
fn within(
    buf: &mut TrackedBuf,
    most: usize,
    read: impl FnOnce(BorrowedCursor<'_>, &mut Budgets) -> Poll<io::Result<()>>,
) -> Poll<io::Result<usize>> {
    let before = buf.len();
    let (cursor, budgets) = buf.unfilled_and_budgets();
    let poll = read(cursor.limit(most), budgets);
    count(poll, buf.len() - before)
}
