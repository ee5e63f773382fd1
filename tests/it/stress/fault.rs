//! A layer that delays, shortens, disturbs and fails calls, within the contracts.

use std::fmt::Write as _;
use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use io_shim::BorrowedCursor;
use tokio::io::ReadBuf;

use super::rng::Rng;

/// What readers leave behind the filled part, as they may.
const JUNK: u8 = 0xEE;

/// What the fault layers of one end did.
#[derive(Default)]
pub struct Faults {
    pub pendings: AtomicU64,
    pub errors: AtomicU64,
    pub spurious: AtomicU64,
    pub short_reads: AtomicU64,
    pub short_writes: AtomicU64,
    pub empty: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// The error that tells the caller to try again.
#[derive(Debug)]
struct TryAgain;

impl std::fmt::Display for TryAgain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("try again")
    }
}

impl std::error::Error for TryAgain {}

pub fn is_try_again(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Other && error.get_ref().is_some_and(|inner| inner.is::<TryAgain>())
}

/// Disturbs calls within the contract. It has the traits of `T`.
pub struct Fault<T> {
    io: T,
    rng: Rng,
    faults: Arc<Faults>,
    /// How many more calls return `Pending`.
    storm: usize,
    /// Whether it uses more than one slice in one call.
    vectors: bool,
    /// On average, one call in this many starts a run of `Pending`.
    stormy: usize,
    /// On average, one transfer in this many is not shortened.
    long: usize,
}

impl<T: Unpin> Fault<T> {
    pub fn new(rng: &mut Rng, faults: &Arc<Faults>, name: &mut String, io: T) -> Self {
        let mut rng = rng.fork();
        let (vectors, stormy, long) = (rng.one_in(2), 10 + rng.size(100), 1 + rng.below(4));
        let _ = write!(name, " | fault, vectors: {vectors}");
        Fault { io, rng, faults: faults.clone(), storm: 0, vectors, stormy, long }
    }

    fn io(&mut self) -> Pin<&mut T> {
        Pin::new(&mut self.io)
    }

    /// Returns `Pending` or an error, or lets the call continue.
    fn disturb(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        if self.storm == 0 && self.rng.one_in(self.stormy) {
            self.storm = 1 + self.rng.size(100);
        }
        if self.storm > 0 {
            self.storm -= 1;
            count(&self.faults.pendings);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rng.one_in(40) {
            count(&self.faults.errors);
            return Poll::Ready(Err(io::Error::other(TryAgain)));
        }
        if self.rng.one_in(10) {
            count(&self.faults.spurious);
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    /// Returns how much of `room` to use, and whether to make an empty call first.
    fn shorten(&mut self, room: usize, counter: impl FnOnce(&Faults) -> &AtomicU64) -> (usize, bool) {
        let most = if self.rng.one_in(self.long) { room } else { room.min(1 + self.rng.size(4096)) };
        if most < room {
            count(counter(&self.faults));
        }
        let empty = self.rng.one_in(32);
        if empty {
            count(&self.faults.empty);
        }
        (most, empty)
    }

    fn leaves_junk(&mut self) -> bool {
        self.rng.one_in(4)
    }
}

fn short_reads(faults: &Faults) -> &AtomicU64 {
    &faults.short_reads
}

fn short_writes(faults: &Faults) -> &AtomicU64 {
    &faults.short_writes
}

/// Returns the first `most` bytes of the slices.
fn front<'a>(bufs: &'a [IoSlice<'_>], mut most: usize) -> Vec<IoSlice<'a>> {
    let mut shortened = |buf: &'a IoSlice<'_>| {
        let n = buf.len().min(most);
        most -= n;
        IoSlice::new(&buf[..n])
    };
    bufs.iter().map(&mut shortened).collect()
}

/// Returns the first `most` bytes of the slices.
fn front_mut<'a>(bufs: &'a mut [IoSliceMut<'_>], mut most: usize) -> Vec<IoSliceMut<'a>> {
    let mut shortened = |buf: &'a mut IoSliceMut<'_>| {
        let n = buf.len().min(most);
        most -= n;
        IoSliceMut::new(&mut buf[..n])
    };
    bufs.iter_mut().map(&mut shortened).collect()
}

/// Shortens a read into a slice and leaves junk behind the filled part. io-shim's trait and
/// futures-io's share it.
fn read_front<T: Unpin>(
    fault: &mut Fault<T>,
    cx: &mut Context<'_>,
    slice: &mut [u8],
    read: impl Fn(Pin<&mut T>, &mut Context<'_>, &mut [u8]) -> Poll<io::Result<usize>>,
) -> Poll<io::Result<usize>> {
    ready!(fault.disturb(cx))?;
    let (most, empty) = fault.shorten(slice.len(), short_reads);
    if empty {
        ready!(read(fault.io(), cx, &mut []))?;
    }
    let poll = read(fault.io(), cx, &mut slice[..most]);
    if fault.leaves_junk() {
        let filled = if let Poll::Ready(Ok(n)) = poll { n } else { 0 };
        slice[filled.min(most)..].fill(JUNK);
    }
    poll
}

impl<T: tokio::io::AsyncRead + Unpin> tokio::io::AsyncRead for Fault<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.disturb(cx))?;
        let (most, empty) = self.shorten(buf.remaining(), short_reads);
        if empty {
            ready!(tokio::io::AsyncRead::poll_read(self.io(), cx, &mut ReadBuf::new(&mut [])))?;
        }
        if self.rng.one_in(8) {
            buf.initialize_unfilled();
        }
        let mut part = buf.take(most);
        let poll = tokio::io::AsyncRead::poll_read(self.io(), cx, &mut part);
        let (filled, init) = (part.filled().len(), part.initialized().len());
        // SAFETY: `part` is the front of the unfilled part of `buf`, and reports this much as
        // initialized.
        unsafe { buf.assume_init(init) };
        buf.advance(filled);
        if self.leaves_junk() {
            buf.initialize_unfilled().fill(JUNK);
        }
        poll
    }
}

impl<T: futures::io::AsyncRead + Unpin> futures::io::AsyncRead for Fault<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        read_front(&mut self, cx, slice, futures::io::AsyncRead::poll_read)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.vectors {
            let first = bufs.iter_mut().find(|buf| !buf.is_empty());
            return futures::io::AsyncRead::poll_read(self, cx, first.map_or(&mut [], |buf| buf));
        }
        ready!(self.disturb(cx))?;
        let (most, empty) = self.shorten(bufs.iter().map(|buf| buf.len()).sum(), short_reads);
        if empty {
            ready!(futures::io::AsyncRead::poll_read_vectored(self.io(), cx, &mut []))?;
        }
        futures::io::AsyncRead::poll_read_vectored(self.io(), cx, &mut front_mut(bufs, most))
    }
}

impl<T: io_shim::AsyncReadBuf + Unpin> io_shim::AsyncReadBuf for Fault<T> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.disturb(cx))?;
        let (most, empty) = self.shorten(cursor.capacity(), short_reads);
        if empty {
            ready!(self.io().poll_read_into(cx, cursor.reborrow().limit(0)))?;
        }
        if self.rng.one_in(8) {
            cursor.ensure_init();
        }
        let poll = self.io().poll_read_into(cx, cursor.reborrow().limit(most));
        if self.leaves_junk() {
            cursor.ensure_init().fill(JUNK);
        }
        poll
    }

    fn poll_read_into_slice(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slice: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        read_front(&mut self, cx, slice, io_shim::AsyncReadBuf::poll_read_into_slice)
    }

    fn poll_read_into_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.vectors {
            let first = bufs.iter_mut().find(|buf| !buf.is_empty());
            return self.poll_read_into_slice(cx, first.map_or(&mut [], |buf| buf));
        }
        ready!(self.disturb(cx))?;
        let (most, empty) = self.shorten(bufs.iter().map(|buf| buf.len()).sum(), short_reads);
        if empty {
            ready!(io_shim::AsyncReadBuf::poll_read_into_vectored(self.io(), cx, &mut []))?;
        }
        io_shim::AsyncReadBuf::poll_read_into_vectored(self.io(), cx, &mut front_mut(bufs, most))
    }

    fn supports_vectored_reads(&self) -> bool {
        self.vectors && self.io.supports_vectored_reads()
    }

    fn init_hint(&self, capacity: usize) -> usize {
        self.io.init_hint(capacity)
    }
}

macro_rules! faulty_writer {
    ($trait:path, $close:ident $(, $query:ident)?) => {
        impl<T: $trait + Unpin> $trait for Fault<T> {
            fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                ready!(self.disturb(cx))?;
                let (most, empty) = self.shorten(data.len(), short_writes);
                if empty {
                    ready!(<T as $trait>::poll_write(self.io(), cx, &[]))?;
                }
                <T as $trait>::poll_write(self.io(), cx, &data[..most])
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                if !self.vectors {
                    let first = bufs.iter().find(|buf| !buf.is_empty());
                    return <Self as $trait>::poll_write(self, cx, first.map_or(&[], |buf| buf));
                }
                ready!(self.disturb(cx))?;
                let (most, empty) = self.shorten(bufs.iter().map(|buf| buf.len()).sum(), short_writes);
                if empty {
                    ready!(<T as $trait>::poll_write_vectored(self.io(), cx, &[]))?;
                }
                <T as $trait>::poll_write_vectored(self.io(), cx, &front(bufs, most))
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                ready!(self.disturb(cx))?;
                <T as $trait>::poll_flush(self.io(), cx)
            }

            fn $close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                ready!(self.disturb(cx))?;
                <T as $trait>::$close(self.io(), cx)
            }

            $(fn $query(&self) -> bool {
                self.vectors && <T as $trait>::$query(&self.io)
            })?
        }
    };
}

faulty_writer!(tokio::io::AsyncWrite, poll_shutdown, is_write_vectored);
faulty_writer!(futures::io::AsyncWrite, poll_close);
faulty_writer!(io_shim::AsyncWrite, poll_shutdown, supports_vectored_writes);
