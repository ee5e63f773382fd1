//! The contract of [`AsyncWrite`].

use std::io::IoSlice;
use std::pin::Pin;

use super::{all_arrived, checks, pattern, succeed};
use crate::traits::AsyncWrite;

/// Checks a writer against the contract of [`AsyncWrite`].
///
/// `make` returns a new writer. `written` returns what was written to it, after a flush and a
/// shutdown.
///
/// # Panics
///
/// Panics if the writer breaks the contract.
pub fn write<W: AsyncWrite + Unpin>(mut make: impl FnMut() -> W, mut written: impl FnMut(W) -> Vec<u8>) {
    let data = pattern(20_011);
    let mut run = |write: &mut dyn FnMut(&mut Pin<Box<W>>), expected: &[u8]| {
        let mut writer = Box::pin(make());
        write(&mut writer);
        succeed("flush", &mut writer, |writer, cx| writer.poll_flush(cx));
        succeed("shutdown", &mut writer, |writer, cx| writer.poll_shutdown(cx));
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

/// Makes a writer, runs the given writes, and checks that the given data arrived.
type Run<'a, W> = &'a mut dyn FnMut(&mut dyn FnMut(&mut Pin<Box<W>>), &[u8]);

#[track_caller]
fn check_count(n: usize, offered: usize) {
    assert!(n <= offered, "the writer returned {n} for {offered} bytes: it must count what it accepted");
    assert!(
        n > 0 || offered == 0,
        "the writer accepted nothing of {offered} bytes: it must accept some or return `Pending`"
    );
}

/// Writes `data` once and returns the count.
fn write_some<W: AsyncWrite>(writer: &mut Pin<Box<W>>, data: &[u8]) -> usize {
    let n = succeed("write", writer, |writer, cx| writer.poll_write(cx, data));
    check_count(n, data.len());
    n
}

/// Writes slices of these lengths from the front of `data` once and returns the count.
fn write_vectored<W: AsyncWrite>(writer: &mut Pin<Box<W>>, mut data: &[u8], lens: &[usize]) -> usize {
    let mut bufs = Vec::new();
    let mut offered = 0;
    for &len in lens {
        let (slice, rest) = data.split_at(len.min(data.len()));
        bufs.push(IoSlice::new(slice));
        offered += slice.len();
        data = rest;
    }
    let n = succeed("write", writer, |writer, cx| writer.poll_write_vectored(cx, &bufs));
    check_count(n, offered);
    n
}

/// Calls `write` with the rest of `data` until nothing is left.
fn writes_all<W>(run: Run<'_, W>, data: &[u8], mut write: impl FnMut(&mut Pin<Box<W>>, &[u8]) -> usize) {
    let mut write_all = |writer: &mut Pin<Box<W>>| {
        let mut rest = data;
        while !rest.is_empty() {
            rest = &rest[write(writer, rest)..];
        }
    };
    run(&mut write_all, data);
}

fn pieces_of_every_size_arrive<W: AsyncWrite>(run: Run<'_, W>, data: &[u8]) {
    for size in [1, 7, 64, 1000, 4096, 100_000] {
        let data = &data[..data.len().min(size * 500)];
        writes_all(run, data, |writer, rest| write_some(writer, &rest[..rest.len().min(size)]));
    }
}

fn several_slices_arrive_in_order<W: AsyncWrite>(run: Run<'_, W>, data: &[u8]) {
    for lens in [&[64; 64][..], &[0, 1, 0, 2, 500], &[3000, 10], &[900]] {
        writes_all(run, data, |writer, rest| write_vectored(writer, rest, lens));
    }
}

fn kinds_of_writes_can_be_mixed<W: AsyncWrite>(run: Run<'_, W>, data: &[u8]) {
    let mut kinds = (0..3).cycle();
    writes_all(run, data, |writer, rest| match kinds.next() {
        Some(0) => write_some(writer, &rest[..rest.len().min(33)]),
        Some(1) => write_vectored(writer, rest, &[20, 30, 40]),
        _ => write_vectored(writer, rest, &[50]),
    });
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
    writes_all(run, data, |writer, rest| {
        let n = write_some(writer, &rest[..rest.len().min(999)]);
        succeed("flush", writer, |writer, cx| writer.poll_flush(cx));
        n
    });
}
