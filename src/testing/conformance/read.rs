//! The contract of [`AsyncReadBuf`].

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::{Make, all_arrived, checks, pattern, read_slice, reads_all, some_arrived, succeed};
use crate::buf::BorrowedBuf;
use crate::traits::AsyncReadBuf;

/// Checks a reader against the contract of [`AsyncReadBuf`].
///
/// `make` returns a new reader that delivers the given data and then ends. It may deliver the data
/// in any number of calls, and may return `Pending`.
///
/// # Panics
///
/// Panics if the reader breaks the contract.
pub fn read<R: AsyncReadBuf>(mut make: impl FnMut(&[u8]) -> R) {
    let data = pattern(20_011);
    let mut make = |data: &[u8]| Box::pin(make(data));
    checks! {
        uninitialized_buffers_of_every_size_get_all_data(&mut make, &data);
        initialized_buffers_get_all_data(&mut make, &data);
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

/// Looks at every byte, so that a memory checker finds one that is not initialized.
fn look(bytes: &[u8]) {
    assert!(bytes.iter().fold(0usize, |sum, &byte| sum + usize::from(byte)) < usize::MAX);
}

fn read_into<R: AsyncReadBuf>(reader: &mut Pin<Box<R>>, buf: &mut BorrowedBuf<'_>) {
    succeed("read", reader, |reader, cx| reader.poll_read_into(cx, buf.unfilled()));
}

#[track_caller]
fn nothing_filled_on_pending(poll: &Poll<io::Result<()>>, buf: &BorrowedBuf<'_>) {
    assert!(
        poll.is_ready() || buf.filled().is_empty(),
        "the reader filled {} bytes and was not ready: on `Pending` it must fill none",
        buf.filled().len(),
    );
}

/// Reads once into fresh uninitialized memory.
fn read_uninit<R: AsyncReadBuf>(reader: &mut Pin<Box<R>>, capacity: usize) -> Vec<u8> {
    let mut memory = vec![MaybeUninit::uninit(); capacity];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    succeed("read", reader, |reader, cx| {
        let poll = reader.poll_read_into(cx, buf.unfilled());
        nothing_filled_on_pending(&poll, &buf);
        poll
    });
    look(buf.unfilled().init_mut());
    buf.filled().to_vec()
}

fn uninitialized_buffers_of_every_size_get_all_data<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    for capacity in [1, 2, 7, 64, 1000, 2048, 4096, 8192, 100_000] {
        let data = &data[..data.len().min(capacity * 500)];
        reads_all(make, data, |reader| read_uninit(reader, capacity));
    }
}

fn initialized_buffers_get_all_data<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut bytes = [0; 777];
    reads_all(make, data, |reader| {
        let mut buf = BorrowedBuf::from(&mut bytes[..]);
        read_into(reader, &mut buf);
        assert_eq!(buf.init_len(), 777, "the reader took initialized bytes back: they must stay initialized");
        buf.filled().to_vec()
    });
}

fn a_held_buffer_gets_all_data_and_its_watermark_only_rises<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut memory = vec![MaybeUninit::uninit(); data.len() + 5000];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    loop {
        let (filled, init) = (buf.filled().len(), buf.init_len());
        read_into(&mut reader, &mut buf);
        let least = init.max(buf.filled().len());
        assert!(
            buf.init_len() >= least,
            "the reader left {} bytes initialized of {least}: all must stay initialized",
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
    reads_all(make, data, |reader| read_slice(reader, 1500));
}

/// Reads once into slices of these lengths.
fn read_vectored<R: AsyncReadBuf>(reader: &mut Pin<Box<R>>, lens: &[usize]) -> Vec<u8> {
    let mut slices: Vec<Vec<u8>> = lens.iter().map(|&len| vec![0; len]).collect();
    let mut bufs: Vec<_> = slices.iter_mut().map(|slice| IoSliceMut::new(slice)).collect();
    let n = succeed("read", reader, |reader, cx| reader.poll_read_into_vectored(cx, &mut bufs));
    assert!(n <= lens.iter().sum(), "the reader returned {n} for slices of {lens:?}: it must count what it wrote");
    let mut received = slices.concat();
    received.truncate(n);
    received
}

fn several_slices_get_all_data_in_order<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    for lens in [&[0, 3, 0, 100, 1000][..], &[512; 8], &[64]] {
        reads_all(make, data, |reader| read_vectored(reader, lens));
    }
}

fn kinds_of_reads_can_be_mixed<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut kinds = (0..4).cycle();
    reads_all(make, data, |reader| match kinds.next() {
        Some(0) => read_uninit(reader, 300),
        Some(1) => read_vectored(reader, &[10, 20]),
        Some(2) => read_uninit(reader, 9000),
        _ => read_vectored(reader, &[200]),
    });
}

fn what_the_caller_wrote_before_is_kept<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut memory = vec![MaybeUninit::uninit(); 500];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    buf.unfilled().append(b"kept");
    read_into(&mut reader, &mut buf);
    assert_eq!(&buf.filled()[..4], b"kept", "the reader touched bytes before its cursor: they are the caller's");
    some_arrived("the reader", &buf.filled()[4..], data);
}

fn a_limited_cursor_is_not_exceeded<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    let mut memory = vec![MaybeUninit::uninit(); 500];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    for _ in 0..3 {
        let filled = buf.filled().len();
        succeed("read", &mut reader, |reader, cx| reader.poll_read_into(cx, buf.unfilled().limit(9)));
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
        // Any result is allowed: some readers wait for data first and return `Pending`.
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
            assert!(more.is_empty(), "the reader returned {} bytes after its end: it must stay at the end", more.len());
        }
    }
}

fn a_read_given_up_after_pending_loses_nothing<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut cx = Context::from_waker(Waker::noop());
    reads_all(make, data, |reader| {
        // One poll with a waker that does nothing, and a buffer that is dropped after `Pending`.
        let mut memory = [MaybeUninit::uninit(); 600];
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        let poll = reader.as_mut().poll_read_into(&mut cx, buf.unfilled());
        nothing_filled_on_pending(&poll, &buf);
        if poll.is_pending() { read_uninit(reader, 70) } else { buf.filled().to_vec() }
    });
}

fn the_hint_is_within_the_capacity<R: AsyncReadBuf>(make: Make<'_, R>, data: &[u8]) {
    let mut reader = make(data);
    for _ in 0..10 {
        for capacity in [0, 1, 100, 10_000, usize::MAX] {
            let hint = reader.init_hint(capacity);
            assert!(
                hint <= capacity,
                "the reader's `init_hint` is {hint} for a capacity of {capacity}: it must be that at most"
            );
        }
        read_uninit(&mut reader, 500);
    }
}

fn no_data_is_the_end_at_once<R: AsyncReadBuf>(make: Make<'_, R>) {
    let invented = read_uninit(&mut make(&[]), 10).len();
    assert_eq!(invented, 0, "the reader returned {invented} bytes of no data: it must be at its end at once");
}
