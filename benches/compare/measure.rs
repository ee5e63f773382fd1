//! How time is measured: the CPU time of this thread, in short rounds in which all that is compared takes its turn.

use std::fmt;
use std::time::{Duration, Instant};

use crate::chart::number;
use crate::clock::quantile;
use crate::peers::Peer;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Rounds, unless they take longer than `limit`.
    pub(crate) rounds: usize,
    /// Rounds, however long they take.
    pub(crate) least: usize,
    /// When to stop.
    pub(crate) limit: Duration,
}

impl Effort {
    /// For a first look.
    pub(crate) const QUICK: Effort = Effort { rounds: 15, least: 9, limit: Duration::from_millis(500) };
    /// For a report.
    pub(crate) const FULL: Effort = Effort { rounds: 61, least: 25, limit: Duration::from_millis(2500) };
    /// For a report, where the system has a say.
    pub(crate) const FULL_TCP: Effort = Effort { rounds: 101, least: 41, limit: Duration::from_secs(5) };
}

/// A ratio to native: of the medians, and the quartiles of that of the rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    /// Of the median round to the median round of native.
    pub(crate) median: f64,
    /// A quarter of the rounds were below.
    pub(crate) low: f64,
    /// A quarter of the rounds were above.
    pub(crate) high: f64,
}

impl Ratio {
    /// Whether the ratio of the medians is at odds with those of the rounds: the pace changed in between, for all alike,
    /// and the ratio of the medians compares one pace with the other.
    pub(crate) fn is_disturbed(self) -> bool {
        self.median < 0.97 * self.low || self.median > 1.03 * self.high
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.is_disturbed() { "!" } else { "" };
        write!(f, "{}{mark} ({} to {})", number(self.median), number(self.low), number(self.high))
    }
}

/// What was measured of one case.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// CPU time of native per KiB, in nanoseconds.
    pub(crate) native: f64,
    /// How many rounds there were.
    pub(crate) rounds: usize,
    /// Each peer and its ratio.
    pub(crate) ratios: Vec<(Peer, Ratio)>,
}

impl Outcome {
    /// The ratio of `peer`.
    pub(crate) fn of(&self, peer: Peer) -> Option<Ratio> {
        self.ratios.iter().find(|(other, _)| *other == peer).map(|(_, ratio)| *ratio)
    }
}

/// In one of how many rounds something very slow takes part.
const SELDOM: usize = 8;

/// Compares `peers`, the first of which is native. `run` lets one of them read that many bytes and returns the CPU time.
///
/// Each reads as much as takes it about `aim` nanoseconds, but at least `least` bytes; or `total` bytes, if given.
pub(crate) fn compare(
    peers: &[Peer],
    effort: Effort,
    (aim, least): (f64, usize),
    total: Option<usize>,
    mut run: impl FnMut(Peer, usize) -> f64,
) -> Outcome {
    // Twice, since the first run pays for what is paid once.
    let amounts: Vec<usize> = peers
        .iter()
        .map(|&peer| match total {
            Some(total) => total,
            None => [0; 2].iter().fold(least, |bytes, _| {
                let per_byte = run(peer, bytes) / bytes as f64;
                ((aim / per_byte) as usize).clamp(least, 64 * bytes)
            }),
        })
        .collect();
    // What takes very long takes part in few rounds.
    let seldom: Vec<bool> =
        peers.iter().zip(&amounts).map(|(&peer, &amount)| run(peer, amount) > 30e6_f64.max(30.0 * aim)).collect();
    let start = Instant::now();
    let mut samples = vec![Vec::<(usize, f64)>::new(); peers.len()];
    for round in 0..effort.rounds {
        if round >= effort.least && start.elapsed() > effort.limit {
            break;
        }
        for turn in 0..peers.len() {
            let i = (round + turn) % peers.len();
            if !seldom[i] || round % SELDOM == 0 {
                samples[i].push((round, run(peers[i], amounts[i]) / amounts[i] as f64));
            }
        }
    }
    let native = &samples[0];
    let ratios = peers.iter().zip(&samples).map(|(&peer, samples)| {
        let mut of_rounds: Vec<f64> = samples.iter().map(|&(round, one)| one / native[round].1).collect();
        // Of native the same rounds.
        let native: Vec<_> = samples.iter().map(|&(round, _)| native[round]).collect();
        let median = median(samples) / median(&native);
        let (low, high) = (quantile(&mut of_rounds, 0.25), quantile(&mut of_rounds, 0.75));
        (peer, Ratio { median, low, high })
    });
    Outcome { native: median(native) * 1024.0, rounds: native.len(), ratios: ratios.collect() }
}

fn median(samples: &[(usize, f64)]) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(|sample| sample.1).collect();
    quantile(&mut values, 0.5)
}
