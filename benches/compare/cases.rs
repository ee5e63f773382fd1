//! The cases that are measured, quickly or for a report.

use std::time::Duration;

use crate::consumers::{Consumer, Executor};
use crate::measure::{Effort, Outcome};
use crate::peers::Peer;
use crate::source::Sizes;
use crate::tcp::Paced;
use crate::zeroed::{self, Count};
use crate::{memory, resident};

/// For a first look.
const QUICK: Effort = Effort { rounds: 15, least: 9, limit: Duration::from_millis(500) };
/// For a report.
const FULL: Effort = Effort { rounds: 61, least: 25, limit: Duration::from_millis(2500) };
/// For a report over TCP, where the system adds noise.
const FULL_TCP: Effort = Effort { rounds: 101, least: 41, limit: Duration::from_secs(5) };

/// The sizes of reads.
pub(crate) const SIZES: [Sizes; 9] = [
    Sizes::Each(64),
    Sizes::Each(512),
    Sizes::Each(1460),
    Sizes::Each(4 << 10),
    Sizes::Each(16 << 10),
    Sizes::Each(64 << 10),
    Sizes::Mixed,
    Sizes::Alternating,
    Sizes::Jumping,
];

/// The capacities of fresh buffers.
pub(crate) const CAPACITIES: [usize; 4] = [8 << 10, 64 << 10, 1 << 20, 16 << 20];

/// More capacities, for the lines of charts.
const BETWEEN: [usize; 4] = [16 << 10, 256 << 10, 512 << 10, 4 << 20];

/// The payload of one TCP segment over Ethernet.
const SEGMENTS: Sizes = Sizes::Each(1460);

/// One comparison of times in memory.
#[derive(Clone, Debug)]
pub(crate) struct InMemory {
    /// The consumer that reads.
    pub(crate) consumer: Consumer,
    /// The sizes of the reads.
    pub(crate) sizes: Sizes,
    /// Whether every other poll is pending.
    pub(crate) pending: bool,
    /// The times of all peers.
    pub(crate) outcome: Outcome<Peer>,
}

impl InMemory {
    /// Returns the name of its sizes.
    pub(crate) fn name(&self) -> String {
        size_name(self.sizes, self.pending)
    }
}

/// One comparison of times over TCP.
#[derive(Clone, Debug)]
pub(crate) struct OverTcp {
    /// The consumer that reads.
    pub(crate) consumer: Consumer,
    /// The sizes of the reads.
    pub(crate) sizes: Sizes,
    /// The times of all peers.
    pub(crate) outcome: Outcome<Peer>,
}

/// One comparison of counts.
#[derive(Clone, Debug)]
pub(crate) struct Zeroed {
    /// The consumer that reads.
    pub(crate) consumer: Consumer,
    /// The sizes of the reads.
    pub(crate) sizes: Sizes,
    /// Whether every other poll is pending.
    pub(crate) pending: bool,
    /// The count of each peer.
    pub(crate) counts: Vec<(Peer, Count)>,
}

/// The resident memory of one peer, in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resident {
    /// The peer.
    pub(crate) peer: Peer,
    /// The size of a message.
    pub(crate) size: usize,
    /// How much 200 connections add.
    pub(crate) kib: usize,
}

/// All measurements.
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
    /// Measures all cases.
    ///
    /// # Errors
    ///
    /// Returns an error if a socket or a process fails.
    pub(crate) fn measure(full: bool, only: Option<&str>) -> std::io::Result<Self> {
        let is_wanted = |consumer: Consumer| only.is_none_or(|only| consumer.name().contains(only));
        let (effort, effort_tcp) = if full { (FULL, FULL_TCP) } else { (QUICK, QUICK) };
        let mut results = Results::default();
        let mut cases = if full { memory_full() } else { memory_quick() };
        cases.retain(|(consumer, ..)| is_wanted(*consumer));
        for (i, &(consumer, sizes, pending)) in cases.iter().enumerate() {
            progress("in memory", i, cases.len());
            let outcome = memory::measure(consumer, sizes, pending, effort)?;
            results.memory.push(InMemory { consumer, sizes, pending, outcome });
        }
        let paced = Paced::new()?;
        let mut cases = tcp(full);
        cases.retain(|(consumer, _)| is_wanted(*consumer));
        for (i, &(consumer, sizes)) in cases.iter().enumerate() {
            progress("over TCP", i, cases.len());
            let outcome = paced.measure(consumer, sizes, effort_tcp)?;
            results.tcp.push(OverTcp { consumer, sizes, outcome });
        }
        let mut cases = zeroed_cases(full);
        cases.retain(|(consumer, ..)| is_wanted(*consumer));
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
        for size in [1460, 16 << 10].into_iter().filter(|_| only.is_none()) {
            for peer in Peer::ALL {
                progress("resident memory", 0, 1);
                results.resident.push(Resident { peer, size, kib: resident::measure(peer, size)? });
            }
        }
        eprint!("\r{:40}\r", "");
        Ok(results)
    }
}

/// Returns the peers for `consumer`, with futures' own function if there is one.
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

/// Returns the name of a case's sizes.
pub(crate) fn size_name(sizes: Sizes, pending: bool) -> String {
    sizes.name() + if pending { ", pending" } else { "" }
}

/// Returns the cases of the report.
fn memory_full() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut consumers = vec![Consumer::FramedBytes, Consumer::FramedLines, Consumer::FramedLength];
    consumers.extend(CAPACITIES.map(Consumer::ReadBuf));
    consumers.extend([Consumer::ReaderStream, Consumer::Take, Consumer::ReadToEnd(1 << 20)]);
    consumers.extend([Consumer::Copy, Consumer::BufReader, Consumer::Lines]);
    for consumer in consumers {
        for sizes in SIZES {
            for pending in [false, true] {
                // With tiny reads, some peers need half a minute for one frame.
                if consumer != Consumer::FramedLength || sizes.mean() >= 1460 {
                    cases.push((consumer, sizes, pending));
                }
            }
        }
    }
    cases.extend(BETWEEN.map(|capacity| (Consumer::ReadBuf(capacity), SEGMENTS, false)));
    cases.extend(to_end().filter(|(consumer, ..)| *consumer != Consumer::ReadToEnd(1 << 20)));
    cases.extend(tiny());
    cases.extend(on_executors());
    cases
}

/// Returns reads into one growing buffer. With many pending polls and much data, futures' own
/// function takes minutes.
fn to_end() -> impl Iterator<Item = Case> {
    let reads = [1, 64, 1460, 64 << 10].into_iter().flat_map(|k| [(k, false), (k, true)]);
    let (little, much) = (reads.clone(), reads.filter(|&(k, pending)| k >= 1460 || (k == 64 && !pending)));
    let case = |total| move |(k, pending)| (Consumer::ReadToEnd(total), Sizes::Each(k), pending);
    little.map(case(1 << 20)).chain(much.map(case(16 << 20)))
}

/// Returns tiny reads of consumers that zero nothing twice, where the cost of a call shows.
fn tiny() -> impl Iterator<Item = Case> {
    let consumers = [Consumer::Copy, Consumer::BufReader, Consumer::Lines];
    let sizes = [1, 16].map(Sizes::Each);
    consumers.into_iter().flat_map(move |consumer| sizes.map(|sizes| (consumer, sizes, false)))
}

/// Returns reads on executors, where a yield has a cost.
///
/// The sources are never pending, since a pending source does not wake its task.
fn on_executors() -> impl Iterator<Item = Case> {
    let sizes = [64, 1460, 64 << 10].map(Sizes::Each);
    [Executor::Tokio, Executor::Smol]
        .into_iter()
        .flat_map(move |executor| sizes.map(|sizes| (Consumer::ReadBufOn(executor, 64 << 10), sizes, false)))
}

/// Returns the cases that the targets need, and at least one case of every consumer.
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
    cases.extend(to_end());
    cases.extend(tiny());
    cases.extend(on_executors());
    cases
}

fn tcp(full: bool) -> Vec<(Consumer, Sizes)> {
    let mut cases = Vec::new();
    for capacity in CAPACITIES {
        for sizes in SIZES {
            if full || !matches!(sizes, Sizes::Each(64)) {
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
