//! Measures the wall time of a futures-io reader behind uninitialized buffers of several sizes.
//!
//! `cargo bench --bench zeroing` shows changes between two versions. `compare` has figures to
//! compare with other adapters.

use std::hint::black_box;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use divan::Bencher;
use divan::counter::BytesCount;
use io_shim::{Offer, Shim};
use tokio::io::AsyncReadExt as _;

/// A reader of `K` bytes a call, without end.
struct Endless<const K: usize>;

impl<const K: usize> futures::io::AsyncRead for Endless<K> {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let n = slice.len().min(K);
        slice[..n].copy_from_slice(&[b'x'; K][..n]);
        Poll::Ready(Ok(n))
    }
}

/// Measures `read_buf` into an empty buffer of `capacity` bytes.
fn read_buf<const K: usize>(bencher: Bencher<'_, '_>, offer: Offer, capacity: usize) {
    let mut shim = Shim::from_futures(Endless::<K>).with_offer(offer).for_tokio();
    let mut buf = BytesMut::with_capacity(capacity);
    let mut cx = Context::from_waker(Waker::noop());
    bencher.counter(BytesCount::new(K.min(capacity))).bench_local(|| {
        buf.clear();
        while pin!(shim.read_buf(black_box(&mut buf))).poll(&mut cx).is_pending() {}
    });
}

const CAPACITIES: [usize; 3] = [8 << 10, 64 << 10, 1 << 20];
const SIZES: [usize; 4] = [64, 1460, 16 << 10, 64 << 10];

#[divan::bench(args = CAPACITIES, consts = SIZES)]
fn predicted<const K: usize>(bencher: Bencher<'_, '_>, capacity: usize) {
    read_buf::<K>(bencher, Offer::Predicted, capacity);
}

#[divan::bench(args = CAPACITIES, consts = SIZES)]
fn bounce<const K: usize>(bencher: Bencher<'_, '_>, capacity: usize) {
    read_buf::<K>(bencher, Offer::bounce(65_536), capacity);
}

#[divan::bench(args = CAPACITIES, consts = SIZES)]
fn whole<const K: usize>(bencher: Bencher<'_, '_>, capacity: usize) {
    read_buf::<K>(bencher, Offer::Whole, capacity);
}

fn main() {
    divan::main();
}
