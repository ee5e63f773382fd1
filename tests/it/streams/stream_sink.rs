//! `Shim::from_stream_sink`: a stream and sink of bytes as one byte stream.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::channel::mpsc::{Receiver, Sender, channel};
use futures::future::{join, ready as is};
use futures::{Sink, SinkExt as _, Stream, stream};
use io_shim::testing::conformance;
use io_shim::{Shim, SinkWriter, StreamReader};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::sink_writer::{Record, record};
use super::{Pair, chunks, pattern};

/// A stream and a sink as one type. Its sink may be `Pending` at every other call.
#[derive(Debug)]
struct Both<R, W> {
    stream: R,
    sink: W,
    pending: Option<bool>,
}

impl<R, W> Both<R, W> {
    fn new(stream: R, sink: W) -> Self {
        Both { stream, sink, pending: None }
    }

    /// Polls the sink, or returns `Pending` instead.
    fn poll<T>(&mut self, cx: &mut Context<'_>, poll: impl FnOnce(Pin<&mut W>, &mut Context<'_>) -> Poll<T>) -> Poll<T>
    where
        W: Unpin,
    {
        if let Some(pending) = &mut self.pending {
            *pending = !*pending;
            if *pending {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        poll(Pin::new(&mut self.sink), cx)
    }
}

impl<R: Stream + Unpin, W: Unpin> Stream for Both<R, W> {
    type Item = R::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<R::Item>> {
        Pin::new(&mut self.stream).poll_next(cx)
    }
}

impl<I, R: Unpin, W: Sink<I> + Unpin> Sink<I> for Both<R, W> {
    type Error = W::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), W::Error>> {
        self.poll(cx, |sink, cx| sink.poll_ready(cx))
    }

    fn start_send(mut self: Pin<&mut Self>, item: I) -> Result<(), W::Error> {
        Pin::new(&mut self.sink).start_send(item)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), W::Error>> {
        self.poll(cx, |sink, cx| sink.poll_flush(cx))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), W::Error>> {
        self.poll(cx, |sink, cx| sink.poll_close(cx))
    }
}

type Items = io::Result<Bytes>;

/// The end of a pair of channels.
fn end(
    incoming: Receiver<Items>,
    outgoing: Sender<Items>,
) -> Both<Receiver<Items>, impl Sink<Bytes, Error = io::Error> + Unpin> {
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

/// Both ends send at once, as long chunks and short ones, through sinks that are not ready at every
/// other call.
#[test]
fn both_directions_at_once_lose_and_double_nothing() {
    const LEN: usize = 1 << 20;
    fn shim(
        incoming: Receiver<Items>,
        outgoing: Sender<Items>,
    ) -> impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin {
        Shim::from_stream_sink(Both { pending: Some(false), ..end(incoming, outgoing) }).for_tokio()
    }
    async fn exchange(io: impl tokio::io::AsyncRead + tokio::io::AsyncWrite, data: &[u8]) -> Vec<u8> {
        let (mut read, mut write) = tokio::io::split(io);
        let mut received = Vec::new();
        let send = async {
            let mut rest = data;
            for len in [1, 900, 17, 300_000, 5000].into_iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(len));
                write.write_all(now).await.unwrap();
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            write.shutdown().await.unwrap();
        };
        join(send, async { read.read_to_end(&mut received).await.unwrap() }).await;
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
