//! The targets, and whether they are reached.

use crate::cases::Results;
use crate::consumers::Consumer;
use crate::measure::Ratio;
use crate::peers::Peer;
use crate::report::of_medians;
use crate::source::{Sizes, bytes_name};
use crate::zeroed::{count, count_fresh, count_held, count_to_end};

/// A target and the measurement.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// What is measured.
    pub(crate) what: String,
    /// The limit.
    pub(crate) wanted: String,
    /// The measurement.
    pub(crate) measured: String,
    /// Whether the target is reached, if it was measured.
    pub(crate) reached: Option<bool>,
}

impl Target {
    fn new(what: impl Into<String>, wanted: impl Into<String>, measured: impl Into<String>, reached: bool) -> Self {
        Target { what: what.into(), wanted: wanted.into(), measured: measured.into(), reached: Some(reached) }
    }

    /// Creates a target for the largest of some ratios.
    fn at_most(what: impl Into<String>, most: f64, ratios: impl IntoIterator<Item = (String, Ratio)>) -> Self {
        let worst = ratios.into_iter().max_by(|(_, one), (_, other)| one.of_medians.total_cmp(&other.of_medians));
        let (measured, reached) = match worst {
            Some((at, ratio)) => (of_medians(ratio) + &at, Some(ratio.of_medians <= most)),
            None => ("not measured".into(), None),
        };
        Target { what: what.into(), wanted: format!("at most {most:.2}"), measured, reached }
    }
}

/// Returns all targets.
pub(crate) fn targets(results: &Results) -> Vec<Target> {
    let mut targets = counts();
    targets.extend(over_tcp(results));
    targets.extend(in_memory(results));
    targets.extend(resident(results));
    targets
}

/// Returns the targets for exact counts.
fn counts() -> Vec<Target> {
    let mut targets = Vec::new();
    let steady = sweep();
    for (pending, most, name) in [(false, 1.25, ""), (true, 2.5, ", Pending every other poll")] {
        let (worst, at) = &steady.worst[usize::from(pending)];
        let what = format!("bytes zeroed per byte returned, steady reads of 2K or more{name}");
        targets.push(Target::new(what, format!("at most {most}"), format!("{worst:.4} ({at})"), *worst <= most));
    }
    let what = "bytes zeroed by smaller reads after the first 16";
    targets.push(Target::new(what, "0", steady.small.to_string(), steady.small == 0));
    let most = 128 << 10;
    let (worst, at) = &steady.warm_up;
    let what = "bytes zeroed by the first 16 reads, beyond the ratio above";
    targets.push(Target::new(what, format!("at most {most}"), format!("{worst} ({at})"), *worst <= most));
    let frame = count(Peer::Predicted, Consumer::FramedLength, Sizes::Each(1460), false, 0).total();
    let what = "bytes zeroed for one frame of 8M in reads of 1460";
    targets.push(Target::new(what, "at most 65536", frame.to_string(), frame <= 64 << 10));
    let sizes = [Sizes::Each(64), Sizes::Each(1460), Sizes::Each(64 << 10), Sizes::Mixed, Sizes::Alternating];
    let shims = [Peer::Predicted, Peer::Bounce, Peer::Whole];
    let pairs = || shims.into_iter().flat_map(|peer| sizes.map(|sizes| (peer, sizes)));
    let twice: usize = pairs().map(|(peer, sizes)| count_held(peer, sizes).twice).sum();
    let what = "bytes zeroed twice in a ReadBuf that is held across polls, any offer";
    targets.push(Target::new(what, "0", twice.to_string(), twice == 0));
    let twice: usize = pairs().map(|(peer, sizes)| count_to_end(peer, sizes).twice).sum();
    targets.push(Target::new("bytes zeroed twice by tokio's read_to_end", "0", twice.to_string(), twice == 0));
    let inside: usize = sizes.map(|sizes| count_fresh(Peer::Bounce, sizes).inside).iter().sum();
    let what = "bytes of the caller's memory zeroed behind a bounce buffer";
    targets.push(Target::new(what, "0", inside.to_string(), inside == 0));
    targets
}

/// The worst counts of many capacities and sizes, and where they occur.
#[derive(Debug, Default)]
struct Sweep {
    /// Bytes zeroed per byte returned, without and with `Pending`.
    worst: [(f64, String); 2],
    /// Bytes zeroed by reads of less than 2 KiB, after the first 16 reads.
    small: usize,
    /// Bytes zeroed by the first 16 reads, beyond 1.25 for each byte returned.
    warm_up: (usize, String),
}

/// Makes reads that always return the same number of bytes.
fn sweep() -> Sweep {
    const SMALL: [usize; 7] = [1, 64, 512, 1460, 1821, 2000, 2047];
    const LARGE: [usize; 13] =
        [2048, 2049, 3000, 4096, 5000, 8191, 8192, 8193, 16 << 10, 40_000, 64 << 10, 300_000, 1 << 20];
    let mut sweep = Sweep::default();
    for capacity in [8 << 10, 16 << 10, 64 << 10, 100_000, 1 << 20, 16 << 20] {
        for n in SMALL.into_iter().chain(LARGE) {
            for pending in [false, true] {
                let consumer = Consumer::ReadBuf(capacity);
                let count = count(Peer::Predicted, consumer, Sizes::PerCall(n), pending, 80 * n.min(capacity));
                let at = format!("{} into {}", bytes_name(n), bytes_name(capacity));
                // Small reads have no allowance for the bytes that they return.
                let usual = if n < 2048 { 0 } else { count.returned[0] * if pending { 10 } else { 5 } / 4 };
                let warm_up = count.zeroed[0].saturating_sub(usual);
                if warm_up > sweep.warm_up.0 {
                    sweep.warm_up = (warm_up, at.clone());
                }
                if n < 2048 {
                    sweep.small = sweep.small.max(count.zeroed[1]);
                } else if count.later() > sweep.worst[usize::from(pending)].0 {
                    sweep.worst[usize::from(pending)] = (count.later(), at);
                }
            }
        }
    }
    sweep
}

fn over_tcp(results: &Results) -> Vec<Target> {
    let ratios = |peer, capacities: &[usize], sizes: &[Sizes]| {
        let mut found = Vec::new();
        for row in &results.tcp {
            let Consumer::ReadBuf(capacity) = row.consumer else { continue };
            if capacities.contains(&capacity) && sizes.contains(&row.sizes) {
                let at = match (capacities, sizes) {
                    ([_], [_]) => String::new(),
                    _ => format!(" ({} into {})", row.sizes.name(), bytes_name(capacity)),
                };
                found.extend(row.outcome.of(peer).map(|ratio| (at, ratio)));
            }
        }
        found
    };
    let all = crate::cases::CAPACITIES;
    let each = Sizes::Each;
    let small = [each(64), each(512), each(1460), each(4 << 10)];
    let (mixed, predicted) = ([Sizes::Mixed], Peer::Predicted);
    vec![
        Target::at_most("TCP, reads up to 4K into 8K to 16M", 1.05, ratios(predicted, &all, &small)),
        Target::at_most("TCP, reads of 16K into 8K to 16M", 1.10, ratios(predicted, &all, &[each(16 << 10)])),
        Target::at_most("TCP, mixed reads into 64K", 1.30, ratios(predicted, &[64 << 10], &mixed)),
        Target::at_most("TCP, mixed reads into 1M", 1.30, ratios(predicted, &[1 << 20], &mixed)),
        Target::at_most("TCP, mixed reads into 16M", 1.30, ratios(predicted, &[16 << 20], &mixed)),
        Target::at_most("TCP, mixed reads into 64K, 64K bounce", 1.08, ratios(Peer::Bounce, &[64 << 10], &mixed)),
        Target::at_most("TCP, full reads of 64K", 1.45, ratios(predicted, &[64 << 10], &[each(64 << 10)])),
    ]
}

fn in_memory(results: &Results) -> Vec<Target> {
    let find = |consumer, k, pending| {
        let row = results
            .memory
            .iter()
            .find(|row| row.consumer == consumer && row.sizes == Sizes::Each(k) && row.pending == pending);
        row.map(|row| &row.outcome)
    };
    let ratio = |consumer, k, pending| {
        let ratio = find(consumer, k, pending).and_then(|outcome| outcome.of(Peer::Predicted));
        ratio.map(|ratio| (String::new(), ratio))
    };
    let framed = Consumer::FramedBytes;
    let mut targets = vec![
        Target::at_most("in memory, FramedRead of 64", 1.25, ratio(framed, 64, false)),
        Target::at_most("in memory, FramedRead of 64, Pending every other poll", 1.25, ratio(framed, 64, true)),
        Target::at_most("in memory, read_buf of 64 into 64K", 1.70, ratio(Consumer::ReadBuf(64 << 10), 64, false)),
    ];
    if let Some(outcome) = find(Consumer::ReadToEnd(16 << 20), 1460, true) {
        if let (Some(shim), Some(own)) = (outcome.of(Peer::Predicted), outcome.of(Peer::FuturesOwn)) {
            let times = own.of_medians / shim.of_medians;
            let what = "read_to_end of 16M, 1460 at a time, Pending every other poll: futures' own over tokio's through \
                        io-shim";
            targets.push(Target::new(what, "at least 20", format!("{times:.1}"), times >= 20.0));
        }
    }
    targets
}

fn resident(results: &Results) -> Vec<Target> {
    let kib = |peer, size| results.resident.iter().find(|row| row.peer == peer && row.size == size).map(|row| row.kib);
    let difference = |size| Some(kib(Peer::Predicted, size)?.saturating_sub(kib(Peer::Native, size)?));
    let target = |size: usize| {
        let more = difference(size)?;
        let what = format!("200 connections, 1M buffers, messages of {}: KiB over native", bytes_name(size));
        Some(Target::new(what, "at most 5000", more.to_string(), more <= 5000))
    };
    [1460, 16 << 10].into_iter().filter_map(target).collect()
}
