//! A connection in memory: the same request over and over, and responses that go nowhere.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::http::{Ask, REPLY};
use crate::sink::{Sink, write_half};

/// The connection, with the reading traits of futures-io and of hyper. A request can be read when the response to the last
/// one is complete: until then, reading waits, as it does on a socket.
#[derive(Debug)]
pub(crate) struct Script {
    head: String,
    ask: Ask,
    /// What bodies are made of: this, over and over.
    source: &'static [u8],
    /// How much a read returns at most.
    chunk: usize,
    /// How much of the request under way is left.
    left: usize,
    /// How many requests are left, the one under way not included.
    requests: usize,
    /// Whether the request under way was answered.
    is_answered: bool,
}

impl Script {
    /// A connection on which `requests` come, in chunks of at most `chunk` bytes of `source`.
    pub(crate) fn new(ask: Ask, requests: usize, chunk: usize, source: &'static [u8]) -> Self {
        Script { head: ask.head(), ask, source, chunk, left: 0, requests, is_answered: true }
    }

    /// What is read next, `room` bytes at most: part of a head or of a body, and nothing at the end.
    fn next(&mut self, room: usize) -> Poll<&[u8]> {
        if self.left == 0 {
            if !self.is_answered {
                // Whoever drives this polls again without being woken.
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
        // Into uninitialised memory, without unsafe code.
        self.next(buf.remaining()).map(|data| {
            buf.put_slice(data);
            Ok(())
        })
    }
}

impl Sink for Script {
    const VECTORS: bool = true;

    fn take(&mut self, bufs: &[IoSlice<'_>]) -> usize {
        // Nobody writes a part of it at the end of one call.
        self.is_answered |= bufs.iter().rfind(|buf| !buf.is_empty()).is_some_and(|buf| buf.ends_with(REPLY));
        bufs.iter().map(|buf| buf.len()).sum()
    }
}

write_half!([] Script: futures::io::AsyncWrite, poll_close);
write_half!([] Script: hyper::rt::Write, poll_shutdown, is_write_vectored);
