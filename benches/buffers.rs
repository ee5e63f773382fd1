//! Compares `read_to_end` into a `TrackedBuf` with tokio's and futures' functions into a `Vec`.
//!
//! `cargo bench --bench buffers --features owned` prints one line per figure. The first figures are
//! instructions per byte, at three sizes. If the cost is linear, the three are equal. They are
//! exact, and need valgrind. The other figures are CPU times of this thread: medians of rounds in
//! which each peer takes a turn. The inner readers only copy.

#[path = "shared/callgrind.rs"]
mod callgrind;
#[path = "shared/measure.rs"]
mod measure;

use std::hint::black_box;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use io_shim::{Shim, TrackedBuf, owned};
use measure::{Effort, drive};
use tokio::io::ReadBuf;

const MIB: usize = 1 << 20;
static BLOCK: [u8; MIB] = [7; MIB];

/// Returns `left` bytes, at most `chunk` in a call, and is pending before each chunk if it `pends`.
struct Source {
    left: usize,
    chunk: usize,
    pends: bool,
    waited: bool,
}

impl Source {
    /// Returns how many bytes the next call reads into a buffer of `room` bytes.
    #[inline]
    fn next(&mut self, room: usize) -> Poll<usize> {
        if self.pends && !self.waited {
            self.waited = true;
            return Poll::Pending;
        }
        self.waited = false;
        let n = self.chunk.min(room).min(self.left);
        self.left -= n;
        Poll::Ready(n)
    }
}

impl tokio::io::AsyncRead for Source {
    #[inline(never)]
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.next(buf.remaining()).map(|n| {
            buf.put_slice(&BLOCK[..n]);
            Ok(())
        })
    }
}

impl futures::io::AsyncRead for Source {
    #[inline(never)]
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.next(slice.len()).map(|n| {
            slice[..n].copy_from_slice(&BLOCK[..n]);
            Ok(n)
        })
    }
}

/// A kind of source, and the sizes that are read.
struct Case {
    name: &'static str,
    chunk: usize,
    pends: bool,
    sizes: [usize; 3],
}

const CASES: [Case; 3] = [
    Case { name: "1 byte a read", chunk: 1, pends: false, sizes: [MIB / 16, MIB / 4, MIB] },
    Case { name: "1460 bytes, Pending before each", chunk: 1460, pends: true, sizes: [MIB, 4 * MIB, 16 * MIB] },
    Case { name: "in bulk", chunk: MIB, pends: false, sizes: [4 * MIB, 16 * MIB, 64 * MIB] },
];

/// Which function reads from which reader.
#[derive(Clone, Copy)]
enum Peer {
    /// tokio's `read_to_end`, into a `Vec`.
    Tokio,
    /// io-shim's `read_to_end` from the same reader, into a `TrackedBuf`.
    OursOverTokio,
    /// futures' `read_to_end`, into a `Vec`.
    Futures,
    /// io-shim's `read_to_end` from the same reader, into a `TrackedBuf`.
    OursOverFutures,
}

const PEERS: [Peer; 4] = [Peer::Tokio, Peer::OursOverTokio, Peer::Futures, Peer::OursOverFutures];

fn read(case: &Case, peer: Peer, size: usize) {
    let mut source = Source { left: size, chunk: case.chunk, pends: case.pends, waited: false };
    let n = match peer {
        Peer::Tokio => {
            let mut vec = Vec::new();
            drive(tokio::io::AsyncReadExt::read_to_end(&mut source, &mut vec)).expect("the source does not fail");
            black_box(&vec).len()
        }
        Peer::OursOverTokio => {
            let mut buf = TrackedBuf::new();
            drive(owned::read_to_end(&mut Shim::from_tokio(source), &mut buf)).expect("the source does not fail");
            black_box(&buf).len()
        }
        Peer::Futures => {
            let mut vec = Vec::new();
            drive(futures::AsyncReadExt::read_to_end(&mut source, &mut vec)).expect("the source does not fail");
            black_box(&vec).len()
        }
        Peer::OursOverFutures => {
            let mut buf = TrackedBuf::new();
            drive(owned::read_to_end(&mut Shim::from_futures(source), &mut buf)).expect("the source does not fail");
            black_box(&buf).len()
        }
    };
    assert_eq!(n, size);
}

/// Returns the instructions of reading `size` bytes.
fn instructions(case: usize, peer: Peer, size: usize) -> f64 {
    let [case, peer] = [case, peer as usize].map(|number| number.to_string());
    let run = |size: usize| callgrind::instructions(&["run", &case, &peer, &size.to_string()]);
    (run(size) - run(0)) as f64
}

/// Returns the CPU time of reading `size` bytes, in nanoseconds.
fn time(case: &Case, peer: Peer, size: usize) -> f64 {
    let start = measure::cpu();
    read(case, peer, size);
    measure::cpu() - start
}

/// Returns the median CPU times of two peers, in milliseconds, and the median ratio of the rounds.
fn compare(case: &Case, peers: [Peer; 2], size: usize, rounds: usize) -> [f64; 3] {
    let run = |peer, size| Ok(time(case, peer, size));
    let outcome = measure::compare(&peers, Effort::exactly(rounds), size, run).expect("the source does not fail");
    let (one, ratio) = (outcome.native * size as f64 / 1e6, outcome.ratios[1].1);
    [one, one * ratio.of_medians, ratio.median]
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [run, case, peer, size] = &arguments[..] {
        if run == "run" {
            let number = |text: &String| text.parse::<usize>().expect("a number");
            read(&CASES[number(case)], PEERS[number(peer)], number(size));
            return;
        }
    }

    println!("instructions per byte of read_to_end, `TrackedBuf` through `Shim::from_tokio` / tokio's into a `Vec`");
    for (i, case) in CASES.iter().enumerate() {
        for size in case.sizes {
            let (ours, tokio) = (instructions(i, Peer::OursOverTokio, size), instructions(i, Peer::Tokio, size));
            let per_byte = |count| count / size as f64;
            println!(
                "{:<34} {:>6} KiB: {:>8.4} / {:>8.4} = {:.3}",
                case.name,
                size >> 10,
                per_byte(ours),
                per_byte(tokio),
                ours / tokio,
            );
        }
    }

    println!(
        "\nCPU time of read_to_end in ms, `TrackedBuf` through `Shim::from_tokio` / tokio's into a `Vec`, medians of rounds"
    );
    for case in &CASES {
        let size = case.sizes[2];
        let [tokio, ours, ratio] = compare(case, [Peer::Tokio, Peer::OursOverTokio], size, 41);
        println!("{:<34} {:>6} KiB: {ours:>8.3} / {tokio:>8.3}, ratio {ratio:.3}", case.name, size >> 10);
    }

    println!("\nCPU time of read_to_end in ms, futures' into a `Vec` / `TrackedBuf` through `Shim::from_futures`");
    for (case, size, rounds) in [(&CASES[0], MIB, 21), (&CASES[1], 16 * MIB, 3), (&CASES[2], 64 * MIB, 11)] {
        let [ours, futures, ratio] = compare(case, [Peer::OursOverFutures, Peer::Futures], size, rounds);
        println!("{:<34} {:>6} KiB: {futures:>8.3} / {ours:>8.3}, ratio {ratio:.2}", case.name, size >> 10);
    }
}
