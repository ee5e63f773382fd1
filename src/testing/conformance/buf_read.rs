//! The contract of [`AsyncBufRead`].

use std::pin::Pin;

use super::{Make, checks, pattern, read_slice, reads_all, some_arrived, succeed};
use crate::traits::{AsyncBufRead, AsyncReadBuf};

/// Checks a buffered reader against the contract of [`AsyncBufRead`].
///
/// `make` returns a new reader that delivers the given data and then ends.
///
/// # Panics
///
/// Panics if the reader breaks the contract.
pub fn buf_read<R: AsyncReadBuf + AsyncBufRead>(mut make: impl FnMut(&[u8]) -> R) {
    let data = pattern(20_011);
    let mut make = |data: &[u8]| Box::pin(make(data));
    checks! {
        filling_and_consuming_gets_all_data(&mut make, &data);
        what_is_not_consumed_is_returned_again(&mut make, &data);
        reads_go_on_where_consuming_stopped(&mut make, &data);
        the_end_is_empty_every_time(&mut make);
    }
}

fn fill_once<R: AsyncBufRead>(reader: &mut Pin<Box<R>>) -> Vec<u8> {
    succeed("`poll_fill_buf`", reader, |reader, cx| reader.poll_fill_buf(cx).map_ok(<[u8]>::to_vec))
}

/// Fills once, consumes as many bytes as `count` returns for the length, and returns them.
fn take<R: AsyncBufRead>(reader: &mut Pin<Box<R>>, count: impl FnOnce(usize) -> usize) -> Vec<u8> {
    let mut filled = fill_once(reader);
    filled.truncate(count(filled.len()));
    reader.as_mut().consume(filled.len());
    filled
}

fn filling_and_consuming_gets_all_data<R: AsyncBufRead>(make: Make<'_, R>, data: &[u8]) {
    for most in [1, 100, usize::MAX] {
        let data = &data[..data.len().min(most.saturating_mul(300))];
        reads_all(make, data, |reader| take(reader, |len| len.min(most)));
    }
}

fn what_is_not_consumed_is_returned_again<R: AsyncBufRead>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let first = fill_once(&mut reader);
    reader.as_mut().consume(0);
    let again = fill_once(&mut reader);
    assert!(
        again.starts_with(&first),
        "the reader returned {} bytes, and {} other bytes before they were consumed: it must return them again",
        first.len(),
        again.len(),
    );
    reader.as_mut().consume(1);
    let rest = fill_once(&mut reader);
    some_arrived("the reader", &rest, &data[1..]);
}

fn reads_go_on_where_consuming_stopped<R: AsyncReadBuf + AsyncBufRead>(make: Make<'_, R>, data: &[u8]) {
    reads_all(make, data, |reader| {
        let mut part = take(reader, |len| len.div_ceil(2));
        part.extend(read_slice(reader, 50));
        part
    });
}

fn the_end_is_empty_every_time<R: AsyncBufRead>(make: Make<'_, R>) {
    let mut reader = make(&[]);
    for _ in 0..3 {
        let invented = fill_once(&mut reader).len();
        assert_eq!(invented, 0, "the reader returned {invented} bytes of no data: it must be at its end every time");
    }
}
