//! Conversions between std's cursor and io-shim's, for `std::io::Read::read_buf`.
//!
//! std's buffer knows only whether *all* of it is initialized. In the form in which it is to be
//! stable, nobody can ask even that. So nested shims use [`InitRecord`], as through hyper's traits.
//!
//! Invariants besides those of the cursor:
//!
//! 8. No code writes uninitialized bytes through a cursor of std's. std demands it of a cursor that
//!    is marked as initialized. The stable form has no query of the mark, so code that uses this
//!    form must assume that it is set. `docs/UNSAFE.md` says who could break this.
//! 9. The buffer that [`into_std_cursor`] lends cannot be exchanged. A reader gets the cursor by
//!    value, and no method of the cursor assigns to the buffer behind it.

use std::io;

use super::init_record::{InitRecord, with_recorded};
use super::{BorrowedCursor, ContractViolation};

/// Calls `read` with a cursor over the unfilled part of std's cursor.
///
/// If all of it is initialized afterwards, std's cursor says so. If a shim passed the cursor, the
/// record tells that shim instead: the flag means to it that the inner reader only takes slices.
#[inline]
pub(crate) fn with_std_cursor<R>(mut cursor: io::BorrowedCursor<'_>, read: impl FnOnce(BorrowedCursor<'_>) -> R) -> R {
    let is_init = cursor.is_init();
    // SAFETY: a cursor never de-initializes memory, and its unsafe methods require that of callers.
    let memory = unsafe { cursor.as_mut() };
    let len = memory.len();
    // SAFETY: std's cursor is marked as initialized, or nothing is claimed to be.
    let (result, filled, tell) = unsafe { with_recorded(memory, if is_init { len } else { 0 }, read) };
    if tell {
        // SAFETY: all bytes of the cursor are initialized (invariant 2).
        unsafe { cursor.set_init() };
    }
    // SAFETY: the cursor that was read into covered all of this one. Its filled bytes are within
    // it, and initialized (invariants 1 to 3).
    unsafe { cursor.advance(filled) };
    result
}

/// Calls a std reader with the unfilled part of `cursor`, which must count nothing as initialized.
///
/// Returns its result, and std's flag after the call: `true` if the reader initialized all of the
/// cursor, as std's default `read_buf` does. What the reader filled counts, also if it fails.
///
/// # Panics
///
/// Panics if `cursor` counts bytes as initialized. std's buffer could not be told of them. Where it
/// is not marked, its contract lets readers de-initialize memory.
#[inline]
pub(crate) fn into_std_cursor(
    mut cursor: BorrowedCursor<'_>,
    read: impl FnOnce(io::BorrowedCursor<'_>) -> io::Result<()>,
) -> (io::Result<()>, bool) {
    assert_eq!(cursor.init_len(), 0, "initialized bytes cannot be passed to std's buffer");
    // SAFETY: std's buffer never de-initializes memory, nor does a reader (invariant 8).
    let memory = unsafe { cursor.as_mut() };
    let len = memory.len();
    // SAFETY: nothing is claimed to be initialized. The memory is borrowed until after the call.
    let lent = unsafe { InitRecord::new(memory.as_ptr().addr(), len, 0) };
    let mut buf = io::BorrowedBuf::from(memory);
    let result = read(buf.unfilled());
    let is_init = buf.is_init();
    let filled = match ContractViolation::check_read(buf.len(), len) {
        Ok(filled) => filled,
        Err(violation) => return (Err(violation), is_init),
    };
    // SAFETY: the filled bytes are initialized by std's own invariant.
    let init = if is_init { len } else { unsafe { lent.init_len(filled) } };
    // SAFETY: `buf` still covers the unfilled part of the cursor (invariant 9). Its mark says that
    // all of it is initialized, or else nested shims have recorded it of `init` bytes and no code
    // has de-initialized them (invariant 8).
    unsafe { cursor.assume_init(init) };
    // SAFETY: the filled bytes are initialized by std's own invariant.
    unsafe { cursor.advance(filled) };
    (result, is_init)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buf::BorrowedBuf;

    #[test]
    #[should_panic(expected = "initialized bytes cannot be passed to std's buffer")]
    fn initialized_bytes_are_not_lent() {
        let mut memory = [std::mem::MaybeUninit::uninit(); 8];
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        buf.unfilled().ensure_init_to(1);
        let _ = into_std_cursor(buf.unfilled(), |_| Ok(()));
    }
}
