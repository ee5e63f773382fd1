//! The contract of [`AsyncSeek`].

use std::io::SeekFrom::{self, Current, End, Start};
use std::pin::Pin;
use std::task::{Context, Waker};

use super::{Make, checks, pattern, read_slice, succeed};
use crate::testing::drive::until_ready;
use crate::traits::{AsyncReadBuf, AsyncSeek};

/// Checks a seekable reader against the contract of [`AsyncSeek`].
///
/// `make` returns a new reader at the start of the given data.
///
/// # Panics
///
/// Panics if the reader breaks the contract.
pub fn seek<R: AsyncReadBuf + AsyncSeek>(mut make: impl FnMut(&[u8]) -> R) {
    let data = pattern(5003);
    let mut make = |data: &[u8]| Box::pin(make(data));
    checks! {
        every_kind_of_position_is_reached(&mut make, &data);
        a_position_before_the_start_fails_and_moves_nothing(&mut make, &data);
        a_position_past_the_end_reads_nothing(&mut make, &data);
        a_seek_given_up_is_not_taken_for_a_later_one(&mut make, &data);
    }
}

fn seek_to<R: AsyncSeek>(reader: &mut Pin<Box<R>>, position: SeekFrom) -> u64 {
    succeed("seek", reader, |reader, cx| reader.poll_seek(cx, position))
}

/// Reads 10 bytes and checks that they are those at `position`.
fn reads_at<R: AsyncReadBuf>(reader: &mut Pin<Box<R>>, data: &[u8], position: usize) {
    let mut bytes = Vec::new();
    while bytes.len() < 10 {
        let part = read_slice(reader, 10 - bytes.len());
        assert!(
            !part.is_empty(),
            "the reader ended {} bytes after position {position}, where at least 10 are left",
            bytes.len()
        );
        bytes.extend(part);
    }
    assert_eq!(
        bytes,
        data[position..position + 10],
        "the reader did not return the data at position {position}: reads must go on where a seek led"
    );
}

fn every_kind_of_position_is_reached<R: AsyncReadBuf + AsyncSeek>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let positions = [(Start(1000), 1000), (Current(500), 1510), (Current(-1510), 10), (End(-10), 4993), (Start(0), 0)];
    for (position, expected) in positions {
        assert_eq!(seek_to(&mut reader, position), expected as u64, "the seek returned a wrong position");
        reads_at(&mut reader, data, expected);
    }
    assert_eq!(seek_to(&mut reader, Current(0)), 10, "the seek returned a wrong position");
}

fn a_position_before_the_start_fails_and_moves_nothing<R: AsyncReadBuf + AsyncSeek>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    reads_at(&mut reader, data, 0);
    let result = until_ready(&mut reader, |reader, cx| reader.poll_seek(cx, Current(-11)));
    assert!(result.is_err(), "a seek from 10 by -11 returned {result:?}: a position before the start must be an error");
    reads_at(&mut reader, data, 10);
}

fn a_position_past_the_end_reads_nothing<R: AsyncReadBuf + AsyncSeek>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    assert_eq!(seek_to(&mut reader, End(100)), 5103);
    let n = read_slice(&mut reader, 9).len();
    assert_eq!(n, 0, "the reader returned {n} bytes at 100 bytes past its end: it must return none");
}

fn a_seek_given_up_is_not_taken_for_a_later_one<R: AsyncReadBuf + AsyncSeek>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut cx = Context::from_waker(Waker::noop());
    // One poll may or may not complete the seek. After a read, the same seek must reach its
    // position.
    let _ = reader.as_mut().poll_seek(&mut cx, Start(2000));
    read_slice(&mut reader, 6);
    assert_eq!(seek_to(&mut reader, Start(2000)), 2000);
    reads_at(&mut reader, data, 2000);
    let _ = reader.as_mut().poll_seek(&mut cx, Start(30));
    assert_eq!(seek_to(&mut reader, Start(40)), 40);
    reads_at(&mut reader, data, 40);
}
