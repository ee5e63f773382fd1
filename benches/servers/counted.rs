//! A connection in memory that counts write calls, with the traits of tokio, futures-io and hyper.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;

use crate::sink::{Sink, write_half};

/// The request.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n";
/// The end of a chunked response.
const END: &[u8] = b"0\r\n\r\n";

/// How many write calls each response took.
#[derive(Debug, Default)]
struct Count {
    /// The calls of the current response.
    calls: usize,
    /// The last bytes written.
    tail: Vec<u8>,
    /// The calls of each complete response.
    responses: Vec<usize>,
    /// How many requests have been read.
    asked: usize,
    /// How many requests there are.
    requests: usize,
}

/// The connection. A request can be read when the response to the last one is complete.
///
/// If `VECTORS` is true, a vectored write takes all slices. Otherwise it takes the first that is
/// not empty, as the default of every trait does.
#[derive(Clone, Debug)]
pub(crate) struct Counted<const VECTORS: bool>(Rc<RefCell<Count>>);

impl<const VECTORS: bool> Counted<VECTORS> {
    /// Returns a connection with that many requests.
    pub(crate) fn new(requests: usize) -> Self {
        Counted(Rc::new(RefCell::new(Count { requests, ..Count::default() })))
    }

    /// Returns how many write calls each response took.
    pub(crate) fn responses(&self) -> Vec<usize> {
        self.0.borrow().responses.clone()
    }

    /// Returns what can be read now. At the end this is empty.
    fn next(&self) -> Poll<&'static [u8]> {
        let mut count = self.0.borrow_mut();
        if count.asked > count.responses.len() {
            // `drive` polls again without a wakeup.
            return Poll::Pending;
        }
        if count.asked == count.requests {
            return Poll::Ready(&[]);
        }
        count.asked += 1;
        Poll::Ready(REQUEST)
    }
}

impl<const VECTORS: bool> Sink for Counted<VECTORS> {
    const VECTORS: bool = VECTORS;

    fn take(&mut self, bufs: &[IoSlice<'_>]) -> usize {
        let mut count = self.0.borrow_mut();
        count.calls += 1;
        let mut taken = 0;
        let most = if VECTORS { bufs.len() } else { 1 };
        for buf in bufs.iter().filter(|buf| !buf.is_empty()).take(most) {
            taken += buf.len();
            count.tail.extend_from_slice(&buf[buf.len().saturating_sub(END.len())..]);
            let excess = count.tail.len().saturating_sub(END.len());
            count.tail.drain(..excess);
        }
        if count.tail == END {
            let calls = std::mem::take(&mut count.calls);
            count.responses.push(calls);
            count.tail.clear();
        }
        taken
    }
}

impl<const VECTORS: bool> futures::io::AsyncRead for Counted<VECTORS> {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.next().map(|data| {
            slice[..data.len()].copy_from_slice(data);
            Ok(data.len())
        })
    }
}

impl<const VECTORS: bool> tokio::io::AsyncRead for Counted<VECTORS> {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.next().map(|data| {
            buf.put_slice(data);
            Ok(())
        })
    }
}

impl<const VECTORS: bool> hyper::rt::Read for Counted<VECTORS> {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.next().map(|data| {
            buf.put_slice(data);
            Ok(())
        })
    }
}

write_half!([const VECTORS: bool] Counted<VECTORS>: futures::io::AsyncWrite, poll_close);
write_half!([const VECTORS: bool] Counted<VECTORS>: tokio::io::AsyncWrite, poll_shutdown, is_write_vectored);
write_half!([const VECTORS: bool] Counted<VECTORS>: hyper::rt::Write, poll_shutdown, is_write_vectored);
