//! Readers and writers made from streams and sinks of bytes, and the reverse. This module has what
//! the tests share.

mod byte_sink;
mod byte_stream;
mod hostile_bufs;
mod sink_writer;
#[cfg(not(target_family = "wasm"))]
mod sockets;
mod stream_reader;
mod stream_sink;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use futures::Stream;

/// What a scripted stream does at one poll.
pub enum Item<B> {
    Chunk(B),
    Pending,
    Error(io::ErrorKind),
    Panic,
    /// Ends the stream, although more may follow.
    End,
}

/// A stream that follows a script. It counts its polls, and panics if it is polled after the end of
/// the script.
pub struct Chunks<B> {
    pub items: VecDeque<Item<B>>,
    pub polls: usize,
}

impl<B> Chunks<B> {
    pub fn new(items: impl IntoIterator<Item = Item<B>>) -> Self {
        Chunks { items: items.into_iter().collect(), polls: 0 }
    }
}

impl<B> Unpin for Chunks<B> {}

impl<B> Stream for Chunks<B> {
    type Item = io::Result<B>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.polls += 1;
        match self.items.pop_front().expect("polled after the end") {
            Item::Chunk(chunk) => Poll::Ready(Some(Ok(chunk))),
            Item::Error(kind) => Poll::Ready(Some(Err(kind.into()))),
            Item::End => Poll::Ready(None),
            Item::Panic => panic!("as the script says"),
            Item::Pending => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

/// One chunk of two pieces.
pub type Pair = bytes::buf::Chain<Bytes, Bytes>;

pub fn pair(first: impl Into<Bytes>, second: impl Into<Bytes>) -> Pair {
    first.into().chain(second.into())
}

/// Returns `data` in chunks of odd sizes, of one or two pieces, with `Pending` and empty chunks in
/// between.
pub fn chunks(data: &[u8]) -> Chunks<Pair> {
    let mut rest = Bytes::copy_from_slice(data);
    let mut items = VecDeque::new();
    for (i, len) in [1, 900, 17, 2048, 5000, 64, 3].into_iter().cycle().enumerate() {
        if rest.is_empty() {
            break;
        }
        let mut chunk = rest.split_to(len.min(rest.len()));
        if i % 3 == 0 {
            items.push_back(Item::Pending);
        }
        if i % 4 == 0 {
            items.push_back(Item::Chunk(pair("", "")));
        }
        let second = chunk.split_off(chunk.len() * (i % 3) / 2);
        items.push_back(Item::Chunk(pair(chunk, second)));
    }
    items.push_back(Item::End);
    Chunks { items, polls: 0 }
}
