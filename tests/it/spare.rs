//! The guard over spare capacity.

use bytes::BytesMut;
use io_shim::spare;
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
