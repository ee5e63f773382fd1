//! `Shim::from_sink`: a sink of bytes as a writer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use io_shim::testing::conformance;
use io_shim::{AsyncWrite, Shim, SinkWriter};

use crate::mock::{self, context, ready};

/// A sink that records. It can return `Pending` at every other call, and has room for a number of
/// chunks.
#[derive(Clone, Debug)]
pub struct Record {
    pub chunks: Vec<Bytes>,
    pub pending: Option<bool>,
    pub room: usize,
    pub is_ready: bool,
    pub flushes: usize,
    pub closes: usize,
}

pub fn record(pending: bool) -> Record {
    Record {
        chunks: Vec::new(),
        pending: pending.then_some(false),
        room: usize::MAX,
        is_ready: false,
        flushes: 0,
        closes: 0,
    }
}

impl Record {
    fn pends(&mut self, cx: &mut Context<'_>) -> bool {
        self.pending.as_mut().is_some_and(|pending| {
            *pending = !*pending;
            if *pending {
                cx.waker().wake_by_ref();
            }
            *pending
        })
    }
}

#[derive(Debug)]
pub struct Full;

impl From<Full> for io::Error {
    fn from(_: Full) -> Self {
        io::ErrorKind::StorageFull.into()
    }
}

impl futures::Sink<Bytes> for Record {
    type Error = Full;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Full>> {
        if self.pends(cx) {
            return Poll::Pending;
        }
        if self.chunks.len() >= self.room {
            return Poll::Ready(Err(Full));
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, chunk: Bytes) -> Result<(), Full> {
        assert!(std::mem::take(&mut self.is_ready), "sent to without being ready");
        assert!(!chunk.is_empty());
        self.chunks.push(chunk);
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Full>> {
        if self.pends(cx) {
            return Poll::Pending;
        }
        self.flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Full>> {
        if self.pends(cx) {
            return Poll::Pending;
        }
        self.closes += 1;
        Poll::Ready(Ok(()))
    }
}

#[test]
fn it_conforms_through_every_ecosystem() {
    fn written(shim: Shim<SinkWriter<Record>>) -> Vec<u8> {
        let record = shim.into_inner().into_inner();
        assert_eq!(record.closes, 1);
        record.chunks.concat()
    }
    for pending in [false, true] {
        let shim = || Shim::from_sink(record(pending));
        conformance::write(shim, written);
        conformance::write(|| Shim::from_tokio(shim()).for_tokio(), |shim| written(shim.into_inner()));
        conformance::write(|| Shim::from_futures(shim()).for_futures(), |shim| written(shim.into_inner()));
        conformance::write(|| Shim::from_hyper(shim()).for_hyper(), |shim| written(shim.into_inner()));
    }
}

#[test]
fn a_writer_over_a_sink_over_a_writer_conforms() {
    for vectors in [true, false] {
        for (most, high_water) in [(usize::MAX, 1 << 16), (333, 1), (100, 1000)] {
            let writer = move || mock::Sink { most, pending: Some(false), ..mock::Sink::new(vectors) };
            conformance::write(
                move || {
                    Shim::from_sink::<Bytes>(Shim::from_futures(writer()).into_byte_sink().with_high_water(high_water))
                },
                |shim| {
                    let (writer, rest) = shim.into_inner().into_inner().into_inner();
                    assert!(rest.is_empty());
                    writer.into_inner().data
                },
            );
        }
    }
}

#[test]
fn each_write_is_one_chunk_and_a_write_of_nothing_none() {
    let mut shim = Shim::from_sink(record(false));
    let mut cx = context();
    assert!(AsyncWrite::supports_vectored_writes(&shim));
    assert_eq!(ready(AsyncWrite::poll_write(Pin::new(&mut shim), &mut cx, b"ab")).unwrap(), 2);
    assert_eq!(ready(AsyncWrite::poll_write(Pin::new(&mut shim), &mut cx, b"")).unwrap(), 0);
    let bufs = [&b""[..], b"c", b"de", b"", b"f"].map(IoSlice::new);
    assert_eq!(ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut cx, &bufs)).unwrap(), 4);
    assert_eq!(ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut cx, &bufs[..1])).unwrap(), 0);
    assert_eq!(shim.get_ref().get_ref().chunks, ["ab", "cdef"]);
}

#[test]
fn data_of_any_length_is_one_chunk_of_bounded_length() {
    let slice = vec![1; 100 << 10];
    let mut shim = Shim::from_sink(record(false));
    let n = ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut context(), &[IoSlice::new(&slice); 50]));
    assert_eq!(n.unwrap(), 256 << 10);
    let long = vec![2; 300 << 10];
    assert_eq!(ready(AsyncWrite::poll_write(Pin::new(&mut shim), &mut context(), &long)).unwrap(), 256 << 10);
    let chunks = shim.into_inner().into_inner().chunks;
    assert!(chunks == [vec![1; 256 << 10], vec![2; 256 << 10]]);
}

/// An item of one's own.
#[derive(Debug, PartialEq)]
struct Message(Bytes);

impl From<Bytes> for Message {
    fn from(chunk: Bytes) -> Self {
        Message(chunk)
    }
}

#[test]
fn items_are_of_every_type_that_is_made_from_bytes() {
    fn sent<I: From<Bytes> + Unpin>() -> Vec<I> {
        // A `Vec` is a sink of what it holds.
        let sink = Vec::<I>::new().sink_map_err(|never| -> io::Error { match never {} });
        let mut shim: Shim<SinkWriter<_, I>> = Shim::from_sink(sink);
        assert_eq!(ready(AsyncWrite::poll_write(Pin::new(&mut shim), &mut context(), b"abc")).unwrap(), 3);
        shim.into_inner().into_inner().into_inner()
    }
    assert_eq!(sent::<Vec<u8>>(), [b"abc"]);
    assert_eq!(sent::<bytes::BytesMut>(), ["abc"]);
    assert_eq!(sent::<Message>(), [Message("abc".into())]);
    // Other items are made by the caller.
    let sink = Vec::<String>::new().sink_map_err(|never| -> io::Error { match never {} });
    let sink = sink.with(|chunk: Bytes| std::future::ready(String::from_utf8(chunk.into()).map_err(io::Error::other)));
    let mut shim = Shim::from_sink(sink);
    for data in ["abc", "d"] {
        ready(AsyncWrite::poll_write(Pin::new(&mut shim), &mut context(), data.as_bytes())).unwrap();
    }
    ready(AsyncWrite::poll_flush(Pin::new(&mut shim), &mut context())).unwrap();
    assert_eq!(*shim.get_ref().get_ref().get_ref().get_ref(), ["abc", "d"]);
}

#[test]
fn a_sink_that_is_not_ready_or_fails_takes_nothing() {
    let mut shim = Shim::from_sink(Record { room: 1, ..record(true) });
    assert!(AsyncWrite::poll_write(Pin::new(&mut shim), &mut context(), b"given up").is_pending());
    assert_eq!(ready(AsyncWrite::poll_write(Pin::new(&mut shim), &mut context(), b"written")).unwrap(), 7);
    assert!(AsyncWrite::poll_write(Pin::new(&mut shim), &mut context(), b"given up").is_pending());
    let error = ready(AsyncWrite::poll_write(Pin::new(&mut shim), &mut context(), b"refused")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(AsyncWrite::poll_flush(Pin::new(&mut shim), &mut context()).is_pending());
    ready(AsyncWrite::poll_flush(Pin::new(&mut shim), &mut context())).unwrap();
    let record = shim.into_inner().into_inner();
    assert_eq!((&record.chunks[..], record.flushes, record.closes), (&[Bytes::from("written")][..], 1, 0));
}

#[test]
fn a_channel_exerts_its_back_pressure() {
    let (sender, mut receiver) = futures::channel::mpsc::channel::<Bytes>(2);
    let mut shim = Shim::from_sink(sender.sink_map_err(io::Error::other));
    let mut write = || AsyncWrite::poll_write(Pin::new(&mut shim), &mut context(), b"chunk").map(Result::unwrap);
    // The channel has room for its own capacity and one item for its sender.
    assert_eq!([write(), write(), write(), write()], [Poll::Ready(5), Poll::Ready(5), Poll::Ready(5), Poll::Pending]);
    assert_eq!(ready(receiver.poll_next_unpin(&mut context())).unwrap(), "chunk");
    assert_eq!([write(), write()], [Poll::Ready(5), Poll::Pending]);
    drop(receiver);
    let error = ready(AsyncWrite::poll_write(Pin::new(&mut shim), &mut context(), b"chunk")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Other);
}

#[test]
fn auto_traits_are_those_of_the_sink() {
    use crate::auto_traits::implements;
    use std::marker::PhantomPinned;
    assert!(implements!(SinkWriter<u8>: Send + Sync + Unpin + Clone + std::fmt::Debug));
    assert!(!implements!(SinkWriter<PhantomPinned>: Unpin));
    assert!(!implements!(SinkWriter<std::rc::Rc<u8>>: Send));
    // What it sends is not inside.
    assert!(implements!(SinkWriter<u8, std::rc::Rc<PhantomPinned>>: Send + Sync + Unpin));
}
