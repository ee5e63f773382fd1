//! A stream of `Bytes` made of a reader of futures-io, and a reader made of a stream: CPU time, to that of tokio-util's
//! `ReaderStream` over a native reader, and of its `StreamReader`.
//!
//! `cargo bench --features full --bench streams`. All that is compared takes turns in short rounds. A line per case: the median round to
//! the median round of native, and the quartiles of the ratios of the rounds.

#[path = "shared/clock.rs"]
mod clock;
#[allow(dead_code, reason = "another benchmark uses all of it")]
#[path = "compare/source.rs"]
mod source;

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use clock::{cpu, drive, quantile};
use futures::{Stream, StreamExt as _};
use io_shim::Shim;
use source::{DATA, Sizes, Source, bytes_name};
use tokio::io::{AsyncReadExt as _, ReadBuf};
use tokio_util::compat::FuturesAsyncReadCompatExt as _;
use tokio_util::io::ReaderStream;

/// Rounds of one case.
const ROUNDS: usize = 201;
/// How long a turn takes about, in nanoseconds.
const TURN: f64 = 1e6;

/// Who makes the stream.
#[derive(Clone, Copy)]
enum Peer {
    /// `ReaderStream` over a reader that writes into uninitialised memory.
    Native,
    /// `ReaderStream` over tokio-util's `Compat` over a reader of futures-io.
    TokioUtil,
    /// `ReaderStream` over a shim over a reader of futures-io.
    ShimInReaderStream,
    /// `into_byte_stream` over a reader of futures-io.
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

/// Who makes the reader.
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
    /// How many chunks the consumer has in hand.
    held: usize,
    /// Whether the compiler may make the reader part of the loop.
    inlined: bool,
}

/// Takes all chunks, and returns how long that took.
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

/// A source whose reading is a call, as that of a socket is, rather than part of whoever reads.
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

/// Reads all that a stream gives into memory that is not initialised, and returns how long that took.
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

/// Measures `peers`, the first of which is native, by `run`.
fn measure<P: Copy, const N: usize>(peers: [(P, &str); N], case: Case, run: fn(P, Case, usize) -> f64) {
    let native = peers[0].0;
    run(native, case, 1 << 20);
    let per_byte = run(native, case, 1 << 20) / (1 << 20) as f64;
    let total = ((TURN / per_byte) as usize).max(1 << 16);
    let mut times = peers.map(|_| Vec::with_capacity(ROUNDS));
    for round in 0..ROUNDS {
        for turn in 0..N {
            let i = (round + turn) % N;
            times[i].push(run(peers[i].0, case, total));
        }
    }
    let native = times[0].clone();
    let pending = if case.pending { ", pending" } else { "" };
    let held = if case.held > 0 { format!(", {} held", case.held) } else { String::new() };
    let inlined = if case.inlined { ", inlined" } else { "" };
    let name = format!("{} into {}{pending}{held}{inlined}", bytes_name(case.k), bytes_name(case.capacity));
    let reads = (total as f64 / case.k.min(case.capacity) as f64).ceil();
    println!("{name:33} {:30} {:6.1} ns/read", peers[0].1, quantile(&mut native.clone(), 0.5) / reads);
    for ((_, peer), times) in peers.iter().zip(&mut times).skip(1) {
        let mut ratios: Vec<f64> = times.iter().zip(&native).map(|(time, native)| time / native).collect();
        let median = quantile(times, 0.5) / quantile(&mut native.clone(), 0.5);
        let (low, high) = (quantile(&mut ratios, 0.25), quantile(&mut ratios, 0.75));
        println!("{name:33} {peer:30} {median:6.2} ({low:.2} to {high:.2})");
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
