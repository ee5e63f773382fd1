//! A socket with the traits of both tokio and futures-io.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::thread;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use crate::measure::{clock_cost, cpu};

/// The state that the reader and the sender share.
///
/// When the reader has read a chunk, it asks for the next one and waits until that has arrived.
/// The time of waiting is recorded, to be subtracted. The rest is the time of a busy server, which
/// never sleeps.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    wanted: AtomicBool,
    sent: AtomicUsize,
    taken: AtomicUsize,
    /// How long the reader waited, in nanoseconds of CPU time.
    waited: AtomicU64,
}

impl Wanted {
    /// Waits until the reader wants a chunk. The sender calls this.
    pub(crate) fn wait_until_wanted(&self) {
        while !self.wanted.swap(false, Ordering::Acquire) {
            thread::yield_now();
        }
    }

    /// Records that `n` more bytes have arrived. The sender calls this.
    pub(crate) fn sent(&self, n: usize) {
        self.sent.fetch_add(n, Ordering::Release);
    }

    /// Returns how long the reader waited, in nanoseconds of CPU time.
    pub(crate) fn waited(&self) -> f64 {
        self.waited.load(Ordering::Relaxed) as f64
    }

    /// Waits until there is something to read. The reader calls this.
    fn ask(&self) {
        if self.sent.load(Ordering::Acquire) > self.taken.load(Ordering::Relaxed) {
            return;
        }
        let start = cpu();
        self.wanted.store(true, Ordering::Release);
        while self.sent.load(Ordering::Acquire) <= self.taken.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        // The difference contains the cost of one of the two clock calls only.
        let waited = cpu() - start + clock_cost();
        self.waited.fetch_add(waited as u64, Ordering::Relaxed);
    }
}

/// A tokio socket, which both traits read from, so that the system calls differ in lengths only.
///
/// tokio's trait passes uninitialized memory on. The trait of futures-io takes initialized slices.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    wanted: Option<Arc<Wanted>>,
}

impl Socket {
    /// Returns a socket that does not wait for its sender.
    pub(crate) fn new(stream: TcpStream) -> Self {
        Socket { stream, wanted: None }
    }

    /// Returns a socket whose sender waits for the reader.
    pub(crate) fn paced(stream: TcpStream, wanted: Arc<Wanted>) -> Self {
        Socket { stream, wanted: Some(wanted) }
    }

    fn poll(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        let before = buf.filled().len();
        if let Some(wanted) = &self.wanted {
            wanted.ask();
        }
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let n = buf.filled().len() - before;
        if let Some(wanted) = &self.wanted {
            wanted.taken.fetch_add(n, Ordering::Relaxed);
        }
        Poll::Ready(Ok(n))
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, buf).map_ok(drop)
    }
}

impl futures::io::AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll(cx, &mut ReadBuf::new(slice))
    }
}
