//! How time is measured: the CPU time of a thread, in short rounds in which all that is compared takes its turn.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use crate::clock::quantile;

/// How long to measure one row.
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
    pub(crate) const QUICK: Effort = Effort { rounds: 15, least: 5, limit: Duration::from_millis(800) };
    /// For a report: reads on a socket.
    pub(crate) const READS: Effort = Effort { rounds: 401, least: 25, limit: Duration::from_secs(5) };
    /// For a report: a server over TCP.
    pub(crate) const TCP: Effort = Effort { rounds: 401, least: 25, limit: Duration::from_secs(16) };
    /// For a report: a server in memory.
    pub(crate) const MEMORY: Effort = Effort { rounds: 401, least: 25, limit: Duration::from_secs(5) };
}

/// The ratios to native of the rounds: their median and quartiles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    /// Half of the rounds were below.
    pub(crate) median: f64,
    /// A quarter of the rounds were below.
    pub(crate) low: f64,
    /// A quarter of the rounds were above.
    pub(crate) high: f64,
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ({:.3} to {:.3})", self.median, self.low, self.high)
    }
}

/// What was measured of one case.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// CPU time of native per unit (a read, a request), in nanoseconds.
    pub(crate) native: f64,
    /// How many rounds there were.
    pub(crate) rounds: usize,
    /// The ratio of each peer to native; the first is native's own.
    pub(crate) ratios: Vec<Ratio>,
}

/// Compares peers, the first of which is native. `run` lets one of them do that many units and returns the CPU time.
pub(crate) fn compare<P: Copy>(
    peers: &[P],
    effort: Effort,
    units: usize,
    mut run: impl FnMut(P, usize) -> io::Result<f64>,
) -> io::Result<Outcome> {
    // The first run pays for what is paid once.
    for &peer in peers {
        run(peer, units)?;
    }
    let start = Instant::now();
    let mut samples = vec![Vec::new(); peers.len()];
    for round in 0..effort.rounds {
        if round >= effort.least && start.elapsed() > effort.limit {
            break;
        }
        // Who is first differs, so that nobody always runs after the same one.
        for turn in 0..peers.len() {
            let i = (round + turn) % peers.len();
            samples[i].push(run(peers[i], units)? / units as f64);
        }
    }
    let ratios = samples.iter().map(|of_peer| {
        let mut ratios: Vec<f64> = of_peer.iter().zip(&samples[0]).map(|(one, native)| one / native).collect();
        let mut at = |share| quantile(&mut ratios, share);
        Ratio { median: at(0.5), low: at(0.25), high: at(0.75) }
    });
    let ratios = ratios.collect();
    Ok(Outcome { native: quantile(&mut samples[0].clone(), 0.5), rounds: samples[0].len(), ratios })
}
