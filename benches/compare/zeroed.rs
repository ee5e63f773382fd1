//! Exact counts of zeroed bytes.
//!
//! The reader writes a mark into every byte of the slice that it is passed. A byte that is zero
//! when it is passed again was zeroed in between. A byte that is zero at first was zeroed for this
//! reader. The data contain no zeros.

use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};

use crate::consumers::{Consumer, Scratch};
use crate::measure::drive;
use crate::peers::{self, Job, Peer};
use crate::source::{Sizes, Source};

/// How many reads count as the first ones, in which the prediction is still learning.
const FIRST: usize = 16;

/// What the reader has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count {
    /// How many reads returned data.
    reads: usize,
    /// Bytes zeroed, in the first reads and later, without the read that finds the end.
    pub(crate) zeroed: [usize; 2],
    /// Bytes zeroed for the read that finds the end.
    at_end: usize,
    /// Bytes returned, in the first reads and later.
    pub(crate) returned: [usize; 2],
    /// The addresses of the caller's memory, if they are known.
    memory: Range<usize>,
    /// The end of the part of the caller's memory that the reader has seen.
    shown: usize,
    /// Bytes of the caller's memory that were zeroed after the reader had seen them.
    pub(crate) twice: usize,
    /// Bytes of the caller's memory that the reader was passed.
    pub(crate) inside: usize,
}

impl Count {
    /// Returns the number of all zeroed bytes.
    pub(crate) fn total(&self) -> usize {
        self.zeroed.iter().sum::<usize>() + self.at_end
    }

    /// Returns the number of bytes zeroed per byte returned, after the first reads.
    pub(crate) fn later(&self) -> f64 {
        self.zeroed[1] as f64 / self.returned[1].max(1) as f64
    }
}

/// A source that marks and counts.
struct Marking {
    source: Source,
    count: Rc<Cell<Count>>,
}

const MARK: u8 = 0xA5;

impl Marking {
    /// Counts the zeros of `slice` and marks all of it. Returns the count.
    fn look(&self, slice: &mut [u8]) -> usize {
        let zeros = |slice: &[u8]| slice.iter().filter(|byte| **byte == 0).count();
        let mut count = self.count.take();
        let zeroed = zeros(slice);
        let start = slice.as_ptr().addr();
        if count.memory.contains(&start) {
            let seen = count.shown.saturating_sub(start).min(slice.len());
            count.twice += zeros(&slice[..seen]);
            count.shown = count.shown.max(start + slice.len());
            count.inside += slice.len();
        }
        self.count.set(count);
        slice.fill(MARK);
        zeroed
    }
}

impl AsyncRead for Marking {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.source).poll_read(cx, buf)
    }
}

impl futures::io::AsyncRead for Marking {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let zeroed = self.look(slice);
        let poll = futures::io::AsyncRead::poll_read(Pin::new(&mut self.source), cx, slice);
        let mut count = self.count.take();
        let later = usize::from(count.reads >= FIRST);
        match poll {
            Poll::Ready(Ok(0)) => count.at_end += zeroed,
            _ => count.zeroed[later] += zeroed,
        }
        if let Poll::Ready(Ok(n)) = poll {
            count.returned[later] += n;
            count.reads += 1;
        }
        self.count.set(count);
        poll
    }
}

/// Lets a consumer read everything.
struct Consume<'a>(Consumer, &'a mut Scratch);

impl Job for Consume<'_> {
    type Output = ();

    fn run<R: AsyncRead + Unpin + 'static>(self, reader: R) {
        drive(self.0.consume(reader, self.1));
    }
}

/// Counts the bytes that are zeroed while `consumer` reads `total` bytes.
pub(crate) fn count(peer: Peer, consumer: Consumer, sizes: Sizes, pending: bool, total: usize) -> Count {
    let count = Rc::<Cell<Count>>::default();
    let source = consumer.source(sizes, pending, consumer.total().unwrap_or(total));
    let marking = Marking { source, count: count.clone() };
    match peer {
        Peer::FuturesOwn => {
            let mut marking = marking;
            drive(futures::AsyncReadExt::read_to_end(&mut marking, &mut Vec::new())).expect("the source does not fail");
        }
        _ => peers::run(peer, marking, Consume(consumer, &mut consumer.scratch())),
    }
    count.take()
}

/// Reads into one `ReadBuf` until it is full.
struct Held<'a>(&'a mut BytesMut);

impl Job for Held<'_> {
    type Output = ();

    fn run<R: AsyncRead + Unpin + 'static>(self, mut reader: R) {
        let mut buf = ReadBuf::uninit(self.0.spare_capacity_mut());
        let mut pinned = Pin::new(&mut reader);
        while buf.filled().len() < 1 << 20 {
            let poll = |cx: &mut Context<'_>| Poll::Ready(pinned.as_mut().poll_read(cx, &mut buf));
            if let Poll::Ready(result) = drive(std::future::poll_fn(poll)) {
                result.expect("the source does not fail");
            }
        }
    }
}

/// Calls `read_to_end` on a vector with enough capacity.
struct ToEnd<'a>(&'a mut Vec<u8>);

impl Job for ToEnd<'_> {
    type Output = ();

    fn run<R: AsyncRead + Unpin + 'static>(self, mut reader: R) {
        drive(reader.read_to_end(self.0)).expect("the source does not fail");
    }
}

/// Returns a source of 1 MiB, of which every other poll is pending.
fn mebibyte(sizes: Sizes, memory: (*const u8, usize)) -> (Rc<Cell<Count>>, Marking) {
    let memory = memory.0.addr()..memory.0.addr() + memory.1;
    let count = Rc::new(Cell::new(Count { memory, ..Count::default() }));
    (count.clone(), Marking { source: Source::new(sizes, true, 1 << 20), count })
}

/// Counts the bytes that are zeroed in one `ReadBuf` of 1 MiB, which is held across polls.
pub(crate) fn count_held(peer: Peer, sizes: Sizes) -> Count {
    let mut memory = BytesMut::with_capacity(1 << 20);
    let (count, marking) = mebibyte(sizes, (memory.as_ptr(), 1 << 20));
    peers::run(peer, marking, Held(&mut memory));
    count.take()
}

/// Counts the bytes that tokio's `read_to_end` zeroes in a `Vec` with enough capacity.
pub(crate) fn count_to_end(peer: Peer, sizes: Sizes) -> Count {
    let mut memory = Vec::with_capacity((1 << 20) + 64);
    let (count, marking) = mebibyte(sizes, (memory.as_ptr(), memory.capacity()));
    peers::run(peer, marking, ToEnd(&mut memory));
    count.take()
}

/// Counts the bytes of fresh buffers of 1 MiB that the reader is passed.
pub(crate) fn count_fresh(peer: Peer, sizes: Sizes) -> Count {
    struct Fresh<'a>(&'a mut BytesMut);
    impl Job for Fresh<'_> {
        type Output = ();

        fn run<R: AsyncRead + Unpin + 'static>(self, mut reader: R) {
            while drive(reader.read_buf(self.0)).expect("the source does not fail") > 0 {
                self.0.clear();
            }
        }
    }
    let mut memory = BytesMut::with_capacity(1 << 20);
    let (count, marking) = mebibyte(sizes, (memory.as_ptr(), memory.capacity()));
    peers::run(peer, marking, Fresh(&mut memory));
    count.take()
}
