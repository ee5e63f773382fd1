//! The contract of [`AsyncReadBuf`].

use std::boxed::Box;
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::vec;
use std::vec::Vec;

use super::{all_arrived, checks, failed, pattern, some_arrived};
use crate::buf::BorrowedBuf;
use crate::testing::drive::until_ready;
use crate::traits::AsyncReadBuf;

/// Checks a reader against the contract of [`AsyncReadBuf`]. `make` makes one that reads the given data to its end, by
/// whatever number of calls, `Pending` included.
///
/// # Panics
///
/// Panics if the reader breaks the contract.
pub fn read<R: AsyncReadBuf>(mut make: impl FnMut(&[u8]) -> R) {
    let data = pattern(20_011);
    let mut make = |data: &[u8]| Box::pin(make(data));
    checks! {
        uninitialised_buffers_of_every_size_get_all_data(&mut make, &data);
        initialised_buffers_get_all_data(&mut make, &data);
        a_held_buffer_gets_all_data_and_its_watermark_only_rises(&mut make, &data);
        slices_get_all_data(&mut make, &data);
        several_slices_get_all_data_in_order(&mut make, &data);
        kinds_of_reads_can_be_mixed(&mut make, &data);
        what_the_caller_wrote_before_is_kept(&mut make, &data);
        a_limited_cursor_is_not_exceeded(&mut make, &data);
        an_empty_buffer_takes_nothing(&mut make, &data);
        the_end_is_the_end_every_time(&mut make, &data);
        a_read_given_up_after_pending_loses_nothing(&mut make, &data);
        the_hint_is_within_the_capacity(&mut make, &data);
        no_data_is_the_end_at_once(&mut make);
    }
}

type Make<'a, R> = &'a mut dyn FnMut(&[u8]) -> Pin<Box<R>>;

/// Looks at every byte, so that a checker sees one that is not initialised.
fn look(bytes: &[u8]) {
    assert!(bytes.iter().fold(0usize, |sum, &byte| sum + usize::from(byte)) < usize::MAX);
}

/// One read into fresh uninitialised memory.
fn read_uninit<R: AsyncReadBuf>(reader: &mut Pin<Box<R>>, capacity: usize) -> Vec<u8> {
    let mut memory = vec![MaybeUninit::uninit(); capacity];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    until_ready(reader, |reader, cx| {
        let poll = reader.poll_read_into(cx, buf.unfilled());
        assert!(
            poll.is_ready() || buf.filled().is_empty(),
            "the reader filled {} bytes and was not ready: on `Pending` it must fill none",
            buf.filled().len(),
        );
        poll
    })
    .unwrap_or_else(failed("read"));
    look(buf.unfilled().init_mut());
    buf.filled().to_vec()
}

fn uninitialised_buffers_of_every_size_get_all_data<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    for capacity in [1, 2, 7, 64, 1000, 2048, 4096, 8192, 100_000] {
        let data = &data[..data.len().min(capacity * 500)];
        let mut reader = make(data);
        let mut received = Vec::new();
        loop {
            let part = read_uninit(&mut reader, capacity);
            if part.is_empty() {
                break;
            }
            received.extend(part);
        }
        all_arrived("the reader", &received, data);
    }
}

fn initialised_buffers_get_all_data<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut received = Vec::new();
    let mut bytes = [0; 777];
    loop {
        let mut buf = BorrowedBuf::from(&mut bytes[..]);
        until_ready(&mut reader, |reader, cx| reader.poll_read_into(cx, buf.unfilled())).unwrap_or_else(failed("read"));
        assert_eq!(buf.init_len(), 777, "the reader took initialised bytes back: what is initialised must stay so");
        if buf.filled().is_empty() {
            break;
        }
        received.extend_from_slice(buf.filled());
    }
    all_arrived("the reader", &received, data);
}

fn a_held_buffer_gets_all_data_and_its_watermark_only_rises<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut memory = vec![MaybeUninit::uninit(); data.len() + 5000];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    loop {
        let (filled, init) = (buf.filled().len(), buf.init_len());
        until_ready(&mut reader, |reader, cx| reader.poll_read_into(cx, buf.unfilled())).unwrap_or_else(failed("read"));
        let least = init.max(buf.filled().len());
        assert!(
            buf.init_len() >= least,
            "the reader left {} bytes initialised of {least}: all must stay so",
            buf.init_len()
        );
        look(buf.unfilled().init_mut());
        if buf.filled().len() == filled {
            break;
        }
    }
    all_arrived("the reader", buf.filled(), data);
}

fn slices_get_all_data<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut received = Vec::new();
    let mut slice = [0; 1500];
    loop {
        let n = until_ready(&mut reader, |reader, cx| reader.poll_read_into_slice(cx, &mut slice))
            .unwrap_or_else(failed("read"));
        assert!(
            n <= slice.len(),
            "the reader returned {n} for a slice of {}: it must count what it wrote",
            slice.len()
        );
        if n == 0 {
            break;
        }
        received.extend_from_slice(&slice[..n]);
    }
    all_arrived("the reader", &received, data);
}

/// One vectored read into slices of these lengths.
fn read_vectored<R: AsyncReadBuf>(reader: &mut Pin<Box<R>>, lens: &[usize]) -> Vec<u8> {
    let mut slices: Vec<Vec<u8>> = lens.iter().map(|&len| vec![0; len]).collect();
    let mut bufs: Vec<_> = slices.iter_mut().map(|slice| IoSliceMut::new(slice)).collect();
    let n =
        until_ready(reader, |reader, cx| reader.poll_read_into_vectored(cx, &mut bufs)).unwrap_or_else(failed("read"));
    assert!(n <= lens.iter().sum(), "the reader returned {n} for slices of {lens:?}: it must count what it wrote");
    let mut received = slices.concat();
    received.truncate(n);
    received
}

fn several_slices_get_all_data_in_order<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    for lens in [&[0, 3, 0, 100, 1000][..], &[512; 8], &[64]] {
        let mut reader = make(data);
        let mut received = Vec::new();
        loop {
            let part = read_vectored(&mut reader, lens);
            if part.is_empty() {
                break;
            }
            received.extend(part);
        }
        all_arrived("the reader", &received, data);
    }
}

fn kinds_of_reads_can_be_mixed<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut received = Vec::new();
    for kind in 0.. {
        let part = match kind % 4 {
            0 => read_uninit(&mut reader, 300),
            1 => read_vectored(&mut reader, &[10, 20]),
            2 => read_uninit(&mut reader, 9000),
            _ => read_vectored(&mut reader, &[200]),
        };
        if part.is_empty() {
            break;
        }
        received.extend(part);
    }
    all_arrived("the reader", &received, data);
}

fn what_the_caller_wrote_before_is_kept<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut memory = vec![MaybeUninit::uninit(); 500];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    buf.unfilled().append(b"kept");
    until_ready(&mut reader, |reader, cx| reader.poll_read_into(cx, buf.unfilled())).unwrap_or_else(failed("read"));
    assert_eq!(&buf.filled()[..4], b"kept", "the reader touched bytes before its cursor: they are the caller's");
    some_arrived("the reader", &buf.filled()[4..], data);
}

fn a_limited_cursor_is_not_exceeded<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut memory = vec![MaybeUninit::uninit(); 500];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    for _ in 0..3 {
        let filled = buf.filled().len();
        until_ready(&mut reader, |reader, cx| reader.poll_read_into(cx, buf.unfilled().limit(9)))
            .unwrap_or_else(failed("read"));
        let n = buf.filled().len() - filled;
        assert!(
            (1..=9).contains(&n),
            "the reader filled {n} bytes of a cursor that is limited to 9: it must fill 1 to 9"
        );
    }
    some_arrived("the reader", buf.filled(), data);
}

fn an_empty_buffer_takes_nothing<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..3 {
        // `Pending` is an answer, too: some readers wait for data first.
        let mut buf = BorrowedBuf::from(&mut [][..] as &mut [u8]);
        let _ = reader.as_mut().poll_read_into(&mut cx, buf.unfilled());
        let _ = reader.as_mut().poll_read_into_slice(&mut cx, &mut []);
        let _ = reader.as_mut().poll_read_into_vectored(&mut cx, &mut []);
        let _ = reader.as_mut().poll_read_into_vectored(&mut cx, &mut [IoSliceMut::new(&mut [])]);
    }
    let first = read_uninit(&mut reader, 100);
    some_arrived("the reader", &first, data);
}

fn the_end_is_the_end_every_time<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(&data[..10]);
    while !read_uninit(&mut reader, 100).is_empty() {}
    for _ in 0..3 {
        for more in [read_uninit(&mut reader, 100), read_vectored(&mut reader, &[9, 9])] {
            assert!(more.is_empty(), "the reader gave {} bytes after its end: it must stay at the end", more.len());
        }
    }
}

fn a_read_given_up_after_pending_loses_nothing<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut cx = Context::from_waker(Waker::noop());
    let mut received = Vec::new();
    loop {
        // One poll with a waker that nobody listens to, and a buffer that is thrown away after `Pending`.
        let mut memory = [MaybeUninit::uninit(); 600];
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        let poll = reader.as_mut().poll_read_into(&mut cx, buf.unfilled());
        if poll.is_pending() {
            assert!(
                buf.filled().is_empty(),
                "the reader filled {} bytes and was not ready: on `Pending` it must fill none",
                buf.filled().len(),
            );
            let part = read_uninit(&mut reader, 70);
            if part.is_empty() {
                break;
            }
            received.extend(part);
        } else if buf.filled().is_empty() {
            break;
        } else {
            received.extend_from_slice(buf.filled());
        }
    }
    all_arrived("the reader", &received, data);
}

fn the_hint_is_within_the_capacity<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    for _ in 0..10 {
        for capacity in [0, 1, 100, 10_000, usize::MAX] {
            let hint = reader.init_hint(capacity);
            assert!(
                hint <= capacity,
                "the reader hints at {hint} bytes of a capacity of {capacity}: it must hint at that at most"
            );
        }
        read_uninit(&mut reader, 500);
    }
}

fn no_data_is_the_end_at_once<R: AsyncReadBuf>(make: Make<'_, R>) {
    let made_up = read_uninit(&mut make(&[]), 10).len();
    assert_eq!(made_up, 0, "the reader gave {made_up} bytes of no data: it must be at its end at once");
}
