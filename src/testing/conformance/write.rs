//! The contract of [`AsyncWrite`].

use std::boxed::Box;
use std::io::IoSlice;
use std::pin::Pin;
use std::vec::Vec;

use super::{all_arrived, checks, failed, pattern};
use crate::testing::drive::until_ready;
use crate::traits::AsyncWrite;

/// Checks a writer against the contract of [`AsyncWrite`]. `make` makes one, and `written` gives what was written to it,
/// after a flush and a shutdown.
///
/// # Panics
///
/// Panics if the writer breaks the contract.
pub fn write<W: AsyncWrite + Unpin>(mut make: impl FnMut() -> W, mut written: impl FnMut(W) -> Vec<u8>) {
    let data = pattern(20_011);
    let mut run = |write: &mut dyn FnMut(&mut Pin<Box<W>>), expected: &[u8]| {
        let mut writer = Box::pin(make());
        write(&mut writer);
        until_ready(&mut writer, |writer, cx| writer.poll_flush(cx)).unwrap_or_else(failed("flush"));
        until_ready(&mut writer, |writer, cx| writer.poll_shutdown(cx)).unwrap_or_else(failed("shutdown"));
        all_arrived("the writer", &written(*Pin::into_inner(writer)), expected);
    };
    checks! {
        pieces_of_every_size_arrive(&mut run, &data);
        several_slices_arrive_in_order(&mut run, &data);
        kinds_of_writes_can_be_mixed(&mut run, &data);
        nothing_written_is_nothing(&mut run);
        flushing_in_between_changes_nothing(&mut run, &data);
    }
}

type Run<'a, W> = &'a mut dyn FnMut(&mut dyn FnMut(&mut Pin<Box<W>>), &[u8]);

/// Checks the count of a write.
#[track_caller]
fn taken(n: usize, offered: usize) {
    assert!(n <= offered, "the writer returned {n} for {offered} bytes: it must count what it took of them");
    assert!(n > 0 || offered == 0, "the writer took nothing of {offered} bytes: it must take some, or be `Pending`");
}

/// Writes from the front of `data`, once, and gives how much was taken.
fn write_some<W: AsyncWrite>(writer: &mut Pin<Box<W>>, data: &[u8]) -> usize {
    let n = until_ready(writer, |writer, cx| writer.poll_write(cx, data)).unwrap_or_else(failed("write"));
    taken(n, data.len());
    n
}

/// Writes slices of these lengths from the front of `data`, once, and gives how much was taken.
fn write_vectored<W: AsyncWrite>(writer: &mut Pin<Box<W>>, mut data: &[u8], lens: &[usize]) -> usize {
    let mut bufs = Vec::new();
    let mut offered = 0;
    for &len in lens {
        let (slice, rest) = data.split_at(len.min(data.len()));
        bufs.push(IoSlice::new(slice));
        offered += slice.len();
        data = rest;
    }
    let n = until_ready(writer, |writer, cx| writer.poll_write_vectored(cx, &bufs)).unwrap_or_else(failed("write"));
    taken(n, offered);
    n
}

fn pieces_of_every_size_arrive<W: AsyncWrite>(run: Run<'_, W>, data: &[u8]) {
    for size in [1, 7, 64, 1000, 4096, 100_000] {
        let data = &data[..data.len().min(size * 500)];
        let mut write = |writer: &mut Pin<Box<W>>| {
            let mut rest = data;
            while !rest.is_empty() {
                rest = &rest[write_some(writer, &rest[..rest.len().min(size)])..];
            }
        };
        run(&mut write, data);
    }
}

fn several_slices_arrive_in_order<W: AsyncWrite>(run: Run<'_, W>, data: &[u8]) {
    for lens in [&[64; 64][..], &[0, 1, 0, 2, 500], &[3000, 10], &[900]] {
        let mut write = |writer: &mut Pin<Box<W>>| {
            let mut rest = data;
            while !rest.is_empty() {
                rest = &rest[write_vectored(writer, rest, lens)..];
            }
        };
        run(&mut write, data);
    }
}

fn kinds_of_writes_can_be_mixed<W: AsyncWrite>(run: Run<'_, W>, data: &[u8]) {
    let mut write = |writer: &mut Pin<Box<W>>| {
        let mut rest = data;
        for kind in 0.. {
            let n = match kind % 3 {
                0 => write_some(writer, &rest[..rest.len().min(33)]),
                1 => write_vectored(writer, rest, &[20, 30, 40]),
                _ => write_vectored(writer, rest, &[50]),
            };
            rest = &rest[n..];
            if rest.is_empty() {
                break;
            }
        }
    };
    run(&mut write, data);
}

fn nothing_written_is_nothing<W: AsyncWrite>(run: Run<'_, W>) {
    let mut write = |writer: &mut Pin<Box<W>>| {
        assert_eq!(write_some(writer, &[]), 0);
        assert_eq!(write_vectored(writer, &[], &[]), 0);
        assert_eq!(write_vectored(writer, &[], &[0, 0]), 0);
    };
    run(&mut write, &[]);
}

fn flushing_in_between_changes_nothing<W: AsyncWrite>(run: Run<'_, W>, data: &[u8]) {
    let mut write = |writer: &mut Pin<Box<W>>| {
        let mut rest = data;
        while !rest.is_empty() {
            rest = &rest[write_some(writer, &rest[..rest.len().min(999)])..];
            until_ready(writer, |writer, cx| writer.poll_flush(cx)).unwrap_or_else(failed("flush"));
        }
    };
    run(&mut write, data);
}
