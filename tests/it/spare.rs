//! The guard over spare capacity.

use bytes::{Buf as _, BytesMut};
use io_shim::{Spare, SpareCapacity, spare};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[test]
fn what_is_filled_becomes_part_of_the_vec() {
    let mut vec = Vec::with_capacity(16);
    vec.push(b'>');
    {
        let mut guard = spare(&mut vec);
        guard.unfilled().append(b"ab");
        guard.unfilled().append(b"cd");
        guard.unfilled().ensure_init_to(4);
        assert_eq!(guard.filled(), b"abcd");
        assert_eq!(guard.init_len(), 8);
    }
    assert_eq!(vec, b">abcd");
}

#[test]
fn what_is_filled_becomes_part_of_the_bytes() {
    let mut bytes = BytesMut::with_capacity(16);
    bytes.extend_from_slice(b">");
    let rest = bytes.split_off(1);
    drop(rest);
    bytes.reserve(8);
    spare(&mut bytes).unfilled().append(b"abcd");
    assert_eq!(&bytes[..], b">abcd");
}

#[test]
fn nothing_is_reserved() {
    let mut vec = Vec::new();
    assert_eq!(spare(&mut vec).unfilled().capacity(), 0);
    assert_eq!(vec.capacity(), 0);
    let mut bytes = BytesMut::new();
    assert_eq!(spare(&mut bytes).unfilled().capacity(), 0);
}

#[test]
fn a_leaked_guard_leaves_the_length() {
    let mut vec = Vec::with_capacity(8);
    let mut guard = spare(&mut vec);
    guard.unfilled().append(b"ab");
    std::mem::forget(guard);
    assert!(vec.is_empty());
}

#[test]
fn what_was_filled_before_a_panic_is_kept() {
    let mut vec = Vec::with_capacity(8);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = spare(&mut vec);
        guard.unfilled().append(b"ab");
        panic!("in a reader");
    }));
    assert!(result.is_err());
    assert_eq!(vec, b"ab");
}

/// Fills in steps through one guard, and checks that each cursor starts where the last one ended.
#[track_caller]
fn stays_in_place<B: SpareCapacity + AsRef<[u8]>>(mut buffer: B) {
    fn address<B: SpareCapacity>(guard: &mut Spare<'_, B>) -> usize {
        let mut cursor = guard.unfilled();
        // SAFETY: nothing is written.
        unsafe { cursor.as_mut() }.as_ptr().addr()
    }
    let before = buffer.as_ref().to_vec();
    let end = buffer.as_ref().as_ptr_range().end.addr();
    let mut guard = spare(&mut buffer);
    assert!(guard.unfilled().capacity() >= 8, "there is no room to test with");
    assert_eq!(address(&mut guard), end);
    assert_eq!(address(&mut guard), end);
    let mut sum = 0;
    for piece in ["abc", "", "de", "fgh"] {
        guard.unfilled().append(piece.as_bytes());
        sum += piece.len();
        assert_eq!(address(&mut guard), end + sum);
        assert_eq!(guard.filled().as_ptr().addr(), end);
        assert_eq!(guard.filled(), &b"abcdefgh"[..sum]);
        guard.unfilled().ensure_init();
        assert_eq!(address(&mut guard), end + sum);
    }
    drop(guard);
    assert_eq!(buffer.as_ref(), [&before[..], b"abcdefgh"].concat());
}

#[test]
fn spare_capacity_of_a_vec_stays_in_place() {
    stays_in_place(Vec::with_capacity(64));
    let mut vec = b"before".to_vec();
    vec.reserve(8);
    stays_in_place(vec);
}

/// Returns a `BytesMut` that owns its memory alone, as the parts of a `Vec`.
#[test]
fn spare_capacity_of_bytes_of_their_own_stays_in_place() {
    stays_in_place(BytesMut::with_capacity(64));
    let mut bytes = BytesMut::with_capacity(64);
    bytes.extend_from_slice(b"gone, before");
    bytes.advance(6);
    stays_in_place(bytes);
}

/// A `BytesMut` whose memory is reference counted, with or without other owners.
#[test]
fn spare_capacity_of_bytes_that_are_shared_stays_in_place() {
    fn filled() -> BytesMut {
        let mut bytes = BytesMut::with_capacity(64);
        bytes.extend_from_slice(b"taken, before");
        bytes
    }
    let mut bytes = filled();
    let taken = bytes.split();
    stays_in_place(bytes);
    drop(taken);

    let mut bytes = filled();
    drop(bytes.split_to(7));
    stays_in_place(bytes);

    let mut bytes = filled();
    let behind = bytes.split_off(32);
    stays_in_place(bytes);
    stays_in_place(behind);

    let mut bytes = filled();
    let frozen = bytes.split_to(7).freeze();
    let clone = frozen.clone();
    stays_in_place(bytes);
    assert_eq!((&frozen[..], &clone[..]), (&b"taken, "[..], &b"taken, "[..]));

    // The memory of a dropped part is used again.
    let mut bytes = filled();
    drop(bytes.split());
    bytes.reserve(60);
    stays_in_place(bytes);
}

#[test]
fn a_guard_shows_its_positions() {
    let mut vec: Vec<u8> = Vec::with_capacity(8);
    let mut guard = spare(&mut vec);
    guard.unfilled().append(b"ab");
    assert!(format!("{guard:?}").starts_with("Spare { filled: 2, init: 2"));
}
