//! A stream of `Bytes` made of a reader of futures-io: CPU time, to that of tokio-util's `ReaderStream` over a native reader.
//!
//! `cargo bench --bench streams`. All that is compared takes turns in short rounds. A line per case: the median round to the
//! median round of native, and the quartiles of the ratios of the rounds.

#[allow(dead_code, reason = "another benchmark uses all of it")]
#[path = "compare/source.rs"]
mod source;

use std::collections::VecDeque;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use io_shim::Shim;
use rustix::time::{ClockId, clock_gettime};
use source::{Sizes, Source, bytes_name};
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
    /// `ReaderStream` over a tokio-util's `Compat` over a reader of futures-io.
    TokioUtil,
    /// `ReaderStream` over a shim over a reader of futures-io.
    ShimInReaderStream,
    /// `into_byte_stream` over a reader of futures-io.
    Futures,
    /// `into_byte_stream` over a tokio reader.
    Tokio,
}

const PEERS: [(Peer, &str); 5] = [
    (Peer::Native, "native"),
    (Peer::TokioUtil, "ReaderStream<Compat>"),
    (Peer::ShimInReaderStream, "ReaderStream<Shim>"),
    (Peer::Futures, "from_futures.into_byte_stream"),
    (Peer::Tokio, "from_tokio.into_byte_stream"),
];

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
}

/// The CPU time that this thread has used, in nanoseconds.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Takes all chunks, and returns how long that took.
fn consume(stream: impl Stream<Item = std::io::Result<Bytes>>, held: usize, total: usize) -> f64 {
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

fn run(peer: Peer, case: Case, total: usize) -> f64 {
    let source = Source::new(Sizes::Each(case.k), case.pending, total);
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

/// The value below which that share of `values` lies.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

fn measure(case: Case) {
    run(Peer::Native, case, 1 << 20);
    let per_byte = run(Peer::Native, case, 1 << 20) / (1 << 20) as f64;
    let total = ((TURN / per_byte) as usize).max(1 << 16);
    let mut times = PEERS.map(|_| Vec::with_capacity(ROUNDS));
    for round in 0..ROUNDS {
        for turn in 0..PEERS.len() {
            let i = (round + turn) % PEERS.len();
            times[i].push(run(PEERS[i].0, case, total));
        }
    }
    let native = times[0].clone();
    let pending = if case.pending { ", pending" } else { "" };
    let held = if case.held > 0 { format!(", {} held", case.held) } else { String::new() };
    let name = format!("{} into {}{pending}{held}", bytes_name(case.k), bytes_name(case.capacity));
    let reads = (total as f64 / case.k.min(case.capacity) as f64).ceil();
    println!("{name:32} native                         {:6.1} ns/read", quantile(&mut native.clone(), 0.5) / reads);
    for ((_, peer), times) in PEERS.iter().zip(&mut times).skip(1) {
        let mut ratios: Vec<f64> = times.iter().zip(&native).map(|(time, native)| time / native).collect();
        let median = quantile(times, 0.5) / quantile(&mut native.clone(), 0.5);
        let (low, high) = (quantile(&mut ratios, 0.25), quantile(&mut ratios, 0.75));
        println!("{name:32} {peer:30} {median:6.2} ({low:.2} to {high:.2})");
    }
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("streams: run by `cargo bench`; nothing to test");
        return;
    }
    for held in [0, 64] {
        for (k, capacity) in [(64, 4 << 10), (1460, 4 << 10), (16 << 10, 4 << 10), (16 << 10, 64 << 10)] {
            for pending in [false, true] {
                measure(Case { k, pending, capacity, held });
            }
        }
    }
}
