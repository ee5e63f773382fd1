//! hyper's server in memory, with a client at the other end of `tokio::io::duplex`.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::future::try_join;
use hyper_util::rt::TokioIo;
use io_shim::Shim;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf};
use tokio_util::compat::FuturesAsyncReadCompatExt as _;

use crate::http::{Ask, DATA, REPLY, serve};
use crate::measure::{Effort, compare, cpu, drive};
use crate::memory::PEERS;
use crate::peers::Peer;
use crate::tables::Row;

/// The request, how much is written at a time, the requests in a round, and the target.
const CASES: [(Ask, usize, usize, Option<f64>); 4] = [
    (Ask::GET, 64 << 10, 1000, Some(1.05)),
    (Ask::POST_64K, 64 << 10, 100, None),
    (Ask::POST_64M, 16 << 10, 1, Some(1.1)),
    (Ask::POST_64M, 64 << 10, 1, None),
];

/// The capacity of the pipe.
const CAPACITY: usize = 64 << 10;

/// Measures all cases.
pub(crate) fn measure(effort: Effort) -> io::Result<Vec<Row>> {
    let rows = CASES.iter().map(|&(ask, chunk, requests, target)| {
        let outcome = compare(&PEERS, effort, requests, |peer, requests| run(peer, ask, chunk, requests))?;
        let case = if ask.body == 0 { ask.name() } else { format!("{} in {} KiB", ask.name(), chunk >> 10) };
        let targets = target.map(|most| (Peer::Futures, most)).into_iter().collect();
        Ok(Row { case, outcome, targets })
    });
    rows.collect()
}

/// Lets `peer` serve that many requests, and returns the time of both ends.
fn run(peer: Peer, ask: Ask, chunk: usize, requests: usize) -> io::Result<f64> {
    let (client, server) = tokio::io::duplex(CAPACITY);
    let start = cpu();
    let asked = async {
        let head = ask.head();
        let mut client = client;
        let mut reply = vec![0; 4096];
        for _ in 0..requests {
            client.write_all(head.as_bytes()).await?;
            for _ in 0..ask.body / chunk {
                client.write_all(&DATA[..chunk]).await?;
            }
            let mut len = 0;
            while !reply[..len].ends_with(REPLY) {
                len += client.read(&mut reply[len..]).await?;
            }
        }
        Ok(())
    };
    let served = match peer {
        Peer::Native => drive(try_join(serve(TokioIo::new(server)), asked)),
        Peer::Futures => drive(try_join(serve(Shim::from_futures(SliceOnly(server))), asked)),
        Peer::SmolHyper => drive(try_join(serve(smol_hyper::rt::FuturesIo::new(SliceOnly(server))), asked)),
        Peer::Compat => drive(try_join(serve(TokioIo::new(SliceOnly(server).compat())), asked)),
        Peer::Smol => unreachable!("it needs a socket"),
    };
    let time = cpu() - start;
    assert_eq!(served?.0, requests * ask.body, "{peer:?}: a body is incomplete");
    Ok(time)
}

/// A tokio stream with the traits of futures-io.
#[derive(Debug)]
struct SliceOnly(DuplexStream);

impl futures::io::AsyncRead for SliceOnly {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(slice);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }
}

impl futures::io::AsyncWrite for SliceOnly {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
