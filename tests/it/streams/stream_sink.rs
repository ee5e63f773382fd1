//! `Shim::from_stream_sink`: a stream and sink of bytes as one byte stream.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::channel::mpsc::{Receiver, Sender, channel};
use futures::future::{join, ready as is};
use futures::{Sink, SinkExt as _, Stream, StreamExt as _, stream};
use io_shim::testing::conformance;
use io_shim::{Shim, SinkWriter, StreamReader};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::sink_writer::{Record, record};
use super::{Pair, chunks};
use crate::mock::pattern;

/// A stream and a sink as one type. Its sink may be `Pending` at every other call, and return an
/// error at every sixth.
#[derive(Debug)]
struct Both<R, W> {
    stream: R,
    sink: W,
    /// The number of calls, if they are to fail.
    calls: Option<usize>,
}

impl<R, W> Both<R, W> {
    fn new(stream: R, sink: W) -> Self {
        Both { stream, sink, calls: None }
    }

    /// Polls the sink, or returns `Pending` or an error instead.
    fn poll<T, E: Into<io::Error>>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut W>, &mut Context<'_>) -> Poll<Result<T, E>>,
    ) -> Poll<io::Result<T>>
    where
        W: Unpin,
    {
        if let Some(calls) = &mut self.calls {
            *calls += 1;
            if *calls % 2 == 1 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if *calls % 6 == 0 {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
        }
        poll(Pin::new(&mut self.sink), cx).map_err(Into::into)
    }
}

impl<R: Stream + Unpin, W: Unpin> Stream for Both<R, W> {
    type Item = R::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<R::Item>> {
        Pin::new(&mut self.stream).poll_next(cx)
    }
}

impl<I, R: Unpin, W: Sink<I, Error: Into<io::Error>> + Unpin> Sink<I> for Both<R, W> {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, |sink, cx| sink.poll_ready(cx))
    }

    fn start_send(mut self: Pin<&mut Self>, item: I) -> io::Result<()> {
        Pin::new(&mut self.sink).start_send(item).map_err(Into::into)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, |sink, cx| sink.poll_flush(cx))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, |sink, cx| sink.poll_close(cx))
    }
}

type Items = io::Result<Bytes>;

/// The end of a pair of channels.
fn end<R: Stream<Item = Items>>(
    incoming: R,
    outgoing: Sender<Items>,
) -> Both<R, impl Sink<Bytes, Error = io::Error> + Unpin> {
    Both::new(
        incoming,
        outgoing
            .with(|chunk| is(Ok(Ok(chunk))))
            .sink_map_err(|error: futures::channel::mpsc::SendError| io::Error::other(error)),
    )
}

#[test]
fn it_conforms_through_every_ecosystem() {
    type Reads = SinkWriter<Both<super::Chunks<Pair>, Record>>;
    fn both(data: &[u8]) -> Shim<StreamReader<Reads, Pair>> {
        Shim::from_stream_sink(Both::new(chunks(data), record(false)))
    }
    conformance::read(both);
    conformance::read(|data| Shim::from_tokio(both(data)).for_tokio());
    conformance::read(|data| Shim::from_futures(both(data)).for_futures());
    conformance::read(|data| Shim::from_hyper(both(data)).for_hyper());
    conformance::buf_read(both);
    conformance::buf_read(|data| Shim::from_tokio(both(data)).for_tokio());
    conformance::buf_read(|data| Shim::from_futures_buf(both(data).for_futures()));

    type Writer = Shim<StreamReader<SinkWriter<Both<stream::Empty<Items>, Record>>, Bytes>>;
    fn written(shim: Writer) -> Vec<u8> {
        let record = shim.into_inner().into_inner().0.into_inner().sink;
        assert_eq!(record.closes, 1);
        record.chunks.concat()
    }
    for pending in [false, true] {
        let shim = || -> Writer { Shim::from_stream_sink(Both::new(stream::empty(), record(pending))) };
        assert!(io_shim::AsyncWrite::supports_vectored_writes(&shim()));
        conformance::write(shim, written);
        conformance::write(|| Shim::from_tokio(shim()).for_tokio(), |shim| written(shim.into_inner()));
        conformance::write(|| Shim::from_futures(shim()).for_futures(), |shim| written(shim.into_inner()));
        conformance::write(|| Shim::from_hyper(shim()).for_hyper(), |shim| written(shim.into_inner()));
    }
}

#[tokio::test]
async fn each_direction_ends_on_its_own() {
    let ((to_left, from_right), (to_right, from_left)) = (channel(8), channel(8));
    let mut left = Shim::from_stream_sink(end(from_right, to_right));
    let mut right = Shim::from_stream_sink(end(from_left, to_left));
    left.write_all(b"abc").await.unwrap();
    right.write_all(b"de").await.unwrap();
    left.shutdown().await.unwrap();
    let mut buf = [0; 8];
    assert_eq!(right.read(&mut buf[..2]).await.unwrap(), 2);
    assert_eq!(right.read(&mut buf[2..]).await.unwrap(), 1);
    assert_eq!(&buf[..3], b"abc");
    // The end of the stream remains, and ends only reading.
    for _ in 0..2 {
        assert_eq!(right.read(&mut buf).await.unwrap(), 0);
    }
    right.write_all(b"fg").await.unwrap();
    right.shutdown().await.unwrap();
    // What the peer has sent before and after the shutdown of this end.
    let mut received = Vec::new();
    left.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"defg");
    let error = left.write_all(b"h").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Other);
}

#[tokio::test]
async fn an_error_stands_where_it_occurred_and_ends_nothing() {
    let items = [Ok("abc"), Err(io::ErrorKind::ConnectionReset), Ok("d")];
    let items = items.map(|item| item.map(Bytes::from).map_err(io::Error::from));
    let mut shim = Shim::from_stream_sink(Both::new(stream::iter(items), Record { room: 2, ..record(false) }));
    let mut buf = [0; 8];
    assert_eq!(shim.read(&mut buf[..2]).await.unwrap(), 2);
    shim.write_all(b"one").await.unwrap();
    assert_eq!(shim.read(&mut buf[2..]).await.unwrap(), 1);
    assert_eq!(shim.read(&mut buf[3..]).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    shim.write_all(b"two").await.unwrap();
    assert_eq!(shim.write(b"three").await.unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(shim.read(&mut buf[3..]).await.unwrap(), 1);
    assert_eq!(shim.read(&mut buf[4..]).await.unwrap(), 0);
    assert_eq!(&buf[..4], b"abcd");
    assert_eq!(shim.into_inner().into_inner().0.into_inner().sink.chunks, ["one", "two"]);
}

/// Calls an operation until it succeeds. Returns the result, and the number of errors.
async fn retry<T>(mut operation: impl AsyncFnMut() -> io::Result<T>) -> (T, usize) {
    let mut errors = 0;
    loop {
        match operation().await {
            Ok(result) => return (result, errors),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
        }
        errors += 1;
    }
}

/// Both ends send at once, as long chunks and short ones, through sinks that are not ready at every
/// other call. Errors occur in both directions, and each operation is then called again.
#[test]
fn both_directions_at_once_lose_and_double_nothing_despite_errors() {
    const LEN: usize = 1 << 20;
    fn shim(
        incoming: Receiver<Items>,
        outgoing: Sender<Items>,
    ) -> impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin {
        let incoming = incoming.flat_map(|item| stream::iter([item, Err(io::ErrorKind::ConnectionReset.into())]));
        Shim::from_stream_sink(Both { calls: Some(0), ..end(incoming, outgoing) }).for_tokio()
    }
    async fn exchange(io: impl tokio::io::AsyncRead + tokio::io::AsyncWrite, data: &[u8]) -> Vec<u8> {
        let (mut read, mut write) = tokio::io::split(io);
        let (mut rest, mut received) = (data, Vec::new());
        let send = async {
            let mut errors = 0;
            for len in [1, 900, 17, 300_000, 5000].into_iter().cycle() {
                let now = &rest[..rest.len().min(len)];
                let (n, failed) = retry(async || write.write(now).await).await;
                rest = &rest[n..];
                errors += failed;
                if rest.is_empty() {
                    break;
                }
            }
            assert!(errors > 5, "only {errors} writes failed");
            retry(async || write.shutdown().await).await;
        };
        let receive = async {
            let mut errors = 0;
            loop {
                let (n, failed) = retry(async || read.read_buf(&mut received).await).await;
                errors += failed;
                if n == 0 {
                    break;
                }
            }
            assert!(errors > 5, "only {errors} reads failed");
        };
        join(send, receive).await;
        received
    }
    let ((to_left, from_right), (to_right, from_left)) = (channel(2), channel(2));
    let data = [pattern(LEN), pattern(LEN + 1)];
    let (left, right) = futures::executor::block_on(join(
        exchange(shim(from_right, to_right), &data[0]),
        exchange(shim(from_left, to_left), &data[1]),
    ));
    assert!([right, left] == data);
}
