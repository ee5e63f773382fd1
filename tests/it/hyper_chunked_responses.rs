//! How many writes hyper makes for a chunked response.

use std::convert::Infallible;
use std::io::{self, IoSlice, Read as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use io_shim::{AsyncReadBuf, AsyncWrite, BorrowedCursor, Shim};

/// A body of 64 chunks of 4 KiB whose length hyper does not know.
struct Chunks(usize);

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.0 == 0 {
            return Poll::Ready(None);
        }
        self.0 -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 4096])))))
    }
}

/// The requests of one connection, and how many writes each response took.
struct Wire {
    vectors: bool,
    requests: usize,
    responses: Vec<usize>,
    written: usize,
    /// Whether no response is in progress.
    idle: bool,
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

impl Wire {
    fn new(vectors: bool) -> Self {
        Wire { vectors, requests: 20, responses: Vec::new(), written: 0, idle: true }
    }

    /// Sends the next request once the last response is complete. Before that, hyper looks for the
    /// end of the connection.
    fn next(&mut self, cx: &Context<'_>) -> Poll<&'static [u8]> {
        if !self.idle {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.requests == 0 {
            return Poll::Ready(b"");
        }
        self.requests -= 1;
        self.responses.push(0);
        self.idle = false;
        Poll::Ready(REQUEST)
    }

    fn write(&mut self, bufs: &[IoSlice<'_>]) -> usize {
        *self.responses.last_mut().unwrap() += 1;
        let take = if self.vectors { bufs.len() } else { 1 };
        let taken: Vec<_> = bufs.iter().filter(|buf| !buf.is_empty()).take(take).collect();
        self.idle = taken.last().is_some_and(|last| last.ends_with(b"0\r\n\r\n"));
        let n = taken.iter().map(|buf| buf.len()).sum();
        self.written += n;
        n
    }
}

impl AsyncReadBuf for Wire {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        cursor.append(std::task::ready!(self.next(cx)));
        Poll::Ready(Ok(()))
    }
}

impl futures::io::AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(std::task::ready!(self.next(cx)).read(slice))
    }
}

macro_rules! writes {
    ($trait:path, $close:ident $(, $query:ident)?) => {
        impl $trait for Wire {
            fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                Poll::Ready(Ok(self.write(&[IoSlice::new(data)])))
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(Ok(self.write(bufs)))
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn $close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            $(fn $query(&self) -> bool {
                self.vectors
            })?
        }
    };
}

writes!(AsyncWrite, poll_shutdown, supports_vectored_writes);
writes!(futures::io::AsyncWrite, poll_close);

/// Returns the writes per response of one connection, over what `wrap` makes of a wire.
fn writes<S>(vectors: bool, wrap: impl FnOnce(Wire) -> S, unwrap: impl FnOnce(S) -> Wire) -> Vec<usize>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + 'static,
{
    let service = service_fn(async |_: Request<Incoming>| Ok::<_, Infallible>(Response::new(Chunks(64))));
    let connection = http1::Builder::new().serve_connection(wrap(Wire::new(vectors)), service);
    let parts = futures::executor::block_on(connection.without_shutdown()).unwrap();
    let wire = unwrap(parts.io);
    assert!(wire.written > wire.responses.len() * 64 * 4096, "{} bytes", wire.written);
    wire.responses
}

#[test]
fn as_few_over_a_shim_as_over_a_native_vectored_writer() {
    let native = writes(true, |wire| Shim::new(wire).for_hyper(), Shim::into_inner);
    assert_eq!(native, [5; 20]);
    assert_eq!(writes(true, Shim::from_futures, Shim::into_inner), native);
    let nested = writes(true, |wire| Shim::from_tokio(Shim::from_futures(wire)), |shim| shim.into_inner().into_inner());
    assert_eq!(nested, native);
}

#[test]
fn five_over_a_writer_that_cannot_vector_once_that_is_known() {
    let responses = writes(false, Shim::from_futures, Shim::into_inner);
    // Two responses show that the writer does not vector, and two more let the shim gather as much
    // as hyper queues. Later the shim probes again, ever less often.
    assert_eq!(responses[0], 9);
    assert_eq!(
        responses[1..].iter().filter(|&&writes| writes != 5).copied().collect::<Vec<_>>(),
        [6, 6],
        "{responses:?}"
    );
    // hyper copies into one buffer itself if the writer says that it does not vector.
    let told = writes(false, |wire| Shim::from_futures(wire).with_write_vectored(false), Shim::into_inner);
    assert_eq!(told, [1; 20]);
}
