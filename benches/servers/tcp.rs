//! hyper's server on smol over loopback TCP.
//!
//! This thread serves and drives the reactor. Another one is the client.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

use hyper_util::rt::TokioIo;
use io_shim::Shim;
use smol::Async;
use tokio_util::compat::FuturesAsyncReadCompatExt as _;

use crate::http::{Ask, DATA, REPLY, serve};
use crate::measure::{Effort, Loopback, compare, cpu};
use crate::native::Native;
use crate::peers::Peer;
use crate::tables::Row;

/// The peers, the native one first.
pub(crate) const PEERS: [Peer; 5] = [Peer::Native, Peer::Smol, Peer::Futures, Peer::SmolHyper, Peer::Compat];

/// The request, and the number of requests in a round.
const CASES: [(Ask, usize); 3] = [(Ask::GET, 200), (Ask::POST_64K, 50), (Ask::POST_64M, 1)];

/// The targets of each case.
const TARGETS: [(Peer, f64); 2] = [(Peer::Smol, 1.05), (Peer::Futures, 1.12)];

/// Measures all cases.
pub(crate) fn measure(effort: Effort) -> io::Result<Vec<Row>> {
    let loopback = Loopback::new()?;
    let rows = CASES.into_iter().map(|(ask, requests)| {
        let outcome = compare(&PEERS, effort, requests, |peer, requests| run(peer, &loopback, ask, requests))?;
        Ok(Row { case: ask.name(), outcome, targets: TARGETS.to_vec() })
    });
    rows.collect()
}

/// Lets `peer` serve that many requests on one connection, and returns the time of this thread.
fn run(peer: Peer, loopback: &Loopback, ask: Ask, requests: usize) -> io::Result<f64> {
    let (client, server) = loopback.connect()?;
    let client = thread::spawn(move || request(client, ask, requests));
    let server = Async::new(server)?;
    // Users of smol have this type.
    let stream = |server| smol::net::TcpStream::from(server);
    let start = cpu();
    let drained = match peer {
        Peer::Native => smol::block_on(serve(Native::new(server))),
        Peer::Smol => smol::block_on(serve(Shim::from_smol(stream(server)))),
        Peer::Futures => smol::block_on(serve(Shim::from_futures(stream(server)))),
        Peer::SmolHyper => smol::block_on(serve(smol_hyper::rt::FuturesIo::new(stream(server)))),
        Peer::Compat => smol::block_on(serve(TokioIo::new(stream(server).compat()))),
    };
    let time = cpu() - start;
    client.join().expect("the client does not panic")?;
    assert_eq!(drained?, requests * ask.body, "{peer:?}: a body is incomplete");
    Ok(time)
}

/// The client: sends each request when the response to the last one has arrived.
fn request(mut stream: TcpStream, ask: Ask, requests: usize) -> io::Result<()> {
    // Writes the head and the beginning of the body together, so that they arrive together.
    let first = DATA.len().min(ask.body);
    let front = [ask.head().as_bytes(), &DATA[..first]].concat();
    let mut response = Vec::new();
    let mut part = [0; 1024];
    for _ in 0..requests {
        stream.write_all(&front)?;
        let mut left = ask.body - first;
        while left > 0 {
            let n = DATA.len().min(left);
            stream.write_all(&DATA[..n])?;
            left -= n;
        }
        response.clear();
        while !response.ends_with(REPLY) {
            match stream.read(&mut part)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => response.extend_from_slice(&part[..n]),
            }
        }
    }
    Ok(())
}
