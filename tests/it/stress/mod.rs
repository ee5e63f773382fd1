//! Many loopback connections through stacks of three shims, with faults. Every byte is accounted
//! for, and so is memory.
//!
//! Each end of a connection is a tokio or smol socket below three random shims. Layers in between
//! delay, shorten, disturb and fail calls, and the ends change how they read and write from poll to
//! poll. All choices follow from a seed, which a failure prints: `STRESS_SEED` sets it.

mod end;
mod fault;
mod hyper_on_smol;
mod rng;
mod sockets;
mod stack;
mod total;

use std::net;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::future::{Either, join, select};
use futures::stream::{self, StreamExt as _};

use crate::alloc::heap;

use end::{End, Flow, Held, Outcome};
use fault::Faults;
pub use rng::Rng;
use sockets::{pair, reset_when_closed, set_send_buffer};
use stack::stack;
use total::Total;

/// How long one connection may take. Under a memory checker, all of them together take half a
/// minute.
const DEADLINE: Duration = Duration::from_secs(120);
/// The greatest length of one write or read.
const MOST: usize = 16 * 1024;

#[test]
#[cfg_attr(miri, ignore = "needs sockets")]
fn twenty_connections() {
    let load = Load { connections: 20, at_once: 20, longest: 32 * 1024 };
    run(seed() ^ 1, Load { longest: 256, ..load });
    println!("{}", measured(seed(), load));
}

/// Measures the memory of the process, so no other test may run beside it. `--nocapture` prints a
/// summary.
#[test]
#[ignore = "takes about 30 seconds; .ci/deep runs it"]
fn a_thousand_connections() {
    let load = Load { connections: 1000, at_once: 250, longest: 128 * 1024 };
    run(seed() ^ 1, Load { connections: 500, ..load });
    let (before, start) = (resident(), Instant::now());
    let total = measured(seed(), load);
    let (after, seconds) = (resident(), start.elapsed().as_secs_f64());
    println!("{total}; resident {before} KiB before, {after} KiB after; {seconds:.1} s");
    // A tenth and 2 MiB, for what the allocator keeps and for the counters of the kernel, which
    // lag.
    assert!(after <= before + before / 10 + 2048, "resident memory has grown from {before} to {after} KiB");
}

fn seed() -> u64 {
    std::env::var("STRESS_SEED").map_or(0x10_5111, |seed| seed.parse().expect("STRESS_SEED is a number"))
}

/// Returns the resident memory of this process in KiB, or 0 if the system does not report it.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or(0, |line| line.trim().trim_end_matches(" kB").parse().unwrap())
}

/// How much to do.
#[derive(Clone, Copy)]
struct Load {
    connections: u64,
    at_once: usize,
    /// The longest message, in bytes.
    longest: usize,
}

/// Runs all connections, and checks that the heap returns to its size. Another run must have
/// allocated before what is allocated only once.
fn measured(seed: u64, load: Load) -> Total {
    let before = heap();
    let mut total = run(seed, load);
    total.grown = heap().wrapping_sub(before) as isize;
    // The deadline of a connection passes a waker to the thread of smol's reactor. That thread
    // frees the 72 bytes of a boxed future, so they are not counted here.
    let tolerance = 16 * 1024 + 100 * total.connections;
    assert!(total.grown.unsigned_abs() as u64 <= tolerance, "STRESS_SEED={seed}: heap {:+} bytes", total.grown);
    assert_eq!(total.connections, load.connections);
    total
}

/// Runs all connections, on this thread.
fn run(seed: u64, load: Load) -> Total {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let connections = stream::iter(0..load.connections).map(|index| {
        let listener = &listener;
        // Boxed, so that a waker that outlives it keeps only a few words.
        Box::pin(async move {
            let result = connection(Rng::new(seed, index), listener, load.longest).await;
            result.unwrap_or_else(|what| panic!("STRESS_SEED={seed}, connection {index}: {what}"))
        })
    });
    runtime.block_on(connections.buffer_unordered(load.at_once).fold(Total::default(), async |total, one| total + one))
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// Each end sends and receives everything.
    Whole,
    /// One end resets the connection in the middle.
    Reset,
    /// One end is dropped in the middle.
    Dropped,
}

async fn connection(mut rng: Rng, listener: &net::TcpListener, longest: usize) -> Result<Total, String> {
    let fate = match rng.below(8) {
        0 => Fate::Reset,
        1 => Fate::Dropped,
        _ => Fate::Whole,
    };
    let mut lens = [rng.message(longest), rng.message(longest)];
    let mut quota = [None, None];
    if fate != Fate::Whole {
        lens[0] += 1;
        quota[rng.below(2)] = Some(rng.below(lens[0] + lens[1]));
    }
    let keys = [rng.next(), rng.next()];
    let mut ends = Vec::new();
    for (side, socket) in pair(listener).map_err(|error| error.to_string())?.into_iter().enumerate() {
        if rng.one_in(2) {
            set_send_buffer(&socket, 1 << (12 + rng.below(6)));
        }
        if fate == Fate::Reset && quota[side].is_some() {
            reset_when_closed(&socket);
        }
        let faults = Arc::new(Faults::default());
        let (name, io) = stack(&mut rng, socket, &faults).map_err(|error| error.to_string())?;
        let flow = |side: usize| Flow { key: keys[side], len: lens[side], at: 0, over: false };
        ends.push(End {
            name,
            io,
            rng: rng.fork(),
            faults,
            fate,
            quota: quota[side],
            outgoing: flow(side),
            incoming: flow(1 - side),
            held: Held::default(),
            pendings: 0,
            retried: 0,
            failures: 0,
        });
    }
    let describe = format!("{fate:?}, {lens:?} bytes, quota {quota:?}, {} and {}", ends[0].name, ends[1].name);
    let mut tasks = ends.into_iter().map(|end| Task(tokio::spawn(end.run())));
    let both = join(tasks.next().unwrap(), tasks.next().unwrap());
    let (one, two) = match select(pin!(both), smol::Timer::after(DEADLINE)).await {
        Either::Left((both, _)) => both,
        Either::Right(_) => return Err(format!("not done after {DEADLINE:?}: {describe}")),
    };
    // If one end fails, the other one usually fails, too. Which was first is unknown.
    let outcomes = match (one, two) {
        (Ok(one), Ok(two)) => [one, two],
        (Err(what), Ok(_)) | (Ok(_), Err(what)) => return Err(format!("{what}: {describe}")),
        (Err(one), Err(two)) => return Err(format!("{one}; and {two}: {describe}")),
    };
    let mut total = Total { connections: 1, ..Total::default() };
    for side in 0..2 {
        let (sent, received) = (outcomes[side].sent, outcomes[1 - side].received);
        let lost = sent.checked_sub(received).ok_or_else(|| format!("{received} arrived of {sent}: {describe}"))?;
        if fate == Fate::Whole && lost > 0 {
            return Err(format!("{lost} of {sent} were lost: {describe}"));
        }
        total.sent[side] = sent as u64;
        total.received[side] = received as u64;
        total.lost[side] = lost as u64;
        total.failures += outcomes[side].failures as u64;
        for (sum, count) in total.faults.iter_mut().zip(outcomes[side].faults) {
            *sum += count;
        }
        // The other end must observe the reset. Wine closes sockets without one.
        if !cfg!(windows) && fate == Fate::Reset && quota[side].is_none() && outcomes[side].failures == 0 {
            return Err(format!("no error after a reset: {describe}"));
        }
    }
    match fate {
        Fate::Whole => {}
        Fate::Reset => total.resets = 1,
        Fate::Dropped => total.drops = 1,
    }
    Ok(total)
}

/// A task that is aborted when its handle is dropped.
struct Task(tokio::task::JoinHandle<Result<Outcome, String>>);

impl Future for Task {
    type Output = Result<Outcome, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|result| result.unwrap_or_else(|panic| Err(panic.to_string())))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
