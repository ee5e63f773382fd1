//! The contract of [`AsyncBufRead`].

use std::boxed::Box;
use std::pin::Pin;
use std::vec::Vec;

use super::{all_arrived, checks, failed, pattern, some_arrived};
use crate::testing::drive::until_ready;
use crate::traits::{AsyncBufRead, AsyncReadBuf};

/// Checks a buffered reader against the contract of [`AsyncBufRead`]. `make` makes one that reads the given data to its end.
///
/// # Panics
///
/// Panics if the reader breaks the contract.
pub fn buf_read<R: AsyncReadBuf + AsyncBufRead>(mut make: impl FnMut(&[u8]) -> R) {
    let data = pattern(20_011);
    let mut make = |data: &[u8]| Box::pin(make(data));
    checks! {
        filling_and_consuming_gets_all_data(&mut make, &data);
        what_is_not_consumed_is_given_again(&mut make, &data);
        reads_go_on_where_consuming_stopped(&mut make, &data);
        the_end_is_empty_every_time(&mut make);
    }
}

type Make<'a, R> = &'a mut dyn FnMut(&[u8]) -> Pin<Box<R>>;

fn fill_once<R: AsyncBufRead>(reader: &mut Pin<Box<R>>) -> Vec<u8> {
    until_ready(reader, |reader, cx| reader.poll_fill_buf(cx).map_ok(<[u8]>::to_vec)).unwrap_or_else(failed("fill"))
}

fn filling_and_consuming_gets_all_data<R: AsyncBufRead>(make: Make<'_, R>, data: &[u8]) {
    for most in [1, 100, usize::MAX] {
        let data = &data[..data.len().min(most.saturating_mul(300))];
        let mut reader = make(data);
        let mut received = Vec::new();
        loop {
            let filled = fill_once(&mut reader);
            if filled.is_empty() {
                break;
            }
            let n = filled.len().min(most);
            received.extend_from_slice(&filled[..n]);
            reader.as_mut().consume(n);
        }
        all_arrived("the reader", &received, data);
    }
}

fn what_is_not_consumed_is_given_again<R: AsyncBufRead>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let first = fill_once(&mut reader);
    reader.as_mut().consume(0);
    let again = fill_once(&mut reader);
    assert!(
        again.starts_with(&first),
        "the reader filled {} bytes, and gave others, {}, before they were consumed: it must give them again",
        first.len(),
        again.len(),
    );
    reader.as_mut().consume(1);
    let rest = fill_once(&mut reader);
    some_arrived("the reader", &rest, &data[1..]);
}

fn reads_go_on_where_consuming_stopped<R: AsyncReadBuf + AsyncBufRead>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut received = Vec::new();
    loop {
        let filled = fill_once(&mut reader);
        if filled.is_empty() {
            break;
        }
        let n = filled.len().div_ceil(2);
        received.extend_from_slice(&filled[..n]);
        reader.as_mut().consume(n);
        let mut slice = [0; 50];
        let n = until_ready(&mut reader, |reader, cx| reader.poll_read_into_slice(cx, &mut slice))
            .unwrap_or_else(failed("read"));
        received.extend_from_slice(&slice[..n]);
    }
    all_arrived("the reader", &received, data);
}

fn the_end_is_empty_every_time<R: AsyncBufRead>(make: Make<'_, R>) {
    let mut reader = make(&[]);
    for _ in 0..3 {
        let made_up = fill_once(&mut reader).len();
        assert_eq!(made_up, 0, "the reader filled {made_up} bytes of no data: it must be at its end every time");
    }
}
