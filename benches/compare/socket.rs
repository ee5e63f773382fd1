//! A socket with the traits of both ecosystems.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::thread;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use crate::clock::{clock_cost, cpu};

/// What reader and sender know of each other.
///
/// The reader asks for the next chunk when it has read the last one, and waits until it has arrived. That time is taken,
/// so that it can be left out: what remains is that of a busy server, which never sleeps.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    wanted: AtomicBool,
    sent: AtomicUsize,
    taken: AtomicUsize,
    /// How long the reader waited, in nanoseconds of CPU time.
    waited: AtomicU64,
}

impl Wanted {
    /// For the sender: waits until a chunk is wanted.
    pub(crate) fn wait_until_wanted(&self) {
        while !self.wanted.swap(false, Ordering::Acquire) {
            thread::yield_now();
        }
    }

    /// For the sender: `n` bytes more have arrived.
    pub(crate) fn sent(&self, n: usize) {
        self.sent.fetch_add(n, Ordering::Release);
    }

    /// How long the reader waited, in nanoseconds of CPU time.
    pub(crate) fn waited(&self) -> f64 {
        self.waited.load(Ordering::Relaxed) as f64
    }

    /// For the reader: waits until there is something to read.
    fn ask(&self) {
        if self.sent.load(Ordering::Acquire) > self.taken.load(Ordering::Relaxed) {
            return;
        }
        let start = cpu();
        self.wanted.store(true, Ordering::Release);
        while self.sent.load(Ordering::Acquire) <= self.taken.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        // Of the two looks at the clock one is not in the difference.
        let waited = cpu() - start + clock_cost();
        self.waited.fetch_add(waited as u64, Ordering::Relaxed);
    }
}

/// Of both ecosystems the same socket: tokio's. The native trait passes the uninitialised memory on, that of futures-io
/// takes slices only, so that the system calls differ in nothing but lengths.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    wanted: Option<Arc<Wanted>>,
}

impl Socket {
    /// A socket on which somebody sends when he likes.
    pub(crate) fn new(stream: TcpStream) -> Self {
        Socket { stream, wanted: None }
    }

    /// A socket on which the sender waits for the reader.
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
