//! `BorrowedBuf` and `BorrowedCursor`: marks, bounds, limits, layers.

use std::io::Write as _;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use io_shim::{BorrowedBuf, BorrowedCursor};

use crate::mock::{SENTINEL, sentinels, zeroes};

#[test]
fn initialised_memory_is_known_to_be() {
    let mut bytes = *b"abcd";
    let mut buf = BorrowedBuf::from(&mut bytes[..]);
    assert_eq!((buf.capacity(), buf.init_len(), buf.filled()), (4, 4, &b""[..]));
    assert_eq!(buf.unfilled().init_mut(), b"abcd");
}

#[test]
fn uninitialised_memory_is_zeroed_only_as_far_as_asked() {
    let mut memory = sentinels(16);
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    assert_eq!(buf.unfilled().ensure_init_to(5), [0; 5]);
    assert_eq!((buf.init_len(), buf.filled().len()), (5, 0));
    assert_eq!(zeroes(&memory), 5);
}

#[test]
fn initialised_bytes_are_not_zeroed_again() {
    let mut memory = sentinels(16);
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    buf.unfilled().ensure_init_to(8).fill(7);
    assert_eq!(buf.unfilled().ensure_init(), [7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(buf.unfilled().ensure_init_to(3), [7; 3]);
}

#[test]
fn filling_moves_both_marks() {
    let mut memory = [MaybeUninit::uninit(); 8];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    let mut cursor = buf.unfilled();
    cursor.append(b"abc");
    assert_eq!((cursor.capacity(), cursor.init_len(), cursor.written()), (5, 0, &b"abc"[..]));
    cursor.ensure_init_to(2).copy_from_slice(b"de");
    cursor.advance_checked(1);
    assert_eq!((cursor.capacity(), cursor.init_len(), cursor.written()), (4, 1, &b"abcd"[..]));
    assert_eq!((buf.filled(), buf.init_len()), (&b"abcd"[..], 5));
    assert_eq!(buf.into_filled(), b"abcd");
}

#[test]
fn clearing_forgets_no_initialised_byte() {
    let mut memory = sentinels(8);
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    buf.unfilled().append(b"abc");
    buf.clear();
    assert_eq!((buf.filled(), buf.init_len()), (&b""[..], 3));
    assert_eq!(buf.unfilled().init_mut(), b"abc");
}

#[test]
fn raw_writes_are_stated_unsafely() {
    let mut memory = [MaybeUninit::uninit(); 8];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    let mut cursor = buf.unfilled();
    // SAFETY: only initialized bytes are written.
    let free = unsafe { cursor.as_mut() };
    assert_eq!(free.len(), 8);
    for byte in &mut free[..6] {
        byte.write(9);
    }
    // SAFETY: six bytes were written.
    unsafe { cursor.assume_init(6) };
    // SAFETY: as above.
    unsafe { cursor.advance(4) };
    assert_eq!((cursor.written(), cursor.init_len()), (&[9; 4][..], 2));
    // SAFETY: fewer bytes than are known to be initialized.
    unsafe { buf.set_init(1) };
    assert_eq!(buf.init_len(), 6);
}

#[test]
fn an_inner_cursor_sees_and_takes_back_only_its_own() {
    let mut memory = [MaybeUninit::uninit(); 8];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    let mut outer = buf.unfilled();
    outer.append(b"ab");
    let mut inner = outer.reborrow();
    assert_eq!(inner.written(), b"");
    inner.append(b"cd");
    inner.truncate_written(0);
    inner.truncate_written(9);
    inner.append(b"xy");
    inner.written_mut().make_ascii_uppercase();
    inner.truncate_written(1);
    assert_eq!(outer.written(), b"abX");
    outer.truncate_written(1);
    assert_eq!((buf.filled(), buf.init_len()), (&b"a"[..], 4));
}

#[test]
fn a_limited_cursor_shares_the_watermark() {
    let mut memory = sentinels(16);
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    let mut cursor = buf.unfilled();
    cursor.ensure_init_to(10);
    let mut limited = cursor.reborrow().limit(4);
    assert_eq!((limited.capacity(), limited.init_len(), limited.init_mut().len()), (4, 4, 4));
    limited.append(b"abcd");
    assert_eq!((limited.capacity(), limited.init_len()), (0, 0));
    assert_eq!((cursor.capacity(), cursor.init_len(), cursor.written()), (12, 6, &b"abcd"[..]));
    assert_eq!(cursor.reborrow().limit(usize::MAX).capacity(), 12);
    let nested = cursor.limit(5).limit(9);
    assert_eq!(nested.capacity(), 5);
}

#[test]
fn writing_stops_where_the_cursor_ends() {
    let mut memory = [MaybeUninit::uninit(); 4];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    let mut cursor = buf.unfilled();
    assert_eq!(cursor.write(b"abc").unwrap(), 3);
    assert_eq!(cursor.write(b"def").unwrap(), 1);
    assert_eq!(cursor.write(b"g").unwrap(), 0);
    cursor.flush().unwrap();
    assert_eq!(buf.filled(), b"abcd");
}

#[test]
fn steps_past_the_end_panic_and_change_nothing() {
    let mut memory = sentinels(4);
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    let panic =
        |step: &mut dyn FnMut()| *catch_unwind(AssertUnwindSafe(step)).unwrap_err().downcast::<String>().unwrap();
    type Step = fn(&mut BorrowedCursor<'_>);
    let steps: [(Step, &str, usize); 9] = [
        (|cursor| cursor.append(b"abcde"), "append", 5),
        (|cursor| _ = cursor.ensure_init_to(5).len(), "ensure_init_to", 5),
        (|cursor| _ = cursor.ensure_init_to(usize::MAX).len(), "ensure_init_to", usize::MAX),
        (|cursor| cursor.advance_checked(3), "advance_checked", 3),
        (|cursor| cursor.advance_checked(usize::MAX), "advance_checked", usize::MAX),
        // SAFETY: the call panics before it relies on the count.
        (|cursor| unsafe { cursor.advance(5) }, "advance", 5),
        // SAFETY: as above.
        (|cursor| unsafe { cursor.advance(usize::MAX) }, "advance", usize::MAX),
        // SAFETY: as above.
        (|cursor| unsafe { cursor.assume_init(5) }, "assume_init", 5),
        // SAFETY: as above.
        (|cursor| unsafe { cursor.assume_init(usize::MAX) }, "assume_init", usize::MAX),
    ];
    buf.unfilled().ensure_init_to(2);
    for (step, method, n) in steps {
        let mut cursor = buf.unfilled();
        let said = panic(&mut || step(&mut cursor));
        let expected = match method {
            "advance_checked" => format!(
                "a reader called `advance_checked` for {n} bytes on a cursor with 2 initialized: write to the slice that \
                 `ensure_init_to` returns first, then count the bytes written"
            ),
            _ => format!(
                "a reader called `{method}` for {n} bytes on a cursor with room for 4: a reader may fill at most `capacity()` \
                 bytes, and must keep the rest for the next read"
            ),
        };
        assert_eq!(said, expected);
        assert_eq!((buf.filled().len(), buf.init_len()), (0, 2));
    }
    assert_eq!(
        // SAFETY: as above.
        panic(&mut || unsafe { buf.set_init(5) }),
        "`set_init` was called with 5 initialized bytes for a buffer of 4: count from its start, up to its capacity",
    );
    // A limited cursor does not reach the bytes that its parent has initialized beyond the limit.
    let limited = || buf.unfilled().limit(1).advance_checked(2);
    assert!(catch_unwind(AssertUnwindSafe(limited)).is_err());
}

#[test]
fn empty_memory_is_a_buffer_like_any_other() {
    let mut buf = BorrowedBuf::from(&mut [][..] as &mut [u8]);
    let mut cursor = buf.unfilled();
    cursor.append(b"");
    cursor.advance_checked(0);
    assert_eq!((cursor.capacity(), cursor.reborrow().limit(3).capacity()), (0, 0));
    assert!(cursor.ensure_init().is_empty());
}

#[test]
fn debug_shows_positions_and_no_bytes() {
    let mut memory = sentinels(4);
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    buf.unfilled().append(&[SENTINEL]);
    assert_eq!(format!("{buf:?}"), "BorrowedBuf { filled: 1, init: 1, capacity: 4 }");
    assert_eq!(format!("{:?}", buf.unfilled()), "BorrowedCursor { written: 0, init: 0, capacity: 3 }");
}

#[test]
fn the_cursor_is_covariant_and_four_words() {
    fn shorter<'short>(cursor: BorrowedCursor<'static>, _: &'short u8) -> BorrowedCursor<'short> {
        cursor
    }
    let _ = shorter;
    assert_eq!(size_of::<BorrowedCursor<'_>>(), 4 * size_of::<usize>());
}
