//! What is measured, quickly and for a report.

use crate::consumers::{Consumer, Executor};
use crate::measure::{Effort, Outcome};
use crate::peers::Peer;
use crate::source::Sizes;
use crate::tcp::Loopback;
use crate::zeroed::{self, Count};
use crate::{memory, resident};

/// The sizes of reads.
pub(crate) const SIZES: [Sizes; 8] = [
    Sizes::Each(64),
    Sizes::Each(512),
    Sizes::Each(1460),
    Sizes::Each(4 << 10),
    Sizes::Each(16 << 10),
    Sizes::Each(64 << 10),
    Sizes::Mixed,
    Sizes::Alternating,
];

/// The capacities of fresh buffers.
pub(crate) const CAPACITIES: [usize; 4] = [8 << 10, 64 << 10, 1 << 20, 16 << 20];

/// More capacities, for the lines of charts.
const BETWEEN: [usize; 4] = [16 << 10, 256 << 10, 512 << 10, 4 << 20];

/// What one segment of TCP carries over Ethernet.
const SEGMENTS: Sizes = Sizes::Each(1460);

/// One comparison of times in memory.
#[derive(Clone, Debug)]
pub(crate) struct InMemory {
    /// What reads.
    pub(crate) consumer: Consumer,
    /// How much at a time.
    pub(crate) sizes: Sizes,
    /// Whether every other poll is pending.
    pub(crate) pending: bool,
    /// What came of it.
    pub(crate) outcome: Outcome,
}

/// One comparison of times over TCP.
#[derive(Clone, Debug)]
pub(crate) struct OverTcp {
    /// What reads.
    pub(crate) consumer: Consumer,
    /// How much at a time.
    pub(crate) sizes: Sizes,
    /// What came of it.
    pub(crate) outcome: Outcome,
}

/// One comparison of counts.
#[derive(Clone, Debug)]
pub(crate) struct Zeroed {
    /// What reads.
    pub(crate) consumer: Consumer,
    /// How much at a time.
    pub(crate) sizes: Sizes,
    /// Whether every other poll is pending.
    pub(crate) pending: bool,
    /// What each peer zeroed.
    pub(crate) counts: Vec<(Peer, Count)>,
}

/// The resident memory of one peer, in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resident {
    /// Who.
    pub(crate) peer: Peer,
    /// The size of a message.
    pub(crate) size: usize,
    /// What 200 connections add.
    pub(crate) kib: usize,
}

/// All that was measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Results {
    /// Times in memory.
    pub(crate) memory: Vec<InMemory>,
    /// Times over TCP.
    pub(crate) tcp: Vec<OverTcp>,
    /// Bytes zeroed.
    pub(crate) zeroed: Vec<Zeroed>,
    /// Resident memory.
    pub(crate) resident: Vec<Resident>,
}

impl Results {
    /// Measures.
    ///
    /// # Errors
    ///
    /// Those of sockets and processes.
    pub(crate) fn measure(full: bool) -> std::io::Result<Self> {
        let (effort, effort_tcp) = if full { (Effort::FULL, Effort::FULL_TCP) } else { (Effort::QUICK, Effort::QUICK) };
        let mut results = Results::default();
        let cases = if full { memory_full() } else { memory_quick() };
        for (i, &(consumer, sizes, pending)) in cases.iter().enumerate() {
            progress("in memory", i, cases.len());
            let outcome = memory::measure(consumer, sizes, pending, effort);
            results.memory.push(InMemory { consumer, sizes, pending, outcome });
        }
        let loopback = Loopback::new()?;
        let cases = tcp(full);
        for (i, &(consumer, sizes)) in cases.iter().enumerate() {
            progress("over TCP", i, cases.len());
            let outcome = loopback.measure(consumer, sizes, effort_tcp);
            results.tcp.push(OverTcp { consumer, sizes, outcome });
        }
        let cases = zeroed_cases(full);
        for (i, &(consumer, sizes, pending)) in cases.iter().enumerate() {
            progress("bytes zeroed", i, cases.len());
            let total = match consumer {
                Consumer::ReadBuf(_) => 64 * sizes.mean(),
                _ => 1 << 20,
            };
            let peers = with_own(consumer).into_iter().skip(1);
            let count = |peer| (peer, zeroed::count(peer, consumer, sizes, pending, total));
            results.zeroed.push(Zeroed { consumer, sizes, pending, counts: peers.map(count).collect() });
        }
        for size in [1460, 16 << 10] {
            for peer in Peer::ALL {
                progress("resident memory", 0, 1);
                results.resident.push(Resident { peer, size, kib: resident::measure(peer, size)? });
            }
        }
        eprint!("\r{:40}\r", "");
        Ok(results)
    }
}

/// The peers for `consumer`, futures' own functions among them where there is one.
pub(crate) fn with_own(consumer: Consumer) -> Vec<Peer> {
    let mut peers = Peer::ALL.to_vec();
    if matches!(consumer, Consumer::ReadToEnd(_)) {
        peers.push(Peer::FuturesOwn);
    }
    peers
}

fn progress(what: &str, done: usize, all: usize) {
    eprint!("\r{:40}\r{what} {done}/{all}", "");
}

type Case = (Consumer, Sizes, bool);

/// What stands in the tables of the report.
fn memory_full() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut consumers = vec![Consumer::FramedBytes, Consumer::FramedLines, Consumer::FramedLength];
    consumers.extend(CAPACITIES.map(Consumer::ReadBuf));
    consumers.extend([Consumer::ReaderStream, Consumer::Take, Consumer::ReadToEnd(1 << 20)]);
    consumers.extend([Consumer::Copy, Consumer::BufReader]);
    for consumer in consumers {
        for sizes in SIZES {
            for pending in [false, true] {
                // One frame in tiny reads takes the peers half a minute a time.
                if consumer != Consumer::FramedLength || sizes.mean() >= 1460 {
                    cases.push((consumer, sizes, pending));
                }
            }
        }
    }
    cases.extend(BETWEEN.map(|capacity| (Consumer::ReadBuf(capacity), SEGMENTS, false)));
    cases.push((Consumer::ReadToEnd(16 << 20), SEGMENTS, true));
    cases.extend(on_executors());
    cases
}

/// Reads whose yields cost something: the more the shorter the read is. A source that is pending wakes nobody.
fn on_executors() -> impl Iterator<Item = Case> {
    let sizes = [64, 1460, 64 << 10].map(Sizes::Each);
    [Executor::Tokio, Executor::Smol]
        .into_iter()
        .flat_map(move |executor| sizes.map(|sizes| (Consumer::ReadBufOn(executor, 64 << 10), sizes, false)))
}

/// What the targets need, and one case of every consumer.
fn memory_quick() -> Vec<Case> {
    let mut cases = Vec::new();
    for k in [64, 1460, 16 << 10, 64 << 10] {
        for pending in [false, true] {
            cases.push((Consumer::FramedBytes, Sizes::Each(k), pending));
        }
        cases.push((Consumer::ReadBuf(64 << 10), Sizes::Each(k), false));
    }
    cases.extend([8 << 10, 1 << 20, 16 << 20].map(|capacity| (Consumer::ReadBuf(capacity), SEGMENTS, false)));
    let consumers = [Consumer::FramedLines, Consumer::FramedLength, Consumer::ReaderStream, Consumer::Take];
    cases.extend(consumers.map(|consumer| (consumer, SEGMENTS, false)));
    cases.extend([Consumer::Copy, Consumer::BufReader].map(|consumer| (consumer, SEGMENTS, false)));
    cases.push((Consumer::ReadToEnd(16 << 20), SEGMENTS, true));
    cases.extend(on_executors());
    cases
}

fn tcp(full: bool) -> Vec<(Consumer, Sizes)> {
    let mut cases = Vec::new();
    for capacity in CAPACITIES {
        for sizes in SIZES {
            if full || !matches!(sizes, Sizes::Each(64) | Sizes::Alternating) {
                cases.push((Consumer::ReadBuf(capacity), sizes));
            }
        }
    }
    if full {
        cases.extend(SIZES.map(|sizes| (Consumer::FramedBytes, sizes)));
        cases.extend(BETWEEN.map(|capacity| (Consumer::ReadBuf(capacity), SEGMENTS)));
    }
    cases
}

fn zeroed_cases(full: bool) -> Vec<Case> {
    let mut cases = Vec::new();
    for capacity in CAPACITIES {
        for sizes in SIZES {
            for pending in [false, true] {
                if full || (!pending && matches!(sizes, Sizes::Each(1460 | 4096) | Sizes::Mixed)) {
                    cases.push((Consumer::ReadBuf(capacity), sizes, pending));
                }
            }
        }
    }
    if full {
        cases.extend(BETWEEN.map(|capacity| (Consumer::ReadBuf(capacity), Sizes::Each(4 << 10), false)));
    }
    for consumer in [
        Consumer::FramedBytes,
        Consumer::FramedLines,
        Consumer::FramedLength,
        Consumer::ReaderStream,
        Consumer::Take,
        Consumer::ReadToEnd(1 << 20),
        Consumer::Copy,
        Consumer::BufReader,
    ] {
        if full || consumer != Consumer::FramedLength {
            cases.push((consumer, SEGMENTS, false));
            cases.push((consumer, SEGMENTS, true));
        }
    }
    cases
}
