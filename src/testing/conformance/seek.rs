//! The contract of [`AsyncSeek`].

use std::boxed::Box;
use std::io::SeekFrom;
use std::pin::Pin;
use std::task::{Context, Waker};

use super::{checks, failed, pattern};
use crate::testing::drive::until_ready;
use crate::traits::{AsyncReadBuf, AsyncSeek};

/// Checks a seekable reader against the contract of [`AsyncSeek`]. `make` makes one over the given data, at its start.
///
/// # Panics
///
/// Panics if the reader breaks the contract.
pub fn seek<R: AsyncReadBuf + AsyncSeek>(mut make: impl FnMut(&[u8]) -> R) {
    let data = pattern(5003);
    let mut make = |data: &[u8]| Box::pin(make(data));
    checks! {
        every_kind_of_position_is_reached(&mut make, &data);
        a_position_before_the_start_is_an_error_and_moves_nothing(&mut make, &data);
        a_position_past_the_end_reads_nothing(&mut make, &data);
        a_seek_given_up_is_not_taken_for_a_later_one(&mut make, &data);
    }
}

type Make<'a, R> = &'a mut dyn FnMut(&[u8]) -> Pin<Box<R>>;

fn seek_to<R: AsyncSeek>(reader: &mut Pin<Box<R>>, position: SeekFrom) -> u64 {
    until_ready(reader, |reader, cx| reader.poll_seek(cx, position)).unwrap_or_else(failed("seek"))
}

/// Reads a few bytes, exactly, and checks that they are those at `position`.
fn reads_at<R: AsyncReadBuf>(reader: &mut Pin<Box<R>>, data: &[u8], position: u64) {
    let position = position as usize;
    let mut bytes = [0; 10];
    let mut filled = 0;
    while filled < bytes.len() {
        let slice = &mut bytes[filled..];
        let n = until_ready(reader, |reader, cx| reader.poll_read_into_slice(cx, slice)).unwrap_or_else(failed("read"));
        assert!(n > 0, "the reader ended {filled} bytes after position {position}, of which there are 10 at least");
        filled += n;
    }
    assert_eq!(
        bytes,
        data[position..position + 10],
        "the reader did not give the data at position {position}: a seek must lead there, and reads go on from there"
    );
}

fn every_kind_of_position_is_reached<R: AsyncReadBuf + AsyncSeek>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    assert_eq!(seek_to(&mut reader, SeekFrom::Start(1000)), 1000);
    reads_at(&mut reader, data, 1000);
    assert_eq!(seek_to(&mut reader, SeekFrom::Current(500)), 1510);
    reads_at(&mut reader, data, 1510);
    assert_eq!(seek_to(&mut reader, SeekFrom::Current(-1510)), 10);
    reads_at(&mut reader, data, 10);
    assert_eq!(seek_to(&mut reader, SeekFrom::End(-10)), 4993);
    reads_at(&mut reader, data, 4993);
    assert_eq!(seek_to(&mut reader, SeekFrom::Start(0)), 0);
    reads_at(&mut reader, data, 0);
    assert_eq!(seek_to(&mut reader, SeekFrom::Current(0)), 10);
}

fn a_position_before_the_start_is_an_error_and_moves_nothing<R: AsyncReadBuf + AsyncSeek>(
    make: Make<'_, R>,
    data: &[u8],
) {
    let mut reader = make(data);
    reads_at(&mut reader, data, 0);
    let result = until_ready(&mut reader, |reader, cx| reader.poll_seek(cx, SeekFrom::Current(-11)));
    assert!(
        result.is_err(),
        "the reader went to {result:?}, from 10 by -11: a position before the start must be an error"
    );
    reads_at(&mut reader, data, 10);
}

fn a_position_past_the_end_reads_nothing<R: AsyncReadBuf + AsyncSeek>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    assert_eq!(seek_to(&mut reader, SeekFrom::End(100)), 5103);
    let n = until_ready(&mut reader, |reader, cx| reader.poll_read_into_slice(cx, &mut [0; 9]))
        .unwrap_or_else(failed("read"));
    assert_eq!(n, 0, "the reader gave {n} bytes 100 past its end: there it must give none");
}

fn a_seek_given_up_is_not_taken_for_a_later_one<R: AsyncReadBuf + AsyncSeek>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut cx = Context::from_waker(Waker::noop());
    // Whether it is done after one poll or not: an absolute position, sought anew after a read, must be reached.
    let _ = reader.as_mut().poll_seek(&mut cx, SeekFrom::Start(2000));
    let _ = until_ready(&mut reader, |reader, cx| reader.poll_read_into_slice(cx, &mut [0; 6]))
        .unwrap_or_else(failed("read"));
    assert_eq!(seek_to(&mut reader, SeekFrom::Start(2000)), 2000);
    reads_at(&mut reader, data, 2000);
    let _ = reader.as_mut().poll_seek(&mut cx, SeekFrom::Start(30));
    assert_eq!(seek_to(&mut reader, SeekFrom::Start(40)), 40);
    reads_at(&mut reader, data, 40);
}
