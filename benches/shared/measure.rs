//! Measures the CPU time of a thread, in short rounds in which every peer takes a turn.
#![allow(dead_code, reason = "no benchmark uses all of it")]

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::pin::pin;
use std::process::Command;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
use rustix::time::{ClockId, clock_gettime};

/// Returns the CPU time that this thread has used, in nanoseconds.
pub(crate) fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Returns how long one call of [`cpu`] takes, in nanoseconds.
pub(crate) fn clock_cost() -> f64 {
    static COST: LazyLock<f64> = LazyLock::new(|| {
        let costs: Vec<f64> = (0..1001).map(|_| -(cpu() - cpu())).collect();
        quantile(&costs, 0.5)
    });
    *COST
}

/// Polls `future` until it is ready, without waiting for a wakeup.
pub(crate) fn drive<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

/// How long to measure one case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// How many rounds there are, unless they take longer than `limit`.
    pub(crate) rounds: usize,
    /// How many rounds there are at least, however long they take.
    pub(crate) least: usize,
    /// How long the rounds may take.
    pub(crate) limit: Duration,
}

impl Effort {
    /// Returns an effort of exactly `rounds` rounds.
    pub(crate) const fn exactly(rounds: usize) -> Self {
        Effort { rounds, least: rounds, limit: Duration::MAX }
    }
}

/// The time of a peer, divided by the time of the native peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    /// The median time, divided by the native peer's median time in the same rounds.
    pub(crate) of_medians: f64,
    /// The median of the ratios of the rounds.
    pub(crate) median: f64,
    /// The lower quartile of the ratios of the rounds.
    pub(crate) low: f64,
    /// The upper quartile of the ratios of the rounds.
    pub(crate) high: f64,
}

impl Ratio {
    /// Returns true if the ratio of the medians lies outside the quartiles of the rounds.
    ///
    /// This happens when the machine changes its pace: the two medians then differ in pace, too.
    pub(crate) fn is_disturbed(self) -> bool {
        self.of_medians < 0.97 * self.low || self.of_medians > 1.03 * self.high
    }
}

/// What was measured of one case.
#[derive(Clone, Debug)]
pub(crate) struct Outcome<P> {
    /// The median CPU time of the native peer per unit (a byte, a read, a request), in nanoseconds.
    pub(crate) native: f64,
    /// How many rounds there were.
    pub(crate) rounds: usize,
    /// Each peer and its ratio, the native peer included.
    pub(crate) ratios: Vec<(P, Ratio)>,
}

impl<P: Copy + PartialEq> Outcome<P> {
    /// Returns the ratio of `peer`, if it took part.
    pub(crate) fn of(&self, peer: P) -> Option<Ratio> {
        self.ratios.iter().find(|(other, _)| *other == peer).map(|(_, ratio)| *ratio)
    }
}

/// What a peer does in its turn.
#[derive(Clone, Copy)]
struct Turn<P> {
    peer: P,
    units: usize,
    /// The peer takes part in one of this many rounds.
    every: usize,
}

/// Compares `peers`, the first of which is native, by the same number of units each.
///
/// `run` lets a peer do a number of units, and returns the CPU time.
///
/// # Errors
///
/// Returns the first error of `run`.
pub(crate) fn compare<P: Copy>(
    peers: &[P],
    effort: Effort,
    units: usize,
    mut run: impl FnMut(P, usize) -> io::Result<f64>,
) -> io::Result<Outcome<P>> {
    // The first run includes what a peer does only once.
    for &peer in peers {
        run(peer, units)?;
    }
    let turns: Vec<_> = peers.iter().map(|&peer| Turn { peer, units, every: 1 }).collect();
    take_turns(&turns, effort, run)
}

/// Compares `peers`, the first of which is native, by turns of about `aim` nanoseconds each.
///
/// Each peer does as many units as fit into the time, but at least `least`. If there is a `total`,
/// each peer does that many. A peer that needs far longer takes part in few rounds. `run` lets a
/// peer do a number of units, and returns the CPU time.
///
/// # Errors
///
/// Returns the first error of `run`.
pub(crate) fn compare_for<P: Copy>(
    peers: &[P],
    effort: Effort,
    (aim, least): (f64, usize),
    total: Option<usize>,
    mut run: impl FnMut(P, usize) -> io::Result<f64>,
) -> io::Result<Outcome<P>> {
    let mut turns = Vec::new();
    for &peer in peers {
        let mut units = total.unwrap_or(least);
        if total.is_none() {
            // The first of the two runs includes what a peer does only once.
            for _ in 0..2 {
                let per_unit = run(peer, units)? / units as f64;
                units = ((aim / per_unit) as usize).clamp(least, 64 * units);
            }
        }
        turns.push(Turn { peer, units, every: 1 });
    }
    for turn in &mut turns[1..] {
        if run(turn.peer, turn.units)? > 30e6_f64.max(30.0 * aim) {
            turn.every = 8;
        }
    }
    take_turns(&turns, effort, run)
}

/// Measures in rounds. The native peer takes part in all of them.
fn take_turns<P: Copy>(
    turns: &[Turn<P>],
    effort: Effort,
    mut run: impl FnMut(P, usize) -> io::Result<f64>,
) -> io::Result<Outcome<P>> {
    let start = Instant::now();
    let mut samples = vec![Vec::<(usize, f64)>::new(); turns.len()];
    for round in 0..effort.rounds {
        if round >= effort.least && start.elapsed() > effort.limit {
            break;
        }
        // The order rotates, so that the first place in a round is no advantage.
        for place in 0..turns.len() {
            let i = (round + place) % turns.len();
            let Turn { peer, units, every } = turns[i];
            if round % every == 0 {
                samples[i].push((round, run(peer, units)? / units as f64));
            }
        }
    }
    let native: Vec<f64> = samples[0].iter().map(|&(_, time)| time).collect();
    let ratios = turns.iter().zip(&samples).map(|(turn, samples)| {
        let times: Vec<f64> = samples.iter().map(|&(_, time)| time).collect();
        let native: Vec<f64> = samples.iter().map(|&(round, _)| native[round]).collect();
        let ratios: Vec<f64> = times.iter().zip(&native).map(|(time, native)| time / native).collect();
        let of_medians = quantile(&times, 0.5) / quantile(&native, 0.5);
        let [low, median, high] = [0.25, 0.5, 0.75].map(|share| quantile(&ratios, share));
        (turn.peer, Ratio { of_medians, median, low, high })
    });
    let ratios = ratios.collect();
    Ok(Outcome { native: quantile(&native, 0.5), rounds: native.len(), ratios })
}

/// Returns the value below which that share of `values` lies.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let at = share * (values.len() - 1) as f64;
    let (below, above) = (values[at.floor() as usize], values[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

/// A listener that makes pairs of connected sockets.
#[derive(Debug)]
pub(crate) struct Loopback(TcpListener);

impl Loopback {
    /// How much a socket holds, if the system allows it: more than the longest message.
    const BUFFER: usize = 1 << 20;

    /// Binds a listener. Its connections inherit the size of its buffer.
    ///
    /// # Errors
    ///
    /// Returns an error if the system refuses the socket.
    pub(crate) fn new() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        set_socket_recv_buffer_size(&listener, Self::BUFFER)?;
        Ok(Loopback(listener))
    }

    /// Returns the client's end and the server's end of a new connection.
    ///
    /// # Errors
    ///
    /// Returns an error if the system refuses the connection.
    pub(crate) fn connect(&self) -> io::Result<(TcpStream, TcpStream)> {
        let client = TcpStream::connect(self.0.local_addr()?)?;
        set_socket_send_buffer_size(&client, Self::BUFFER)?;
        client.set_nodelay(true)?;
        let (server, _) = self.0.accept()?;
        server.set_nodelay(true)?;
        Ok((client, server))
    }
}

/// Returns the resident memory of this process, in KiB.
///
/// # Errors
///
/// Returns an error if the system does not state it.
pub(crate) fn resident() -> io::Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    number.ok_or_else(|| io::Error::other("no VmRSS in /proc/self/status"))
}

/// Runs this program again with an allocator that keeps freed memory, and exits with its status.
///
/// Returns if the allocator has that setting already. Without it, page faults decide which peer is
/// faster.
///
/// # Errors
///
/// Returns an error if the program does not start.
pub(crate) fn with_quiet_allocator() -> io::Result<()> {
    const SETTINGS: [(&str, &str); 2] = [("MALLOC_MMAP_MAX_", "0"), ("MALLOC_TRIM_THRESHOLD_", "4000000000")];
    if std::env::var_os(SETTINGS[0].0).is_some() {
        return Ok(());
    }
    let mut again = Command::new(std::env::current_exe()?);
    let status = again.args(std::env::args_os().skip(1)).envs(SETTINGS).status()?;
    std::process::exit(status.code().unwrap_or(1))
}
