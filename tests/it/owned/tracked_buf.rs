//! The owned buffer: what it keeps, copies and reuses. `model::tracked` tests the rest.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use io_shim::{AsyncReadBuf, ReadBuf, Shim, TrackedBuf, with_buf_mut_cursor};

use crate::mock::{CountsZeroes, context, violation};

/// A buffer with `consumed` bytes in front of `data`, and `spare` behind it.
fn buffer(consumed: usize, data: &[u8], spare: usize) -> TrackedBuf {
    let mut vec = Vec::with_capacity(consumed + data.len() + spare);
    vec.resize(consumed, b'.');
    vec.extend_from_slice(data);
    let mut buf = TrackedBuf::from(vec);
    buf.consume(consumed);
    buf
}

#[test]
fn the_mark_survives_reads_consumption_clearing_and_growth() {
    let mut buf = TrackedBuf::with_capacity(64);
    buf.unfilled().append(b"hello, world");
    buf.unfilled().ensure_init_to(20);
    assert_eq!((buf.len(), buf.init_len()), (12, 32));
    buf.consume(7);
    assert_eq!((buf.to_vec(), buf.init_len(), buf.unfilled().init_len()), (b"world".to_vec(), 32, 20));
    buf.truncate(3);
    assert_eq!((buf.to_vec(), buf.init_len(), buf.unfilled().init_len()), (b"wor".to_vec(), 32, 22));
    buf.reserve(1000);
    assert_eq!((buf.filled(), buf.init_len()), (&b"wor"[..], 32));
    buf.clear();
    assert_eq!((buf.len(), buf.unfilled().init_len()), (0, 32));
}

#[test]
fn no_byte_is_zeroed_twice_by_a_slice_only_reader_whatever_happens_to_the_buffer() {
    let mut reader = Shim::from_futures(CountsZeroes::new(3000, usize::MAX)).with_offer(io_shim::Offer::Whole);
    let mut buf = TrackedBuf::with_capacity(10_000);
    for round in 0..50 {
        assert!(Pin::new(&mut reader).poll_read_into(&mut context(), buf.unfilled()).is_ready());
        match round % 4 {
            0 => buf.consume(buf.len() / 2),
            1 => buf.truncate(100),
            2 => buf.clear(),
            _ => buf.reserve(7000),
        }
    }
    assert_eq!(buf.capacity(), 10_000);
    assert_eq!(reader.get_ref().zeroes, 10_000);
    // Growth keeps the watermark, too.
    buf.reserve(15_000);
    let capacity = buf.capacity();
    assert!(Pin::new(&mut reader).poll_read_into(&mut context(), buf.unfilled()).is_ready());
    assert_eq!(reader.get_ref().zeroes, capacity);
}

#[test]
fn consumed_space_is_used_again_once_it_pays_for_the_move() {
    // As many bytes are consumed as are left: they are moved.
    let mut buf = buffer(8, b"12345678", 0);
    let address = buf.as_ptr();
    buf.reserve(8);
    assert_eq!((buf.capacity(), buf.filled(), buf.as_ptr()), (16, &b"12345678"[..], address.wrapping_sub(8)));
    // With one byte less, the buffer grows.
    let mut buf = buffer(7, b"12345678", 0);
    buf.reserve(7);
    assert_eq!((buf.capacity(), buf.filled()), (30, &b"12345678"[..]));
    // Everything is consumed: this costs nothing.
    let mut buf = buffer(8, b"12345678", 0);
    buf.consume(8);
    assert_eq!((buf.spare_len(), buf.init_len()), (16, 16));
}

#[test]
fn a_sliding_window_moves_no_more_bytes_than_it_consumes_and_does_not_grow_without_end() {
    let mut buf = TrackedBuf::new();
    buf.extend_from_slice(&[1; 1000]);
    let (mut moved, mut consumed) = (0, 0);
    for step in 0..10_000 {
        let n = 1 + step % 17;
        let (at, capacity) = (buf.as_ptr(), buf.capacity());
        buf.extend_from_slice(&vec![1; n]);
        if buf.as_ptr() != at || buf.capacity() != capacity {
            moved += buf.len() - n;
        }
        buf.consume(n);
        consumed += n;
    }
    assert_eq!(buf.len(), 1000);
    assert!(moved <= consumed + 2000, "moved {moved}, consumed {consumed}");
    assert!(buf.capacity() <= 4 * 1017, "{}", buf.capacity());
}

#[test]
fn a_vec_goes_in_and_out_without_a_copy_unless_bytes_were_consumed() {
    let vec = b"hello".to_vec();
    let (address, capacity) = (vec.as_ptr(), vec.capacity());
    let vec = Vec::from(TrackedBuf::from(vec));
    assert_eq!((vec.as_ptr(), vec.capacity(), &vec[..]), (address, capacity, &b"hello"[..]));
    let mut buf = TrackedBuf::from(vec);
    buf.consume(2);
    let vec = Vec::from(buf);
    assert_eq!((vec.as_ptr(), vec.capacity(), &vec[..]), (address, capacity, &b"llo"[..]));
}

#[test]
fn bytes_go_out_without_a_copy_and_in_if_they_are_not_shared() {
    let buf = buffer(3, b"hello", 20);
    let address = buf.as_ptr();
    let bytes = Bytes::from(buf);
    assert_eq!((bytes.as_ptr(), &bytes[..]), (address, &b"hello"[..]));
    // The data moves back to the start of the same memory, because bytes were consumed.
    let buf = TrackedBuf::from(bytes);
    assert_eq!((buf.as_ptr(), buf.filled(), buf.capacity()), (address.wrapping_sub(3), &b"hello"[..], 28));

    let bytes = Bytes::from(buf);
    let other = bytes.clone();
    let buf = TrackedBuf::from(bytes);
    assert_ne!(buf.as_ptr(), other.as_ptr());
    assert_eq!(buf.filled(), other);

    let buf = buffer(3, b"hello", 20);
    let address = buf.as_ptr();
    let bytes = BytesMut::from(buf);
    assert_eq!((bytes.as_ptr(), &bytes[..], bytes.capacity()), (address, &b"hello"[..], 25));
    assert_eq!(TrackedBuf::from(bytes), b"hello");
}

#[test]
fn nothing_is_allocated_before_there_is_something() {
    const EMPTY: TrackedBuf = TrackedBuf::new();
    let before = crate::alloc::allocations();
    let mut buf = EMPTY;
    buf.reserve(0);
    buf.extend_from_slice(b"");
    buf.consume(0);
    assert_eq!((buf.clone().capacity(), buf.unfilled().capacity()), (0, 0));
    assert!(Vec::from(buf).is_empty());
    assert_eq!(crate::alloc::allocations() - before, 0);
}

#[test]
fn what_a_reader_filled_before_it_panicked_is_kept_and_so_is_what_it_initialised() {
    struct Panics;
    impl ReadBuf for Panics {
        fn read_into(&mut self, mut cursor: io_shim::BorrowedCursor<'_>) -> io::Result<()> {
            cursor.append(b"ab");
            cursor.ensure_init_to(6);
            panic!("in a reader");
        }
    }
    let mut buf = TrackedBuf::with_capacity(100);
    assert!(catch_unwind(AssertUnwindSafe(|| Panics.read_into(buf.unfilled()))).is_err());
    assert_eq!((buf.filled(), buf.init_len()), (&b"ab"[..], 8));
}

#[test]
fn a_reader_that_lies_gets_nothing_into_the_buffer() {
    let mut buf = TrackedBuf::from(&b"before"[..]);
    let mut feed = io_shim::SliceFeed::default();
    violation(feed.read(buf.unfilled_at_least(10), |slice| Ok(slice.len() + 1)));
    assert_eq!(buf, b"before");
}

#[test]
fn a_buffer_is_compared_cloned_and_shown_by_its_data_and_marks() {
    let mut buf = buffer(2, b"abc", 5);
    assert!(buf == *b"abc" && buf == b"abc" && buf == b"abc"[..] && buf == b"abc".to_vec() && buf == buf.clone());
    assert!(buf != *b"ab" && buf != TrackedBuf::default());
    assert_eq!((buf.clone().capacity(), buf.clone().init_len()), (3, 3));
    assert_eq!(format!("{buf:?}"), "TrackedBuf { start: 2, filled: 5, init: 5, capacity: 10 }");
    buf[0] = b'x';
    assert_eq!(buf.as_ref(), b"xbc");
    buf.as_mut().reverse();
    assert_eq!(buf.to_vec(), b"cbx");
}

#[test]
#[should_panic(expected = "consumed more than is filled")]
fn more_than_there_is_cannot_be_consumed() {
    buffer(2, b"abc", 5).consume(4);
}

#[test]
fn the_traits_of_bytes_read_and_write_the_data() {
    let mut buf = TrackedBuf::new();
    assert_eq!(buf.chunk_mut().len(), 64);
    buf.put_u16(0x6869);
    buf.put(&b"!"[..]);
    buf.put_bytes(b'?', 2);
    assert_eq!((&buf[..], buf.remaining()), (&b"hi!??"[..], 5));
    assert_eq!(buf.get_u8(), b'h');
    assert_eq!(buf.copy_to_bytes(2), &b"i!"[..]);
    assert_eq!(buf.chunk(), b"??");
    // Bytes that `BufMut` writes count as initialized, and earlier initialized bytes stay so.
    buf.clear();
    buf.unfilled().ensure_init_to(30);
    buf.chunk_mut()[..2].copy_from_slice(b"ab");
    // SAFETY: two bytes were written just above.
    unsafe { buf.advance_mut(2) };
    assert_eq!((&buf[..], buf.init_len()), (&b"ab"[..], 30));
}

#[test]
fn a_cursor_goes_over_the_chunks_of_any_buffer_of_bytes() {
    let (mut one, mut other) = ([0; 2], [0; 3]);
    let mut chain = (&mut one[..]).chain_mut(&mut other[..]);
    let mut source: &[u8] = b"abcdefgh";
    let mut rooms = Vec::new();
    while chain.has_remaining_mut() {
        with_buf_mut_cursor(&mut chain, |cursor| {
            rooms.push(cursor.capacity());
            source.read_into(cursor)
        })
        .unwrap();
    }
    assert_eq!((rooms, one, other), (vec![2, 3], *b"ab", *b"cde"));
    // The buffer is full.
    assert_eq!(with_buf_mut_cursor(&mut <&mut [u8]>::default(), |cursor| cursor.capacity()), 0);
}

#[test]
fn a_buffer_of_bytes_advances_by_what_was_filled_and_counts_nothing_else_as_initialized() {
    let mut vec = Vec::with_capacity(8);
    for data in [b"ab", b"cd"] {
        with_buf_mut_cursor(&mut vec, |mut cursor| {
            assert_eq!(cursor.init_len(), 0);
            cursor.append(data);
            assert_eq!(cursor.ensure_init_to(3), [0; 3]);
        });
    }
    assert_eq!(vec, b"abcd");
}

#[test]
fn what_was_filled_through_a_buffer_of_bytes_before_a_panic_is_kept() {
    let mut vec = Vec::with_capacity(8);
    let result = catch_unwind(AssertUnwindSafe(|| {
        with_buf_mut_cursor(&mut vec, |mut cursor| {
            cursor.append(b"ab");
            panic!("in a reader");
        })
    }));
    assert!(result.is_err());
    assert_eq!(vec, b"ab");
}
