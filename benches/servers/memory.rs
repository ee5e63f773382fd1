//! hyper's server in memory: without sockets, only the adapter and hyper take time.

use std::io;

use hyper_util::rt::TokioIo;
use io_shim::Shim;
use tokio_util::compat::FuturesAsyncReadCompatExt as _;

use crate::http::{Ask, DATA, LONG, serve};
use crate::measure::{Effort, compare, cpu, drive};
use crate::peers::Peer;
use crate::script::Script;
use crate::tables::Row;

/// The peers, the native one first.
pub(crate) const PEERS: [Peer; 4] = [Peer::Native, Peer::Futures, Peer::SmolHyper, Peer::Compat];

/// One case.
struct Case {
    ask: Ask,
    /// The maximal length of a read.
    chunk: usize,
    /// The number of requests in a round.
    requests: usize,
    /// Whether the bodies come from memory that is not in the cache.
    is_cold: bool,
    target: Option<f64>,
}

const CASES: [Case; 7] = [
    Case { ask: Ask::GET, chunk: 64 << 10, requests: 1000, is_cold: false, target: Some(1.05) },
    Case { ask: Ask::POST_64K, chunk: 16 << 10, requests: 100, is_cold: false, target: None },
    Case { ask: Ask::POST_64K, chunk: 64 << 10, requests: 100, is_cold: false, target: None },
    Case { ask: Ask::POST_64M, chunk: 16 << 10, requests: 1, is_cold: false, target: Some(1.1) },
    Case { ask: Ask::POST_64M, chunk: 64 << 10, requests: 1, is_cold: false, target: None },
    Case { ask: Ask::POST_64M, chunk: 16 << 10, requests: 1, is_cold: true, target: Some(1.1) },
    Case { ask: Ask::POST_64M, chunk: 64 << 10, requests: 1, is_cold: true, target: None },
];

/// Measures all cases.
pub(crate) fn measure(effort: Effort) -> io::Result<Vec<Row>> {
    let rows = CASES.iter().map(|case| {
        let outcome = compare(&PEERS, effort, case.requests, |peer, requests| run(peer, case, requests))?;
        let name = match case.ask.body {
            0 => case.ask.name(),
            _ => format!("{} in {} KiB", case.ask.name(), case.chunk >> 10),
        };
        let cold = if case.is_cold { ", not from the cache" } else { "" };
        let targets = case.target.map(|most| (Peer::Futures, most)).into_iter().collect();
        Ok(Row { case: name + cold, outcome, targets })
    });
    rows.collect()
}

/// Lets `peer` serve that many requests, and returns the time.
fn run(peer: Peer, case: &Case, requests: usize) -> io::Result<f64> {
    let source: &[u8] = if case.is_cold { &LONG } else { &DATA };
    let script = Script::new(case.ask, requests, case.chunk, source);
    let start = cpu();
    let drained = match peer {
        Peer::Native => drive(serve(script)),
        Peer::Futures => drive(serve(Shim::from_futures(script))),
        Peer::SmolHyper => drive(serve(smol_hyper::rt::FuturesIo::new(script))),
        Peer::Compat => drive(serve(TokioIo::new(script.compat()))),
        Peer::Smol => unreachable!("it needs a socket"),
    };
    let time = cpu() - start;
    assert_eq!(drained?, requests * case.ask.body, "{peer:?}: a body is incomplete");
    Ok(time)
}
