//! Compares streams of readers, and readers of streams, with tokio-util's.
//!
//! `cargo bench --features full --bench streams` prints CPU times as ratios: to `ReaderStream` over
//! a native reader, and to `StreamReader`. Each line has the ratio of the medians, and the
//! quartiles of the ratios of the rounds, in which each peer takes a turn.

#[path = "shared/measure.rs"]
mod measure;
#[allow(dead_code, reason = "`compare` uses all of it")]
#[path = "compare/source.rs"]
mod source;

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use io_shim::Shim;
use measure::{Effort, cpu, drive};
use source::{DATA, Sizes, Source, bytes_name};
use tokio::io::{AsyncReadExt as _, ReadBuf};
use tokio_util::compat::FuturesAsyncReadCompatExt as _;
use tokio_util::io::ReaderStream;

/// How long a turn takes, approximately, in nanoseconds.
const TURN: f64 = 1e6;

/// A stream of a reader.
#[derive(Clone, Copy)]
enum Peer {
    /// `ReaderStream` over a reader that writes into uninitialized memory.
    Native,
    /// `ReaderStream` over tokio-util's `Compat` over a futures-io reader.
    TokioUtil,
    /// `ReaderStream` over a shim over a futures-io reader.
    ShimInReaderStream,
    /// `into_byte_stream` over a futures-io reader.
    Futures,
    /// `into_byte_stream` over a tokio reader.
    Tokio,
}

const STREAMS: [(Peer, &str); 5] = [
    (Peer::Native, "ReaderStream"),
    (Peer::TokioUtil, "ReaderStream<Compat>"),
    (Peer::ShimInReaderStream, "ReaderStream<Shim>"),
    (Peer::Futures, "from_futures.into_byte_stream"),
    (Peer::Tokio, "from_tokio.into_byte_stream"),
];

/// A reader of a stream.
#[derive(Clone, Copy)]
enum Reader {
    /// tokio-util's `StreamReader`.
    Native,
    /// `Shim::from_stream`.
    Shim,
}

const READERS: [(Reader, &str); 2] = [(Reader::Native, "StreamReader"), (Reader::Shim, "from_stream")];

/// One case.
#[derive(Clone, Copy)]
struct Case {
    /// How many bytes become available at a time.
    k: usize,
    /// Whether every other poll is pending.
    pending: bool,
    capacity: usize,
    /// How many chunks the consumer holds.
    held: usize,
    /// Whether the compiler may inline the reader.
    inlined: bool,
}

/// Consumes all chunks, and returns the time.
fn consume(stream: impl Stream<Item = io::Result<Bytes>>, held: usize, total: usize) -> f64 {
    let mut cx = Context::from_waker(Waker::noop());
    let mut stream = pin!(stream);
    let mut chunks = VecDeque::with_capacity(held + 1);
    let mut received = 0;
    let start = cpu();
    loop {
        match stream.poll_next_unpin(&mut cx) {
            Poll::Pending => {}
            Poll::Ready(None) => break,
            Poll::Ready(Some(chunk)) => {
                let chunk = chunk.expect("the source does not fail");
                received += chunk.len();
                chunks.push_back(chunk);
                if chunks.len() > held {
                    chunks.pop_front();
                }
            }
        }
    }
    let time = cpu() - start;
    assert_eq!(received, total);
    time
}

/// A source that is not inlined: each read is a call, as on a socket.
struct Called(Source);

impl tokio::io::AsyncRead for Called {
    #[inline(never)]
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        tokio::io::AsyncRead::poll_read(Pin::new(&mut self.0), cx, buf)
    }
}

impl futures::io::AsyncRead for Called {
    #[inline(never)]
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        futures::io::AsyncRead::poll_read(Pin::new(&mut self.0), cx, slice)
    }
}

fn run(peer: Peer, case: Case, total: usize) -> f64 {
    let source = Source::new(Sizes::Each(case.k), case.pending, total);
    if case.inlined { run_on(source, peer, case, total) } else { run_on(Called(source), peer, case, total) }
}

fn run_on<S>(source: S, peer: Peer, case: Case, total: usize) -> f64
where
    S: tokio::io::AsyncRead + futures::io::AsyncRead + Unpin,
{
    let Case { capacity, held, .. } = case;
    match peer {
        Peer::Native => consume(ReaderStream::with_capacity(source, capacity), held, total),
        Peer::TokioUtil => consume(ReaderStream::with_capacity(source.compat(), capacity), held, total),
        Peer::ShimInReaderStream => {
            consume(ReaderStream::with_capacity(Shim::from_futures(source), capacity), held, total)
        }
        Peer::Futures => consume(Shim::from_futures(source).into_byte_stream().with_capacity(capacity), held, total),
        Peer::Tokio => consume(Shim::from_tokio(source).into_byte_stream().with_capacity(capacity), held, total),
    }
}

/// Reads a stream into uninitialized memory, and returns the time.
fn run_reader(peer: Reader, case: Case, total: usize) -> f64 {
    async fn read(mut reader: impl tokio::io::AsyncRead + Unpin, capacity: usize, total: usize) {
        let mut buf = bytes::BytesMut::with_capacity(capacity);
        let mut received = 0;
        loop {
            buf.clear();
            match reader.read_buf(&mut buf).await.expect("the stream does not fail") {
                0 => break,
                n => received += n,
            }
        }
        assert_eq!(received, total);
    }
    let Case { k, pending, capacity, .. } = case;
    let (mut left, mut pends) = (total, false);
    let stream = futures::stream::poll_fn(move |_| {
        pends = pending && !pends;
        if pends {
            return Poll::Pending;
        }
        let n = k.min(left);
        left -= n;
        Poll::Ready((n > 0).then(|| io::Result::Ok(Bytes::from_static(&DATA[..n]))))
    });
    let start = cpu();
    match peer {
        Reader::Native => drive(read(tokio_util::io::StreamReader::new(stream), capacity, total)),
        Reader::Shim => drive(read(Shim::from_stream(stream).for_tokio(), capacity, total)),
    }
    cpu() - start
}

/// Measures `peers`, the first of which is native.
fn measure<P: Copy, const N: usize>(peers: [(P, &str); N], case: Case, run: fn(P, Case, usize) -> f64) {
    let native = peers[0].0;
    run(native, case, 1 << 20);
    let per_byte = run(native, case, 1 << 20) / (1 << 20) as f64;
    let total = ((TURN / per_byte) as usize).max(1 << 16);
    let outcome = measure::compare(&peers, Effort::exactly(201), total, |(peer, _), total| Ok(run(peer, case, total)))
        .expect("the source does not fail");
    let pending = if case.pending { ", pending" } else { "" };
    let held = if case.held > 0 { format!(", {} held", case.held) } else { String::new() };
    let inlined = if case.inlined { ", inlined" } else { "" };
    let name = format!("{} into {}{pending}{held}{inlined}", bytes_name(case.k), bytes_name(case.capacity));
    let reads = (total as f64 / case.k.min(case.capacity) as f64).ceil();
    println!("{name:33} {:30} {:6.1} ns/read", peers[0].1, outcome.native * total as f64 / reads);
    for ((_, peer), ratio) in &outcome.ratios[1..] {
        println!("{name:33} {peer:30} {:6.2} ({:.2} to {:.2})", ratio.of_medians, ratio.low, ratio.high);
    }
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("streams: run by `cargo bench`; nothing to test");
        return;
    }
    for (held, inlined) in [(0, false), (0, true), (64, false)] {
        for (k, capacity) in [(64, 4 << 10), (1460, 4 << 10), (16 << 10, 4 << 10), (16 << 10, 64 << 10)] {
            for pending in [false, true] {
                measure(STREAMS, Case { k, pending, capacity, held, inlined }, run);
            }
        }
    }
    for k in [64, 1460, 16 << 10] {
        for pending in [false, true] {
            measure(READERS, Case { k, pending, capacity: 8 << 10, held: 0, inlined: true }, run_reader);
        }
    }
}
