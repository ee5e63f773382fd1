//! Counts the write calls of hyper's chunked responses.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use io_shim::Shim;
use tokio_util::compat::FuturesAsyncReadCompatExt as _;

use crate::counted::Counted;
use crate::measure::drive;
use crate::report::{Table, reached};

/// How many responses are counted. The last one shows the steady state.
const RESPONSES: usize = 10;
/// How many calls a response may take if the writer takes one slice.
const TARGET: usize = 5;
/// The length of a frame.
const FRAME: usize = 4096;
/// The number of frames.
const FRAMES: usize = 64;

/// A body of unknown length, with that many frames left.
#[derive(Debug)]
struct Frames(usize);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        static DATA: [u8; FRAME] = [b'x'; FRAME];
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or(0);
        Poll::Ready(left.map(|_| Ok(Frame::data(Bytes::from_static(&DATA)))))
    }
}

/// How many write calls each response took.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    /// The peer's name.
    peer: &'static str,
    /// Whether the inner writer takes several slices.
    vectors: bool,
    /// The calls of each response.
    calls: Vec<usize>,
}

/// Serves all requests of a connection, and returns the counts.
fn count<I, const VECTORS: bool>(peer: &'static str, wrap: impl FnOnce(Counted<VECTORS>) -> I) -> io::Result<Counts>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
{
    let counted = Counted::<VECTORS>::new(RESPONSES);
    let service = service_fn(async |_: Request<Incoming>| Ok::<_, Infallible>(Response::new(Frames(FRAMES))));
    drive(http1::Builder::new().serve_connection(wrap(counted.clone()), service)).map_err(io::Error::other)?;
    let calls = counted.responses();
    assert_eq!(calls.len(), RESPONSES, "{peer}: a response is missing");
    Ok(Counts { peer, vectors: VECTORS, calls })
}

/// Counts for all peers, the native one first.
pub(crate) fn measure() -> io::Result<Vec<Counts>> {
    Ok(vec![
        count("native", |io: Counted<true>| io)?,
        count("Shim::from_futures", |io: Counted<true>| Shim::from_futures(io))?,
        count("Shim::from_tokio", |io: Counted<true>| Shim::from_tokio(io))?,
        count("smol-hyper", |io: Counted<true>| smol_hyper::rt::FuturesIo::new(io))?,
        count("TokioIo + Compat", |io: Counted<true>| TokioIo::new(io.compat()))?,
        count("native", |io: Counted<false>| io)?,
        count("Shim::from_futures", |io: Counted<false>| Shim::from_futures(io))?,
        count("the same, with_write_vectored(false)", |io: Counted<false>| {
            Shim::from_futures(io).with_write_vectored(false)
        })?,
        count("Shim::from_tokio", |io: Counted<false>| Shim::from_tokio(io))?,
        count("smol-hyper", |io: Counted<false>| smol_hyper::rt::FuturesIo::new(io))?,
        count("TokioIo + Compat", |io: Counted<false>| TokioIo::new(io.compat()))?,
    ])
}

/// Returns a table of the counts and their targets.
pub(crate) fn table(counts: &[Counts]) -> Table {
    let head = ["the writer", "peer", "1st response", "10th response", "responses 1 to 10", "target", "reached"];
    let mut table = Table::new(head);
    let native = &counts[0].calls;
    for Counts { peer, vectors, calls } in counts {
        let all: Vec<String> = calls.iter().map(ToString::to_string).collect();
        let (target, is_reached) = match (peer.starts_with("Shim"), vectors) {
            (false, _) => (String::from("-"), None),
            (true, true) => {
                (String::from("<= native"), Some(calls.iter().zip(native).all(|(ours, native)| ours <= native)))
            }
            (true, false) => (format!("<= {TARGET}"), Some(calls.iter().all(|&calls| calls <= TARGET))),
        };
        table.row(vec![
            String::from(if *vectors { "vectors" } else { "takes one slice" }),
            String::from(*peer),
            calls[0].to_string(),
            calls[RESPONSES - 1].to_string(),
            all.join(" "),
            target,
            reached(is_reached),
        ]);
    }
    table
}
