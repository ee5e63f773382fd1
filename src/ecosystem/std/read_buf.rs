//! Reading from a std reader through its own `read_buf`, where that is not std's default.

use std::io;
use std::task::Poll;

use super::bounds::StdRead;
use crate::buf::{BorrowedCursor, expect_ready, into_std_cursor};
use crate::shim::{SliceState, StdReadBuf};
use crate::traits::uninterrupted;

/// Reads into `cursor` and returns how many bytes were filled. Repeats a call that a signal
/// interrupts. The result is always ready.
///
/// std's default `read_buf` zeroes the whole cursor and marks it as initialized. The mark after a
/// call shows whether it was that one:
///
/// * At first, the reader gets at most the part of the buffer that would be zeroed for it anyway.
/// * If the mark is set, it gets slices from then on.
/// * If it is not set and bytes were filled, the reader gets the whole cursor from then on, until a
///   call sets the mark.
#[inline]
pub(super) fn poll_read<T: StdRead>(
    io: &mut T,
    state: &mut SliceState,
    mut cursor: BorrowedCursor<'_>,
) -> Poll<io::Result<usize>> {
    let before = cursor.written_len();
    let result = uninterrupted(|| read_once(io, state, cursor.reborrow()));
    Poll::Ready(result.map(|()| cursor.written_len() - before))
}

#[inline]
fn read_once<T: StdRead>(io: &mut T, state: &mut SliceState, cursor: BorrowedCursor<'_>) -> io::Result<()> {
    let offered = match state.read_buf {
        // std's cursor cannot say that a part is initialized.
        _ if cursor.init_len() > 0 => 0,
        StdReadBuf::Unknown => state.feed.init_hint(cursor.capacity()),
        StdReadBuf::Real => cursor.capacity(),
        StdReadBuf::Zeroing => 0,
    };
    if offered == 0 {
        return expect_ready(state.feed.poll(cursor, |slice| Poll::Ready(io.read(slice))));
    }
    let mut cursor = cursor.limit(offered);
    let (result, is_init) = into_std_cursor(cursor.reborrow(), |cursor| io.read_buf(cursor));
    if is_init {
        state.read_buf = StdReadBuf::Zeroing;
    } else if cursor.written_len() > 0 {
        state.read_buf = StdReadBuf::Real;
    }
    result
}
