//! hyper's server in memory: no socket, and so nothing but the conversion and hyper itself.

use std::io;

use hyper_util::rt::TokioIo;
use io_shim::Shim;
use tokio_util::compat::FuturesAsyncReadCompatExt as _;

use crate::http::{Ask, serve};
use crate::measure::{Effort, compare, cpu, drive};
use crate::peers::{Peer, targets};
use crate::report::Row;
use crate::script::Script;

/// Who is compared; native first.
pub(crate) const PEERS: [Peer; 4] = [Peer::Native, Peer::Futures, Peer::SmolHyper, Peer::Compat];

/// What is asked, in chunks of how many bytes, how many requests there are in a round, and the target.
const CASES: [(Ask, usize, usize, Option<f64>); 5] = [
    (Ask::GET, 64 << 10, 1000, Some(1.05)),
    (Ask::POST_64K, 16 << 10, 100, None),
    (Ask::POST_64K, 64 << 10, 100, None),
    (Ask::POST_64M, 16 << 10, 1, Some(1.1)),
    (Ask::POST_64M, 64 << 10, 1, None),
];

/// Measures all cases.
pub(crate) fn measure(effort: Effort) -> io::Result<Vec<Row>> {
    let rows = CASES.into_iter().map(|(ask, chunk, requests, target)| {
        let outcome = compare(&PEERS, effort, requests, |peer, requests| run(peer, ask, requests, chunk))?;
        let case = match ask.body {
            0 => ask.name(),
            _ => format!("{} in {} KiB", ask.name(), chunk >> 10),
        };
        let targets = target.map_or_else(Vec::new, |most| targets(&PEERS, &[(Peer::Futures, most)]));
        Ok(Row { case, outcome, targets })
    });
    rows.collect()
}

/// Lets `peer` serve that many requests, and takes the time.
fn run(peer: Peer, ask: Ask, requests: usize, chunk: usize) -> io::Result<f64> {
    let script = Script::new(ask, requests, chunk);
    let start = cpu();
    let drained = match peer {
        Peer::Native => drive(serve(script)),
        Peer::Futures => drive(serve(Shim::from_futures(script))),
        Peer::SmolHyper => drive(serve(smol_hyper::rt::FuturesIo::new(script))),
        Peer::Compat => drive(serve(TokioIo::new(script.compat()))),
        Peer::Smol => unreachable!("it takes sockets only"),
    };
    let time = cpu() - start;
    assert_eq!(drained?, requests * ask.body, "{peer:?}: a body is not whole");
    Ok(time)
}
