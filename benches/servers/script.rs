//! A connection in memory: repeats a request, and discards the responses.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::http::{Ask, REPLY};
use crate::sink::{Sink, write_half};

/// The connection, with the traits of futures-io and hyper.
///
/// A request can be read when the response to the last one is complete. Until then a read is
/// pending, as on a socket.
#[derive(Debug)]
pub(crate) struct Script {
    head: String,
    ask: Ask,
    /// The data of bodies, repeated.
    source: &'static [u8],
    /// The maximal length of a read.
    chunk: usize,
    /// How much of the current request is left.
    left: usize,
    /// How many requests are left after the current one.
    requests: usize,
    /// Whether the current request has been answered.
    is_answered: bool,
}

impl Script {
    /// Returns a connection with that many requests, in chunks of at most `chunk` bytes.
    pub(crate) fn new(ask: Ask, requests: usize, chunk: usize, source: &'static [u8]) -> Self {
        Script { head: ask.head(), ask, source, chunk, left: 0, requests, is_answered: true }
    }

    /// Returns the next `room` bytes or less, of a head or of a body. At the end this is empty.
    fn next(&mut self, room: usize) -> Poll<&[u8]> {
        if self.left == 0 {
            if !self.is_answered {
                // `drive` polls again without a wakeup.
                return Poll::Pending;
            }
            if self.requests == 0 {
                return Poll::Ready(&[]);
            }
            self.requests -= 1;
            self.left = self.head.len() + self.ask.body;
            self.is_answered = false;
        }
        let most = room.min(self.chunk);
        let data = match self.left.checked_sub(self.ask.body) {
            Some(of_head) if of_head > 0 => &self.head.as_bytes()[self.head.len() - of_head..][..most.min(of_head)],
            _ => {
                let rest = &self.source[(self.ask.body - self.left) % self.source.len()..];
                &rest[..most.min(self.left).min(rest.len())]
            }
        };
        self.left -= data.len();
        Poll::Ready(data)
    }
}

impl futures::io::AsyncRead for Script {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.next(slice.len()).map(|data| {
            slice[..data.len()].copy_from_slice(data);
            Ok(data.len())
        })
    }
}

impl hyper::rt::Read for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // `put_slice` writes into uninitialized memory without unsafe code.
        self.next(buf.remaining()).map(|data| {
            buf.put_slice(data);
            Ok(())
        })
    }
}

impl Sink for Script {
    const VECTORS: bool = true;

    fn take(&mut self, bufs: &[IoSlice<'_>]) -> usize {
        // hyper writes all of `REPLY` in one call.
        self.is_answered |= bufs.iter().rfind(|buf| !buf.is_empty()).is_some_and(|buf| buf.ends_with(REPLY));
        bufs.iter().map(|buf| buf.len()).sum()
    }
}

write_half!([] Script: futures::io::AsyncWrite, poll_close);
write_half!([] Script: hyper::rt::Write, poll_shutdown, is_write_vectored);
