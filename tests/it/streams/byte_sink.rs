//! `ByteSink`: a writer as a sink of bytes.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::{Sink as _, SinkExt as _, StreamExt as _};
use io_shim::{AsyncWrite, ByteSink, ContractViolation, Shim};

use super::{Item, Pair, chunks, pair};
use crate::mock::{Sink, context, pattern, ready, violation};

fn flush<B: bytes::Buf, W: AsyncWrite + Unpin>(sink: &mut ByteSink<W, B>) -> io::Result<()> {
    ready(Pin::new(sink).poll_flush(&mut context()))
}

/// Queues items. The sink must be ready for each.
fn queue<B: bytes::Buf, W: AsyncWrite + Unpin>(sink: &mut ByteSink<W, B>, items: impl IntoIterator<Item = B>) {
    for item in items {
        ready(Pin::new(&mut *sink).poll_ready(&mut context())).unwrap();
        Pin::new(&mut *sink).start_send(item).unwrap();
    }
}

#[test]
fn queued_chunks_go_out_in_one_vectored_write() {
    let mut sink = Shim::from_tokio(Sink::new(true)).into_byte_sink();
    queue(&mut sink, [pair("ab", "c"), pair("", ""), pair("d", ""), pair("", "ef")]);
    assert_eq!((sink.queued(), sink.get_ref().get_ref().calls()), (6, 0));
    flush(&mut sink).unwrap();
    let written = sink.into_inner().0.into_inner();
    assert_eq!((&written.data[..], &written.vectored_writes[..], written.writes.len()), (&b"abcdef"[..], &[4][..], 0));
    assert_eq!(written.flushes, 1);
}

#[test]
fn an_empty_item_is_no_write() {
    for vectors in [true, false] {
        let mut sink = ByteSink::new(Sink::new(vectors));
        queue(&mut sink, [pair("", ""), pair("", "")]);
        flush(&mut sink).unwrap();
        assert_eq!(sink.get_ref().calls(), 0);
    }
}

#[test]
fn a_writer_that_does_not_vector_gets_one_slice_at_a_time() {
    let mut sink = Shim::from_tokio(Sink::new(false)).into_byte_sink();
    queue(&mut sink, [pair("ab", "c"), pair("d", "")]);
    flush(&mut sink).unwrap();
    let written = sink.into_inner().0.into_inner();
    assert_eq!((&written.data[..], &written.writes[..]), (&b"abcd"[..], &[2, 1, 1][..]));
    assert_eq!(written.vectored_writes.len(), 0);
}

#[test]
fn more_chunks_than_fit_in_one_call_take_the_fewest_calls() {
    let mut sink = Shim::new(Sink::new(true)).into_byte_sink();
    queue(&mut sink, (0..150).map(|i| Bytes::from(vec![i; 3])));
    flush(&mut sink).unwrap();
    let written = sink.into_inner().0.into_inner();
    assert_eq!(written.vectored_writes, [64, 64, 22]);
    assert_eq!(written.data, (0..150).flat_map(|i| [i; 3]).collect::<Vec<u8>>());
}

/// A `Buf` of two pieces whose `chunks_vectored` returns only the first, as the provided method
/// does.
struct OneAtATime(Pair);

impl bytes::Buf for OneAtATime {
    fn remaining(&self) -> usize {
        self.0.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.0.chunk()
    }

    fn advance(&mut self, n: usize) {
        self.0.advance(n);
    }
}

#[test]
fn nothing_overtakes_pieces_that_an_item_did_not_give() {
    let mut sink = Shim::new(Sink::new(true)).into_byte_sink();
    queue(&mut sink, [OneAtATime(pair("ab", "cd")), OneAtATime(pair("ef", "gh"))]);
    flush(&mut sink).unwrap();
    let written = sink.into_inner().0.into_inner();
    assert_eq!((&written.data[..], &written.vectored_writes[..]), (&b"abcdefgh"[..], &[1, 2, 1][..]));
}

#[test]
fn the_bytes_held_are_bounded_exactly() {
    // A writer that is never ready.
    struct Stuck;
    impl AsyncWrite for Stuck {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Pending
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            panic!("flushed although something is queued")
        }
        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            panic!("shut down although something is queued")
        }
    }
    fn held(high_water: Option<usize>, item: usize) -> (usize, usize) {
        let mut sink = ByteSink::new(Stuck);
        if let Some(high_water) = high_water {
            sink = sink.with_high_water(high_water);
        }
        let mut items = 0;
        while Pin::new(&mut sink).poll_ready(&mut context()).is_ready() {
            Pin::new(&mut sink).start_send(Bytes::from(vec![1; item])).unwrap();
            items += 1;
        }
        assert!(Pin::new(&mut sink).poll_flush(&mut context()).is_pending());
        assert!(Pin::new(&mut sink).poll_close(&mut context()).is_pending());
        (items, sink.queued())
    }
    assert_eq!(held(Some(1000), 300), (4, 1200));
    assert_eq!(held(Some(1000), 999), (2, 1998));
    assert_eq!(held(Some(1000), 1000), (1, 1000));
    assert_eq!(held(Some(0), 5), (1, 5));
    assert_eq!(held(None, 1000), (66, 66_000));
    assert_eq!(held(None, 1), (1024, 1024));
}

#[test]
fn the_sink_is_ready_again_once_less_than_the_mark_is_queued() {
    let mut sink = ByteSink::new(Sink { most: 30, pending: Some(false), ..Sink::new(true) }).with_high_water(100);
    queue(&mut sink, [Bytes::from(vec![1; 150])]);
    // The writer returns `Pending` at every other call, and takes 30 bytes otherwise.
    let mut pending = 0;
    while Pin::new(&mut sink).poll_ready(&mut context()).is_pending() {
        pending += 1;
    }
    assert_eq!((pending, sink.queued()), (2, 90));
}

#[test]
#[should_panic(expected = "`start_send` was called while the sink is full: wait until `poll_ready` returns `Ready`")]
fn sending_to_a_full_sink_panics() {
    let mut sink = ByteSink::new(Sink::new(true)).with_high_water(1);
    for _ in 0..2 {
        Pin::new(&mut sink).start_send(&b"a"[..]).unwrap();
    }
}

#[test]
fn all_data_arrives_once_whatever_the_writer_takes_and_whenever_a_future_is_dropped() {
    let data = pattern(30_000);
    for vectors in [true, false] {
        for (most, high_water) in [(usize::MAX, 1), (7, 100), (333, 5000), (4096, 1 << 20)] {
            let writer = Sink { most, pending: Some(false), ..Sink::new(vectors) };
            let mut sink = Shim::from_futures(writer).into_byte_sink().with_high_water(high_water);
            for item in chunks(&data).items {
                let Item::Chunk(item) = item else { continue };
                // Each poll stands for a future that is dropped after `Pending`.
                while Pin::new(&mut sink).poll_ready(&mut context()).map(Result::unwrap).is_pending() {}
                Pin::new(&mut sink).start_send(item).unwrap();
            }
            while Pin::new(&mut sink).poll_close(&mut context()).map(Result::unwrap).is_pending() {}
            assert_eq!(sink.queued(), 0);
            let written = sink.into_inner().0.into_inner();
            assert!(written.data == data);
            assert_eq!(written.shutdowns, 1);
        }
    }
}

#[test]
fn a_stream_is_forwarded_and_closed() {
    let data = pattern(100_000);
    let shared = Rc::new(std::cell::RefCell::new(Vec::new()));
    struct Shared(Rc<std::cell::RefCell<Vec<u8>>>, Rc<Cell<bool>>);
    impl futures::io::AsyncWrite for Shared {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
            let data = &data[..data.len().min(5000)];
            self.0.borrow_mut().extend_from_slice(data);
            Poll::Ready(Ok(data.len()))
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.1.set(true);
            Poll::Ready(Ok(()))
        }
    }
    let closed = Rc::new(Cell::new(false));
    let sink = Shim::from_futures(Shared(shared.clone(), closed.clone())).into_byte_sink::<Pair>();
    futures::executor::block_on(chunks(&data).forward(sink)).unwrap();
    assert!(*shared.borrow() == data && closed.get());
}

/// A writer that returns the results of a closure.
struct Told(Box<dyn FnMut(usize) -> io::Result<usize>>);

impl AsyncWrite for Told {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready((self.0)(data.len()))
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready((self.0)(bufs.iter().map(|buf| buf.len()).sum()))
    }
    fn supports_vectored_writes(&self) -> bool {
        true
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn what_an_error_left_is_queued_still_and_given_back() {
    let mut calls = 0;
    let mut sink = Shim::new(Told(Box::new(move |offered| {
        calls += 1;
        match calls {
            1 => Ok(4),
            2 => Err(io::ErrorKind::BrokenPipe.into()),
            3 => Ok(0),
            _ => Ok(offered + 1),
        }
    })))
    .into_byte_sink();
    queue(&mut sink, ["abc", "def", "ghi"].map(Bytes::from));
    assert_eq!(flush(&mut sink).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(flush(&mut sink).unwrap_err().kind(), io::ErrorKind::WriteZero);
    let error = violation(flush(&mut sink));
    assert_eq!(error, ContractViolation::WroteTooMuch { returned: 6, offered: 5 });
    assert_eq!(sink.queued(), 5);
    assert_eq!(sink.into_inner().1, ["ef", "ghi"]);
}

#[test]
fn an_error_of_the_writer_is_told_when_the_sink_is_full() {
    let mut sink = ByteSink::new(Told(Box::new(|_| Err(io::ErrorKind::BrokenPipe.into())))).with_high_water(3);
    queue(&mut sink, [Bytes::from("ab"), Bytes::from("cd")]);
    for _ in 0..2 {
        let error = ready(Pin::new(&mut sink).poll_ready(&mut context())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
    assert_eq!(sink.into_inner().1, ["ab", "cd"]);
}

#[test]
fn an_item_of_more_bytes_than_can_be_counted_is_refused() {
    struct Endless;
    impl bytes::Buf for Endless {
        fn remaining(&self) -> usize {
            usize::MAX
        }
        fn chunk(&self) -> &[u8] {
            &[1; 64]
        }
        fn advance(&mut self, _: usize) {}
    }
    let mut sink = ByteSink::new(Sink::new(true)).with_high_water(usize::MAX);
    let one: Box<dyn bytes::Buf> = Box::new(&b"a"[..]);
    futures::executor::block_on(sink.feed(one)).unwrap();
    let error = violation(futures::executor::block_on(sink.feed(Box::new(Endless))));
    assert_eq!((error, sink.queued()), (ContractViolation::InconsistentBuf, 1));
}

#[test]
fn auto_traits_are_those_of_the_writer_and_the_items() {
    use crate::auto_traits::implements;
    use std::marker::PhantomPinned;
    assert!(implements!(ByteSink<u8>: Send + Sync + Unpin + std::fmt::Debug));
    assert!(implements!(ByteSink<u8, PhantomPinned>: Unpin));
    assert!(!implements!(ByteSink<PhantomPinned>: Unpin));
    assert!(!implements!(ByteSink<u8, Rc<u8>>: Send));
}
