//! Vectored reads and writes: forwarded in one call, learned where the inner type cannot be asked,
//! gathered where it does not vector.

use std::io::{self, BufRead, IoSlice, IoSliceMut, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use futures::executor::block_on;
use io_shim::rt::BlockOn;
use io_shim::{AsyncReadBuf, AsyncWrite, BorrowedCursor, ContractViolation, ReadBuf, Shim};
use tokio::io::AsyncWriteExt as _;

use crate::mock::{Sink, context, pattern, ready, violation};

fn slices(data: &[u8], len: usize) -> Vec<IoSlice<'_>> {
    data.chunks(len).map(IoSlice::new).collect()
}

/// The slices of a buffer in pieces, for tokio's `write_all_buf`.
fn pieces(data: &[u8], len: usize) -> impl bytes::Buf {
    data.chunks(len).fold(Box::new(Bytes::new()) as Box<dyn bytes::Buf>, |front, piece| {
        Box::new(front.chain(Bytes::copy_from_slice(piece)))
    })
}

/// Offers 64 slices of 64 bytes through each ecosystem's trait, and returns the writer each time.
fn one_call_each<S>(make: impl Fn() -> S, sink: impl Fn(S) -> Sink)
where
    S: tokio::io::AsyncWrite + futures::io::AsyncWrite + AsyncWrite + Unpin,
{
    let data = pattern(64 * 64);
    let bufs = slices(&data, 64);
    type Write<S> = fn(Pin<&mut S>, &mut Context<'_>, &[IoSlice<'_>]) -> Poll<io::Result<usize>>;
    let writes: [Write<S>; 3] = [
        tokio::io::AsyncWrite::poll_write_vectored,
        futures::io::AsyncWrite::poll_write_vectored,
        AsyncWrite::poll_write_vectored,
    ];
    for write in writes {
        let mut shim = make();
        assert!(tokio::io::AsyncWrite::is_write_vectored(&shim));
        assert!(AsyncWrite::supports_vectored_writes(&shim));
        assert_eq!(ready(write(Pin::new(&mut shim), &mut context(), &bufs)).unwrap(), data.len());
        let sink = sink(shim);
        assert_eq!((sink.calls(), sink.vectored_writes, sink.data), (1, vec![64], data.clone()));
    }
}

#[test]
fn vectored_write_reaches_inner_in_one_call_in_every_direction() {
    one_call_each(|| Shim::from_tokio(Sink::new(true)), |shim| shim.into_inner());
    one_call_each(|| Shim::from_futures(Sink::new(true)), |shim| shim.into_inner());
    one_call_each(|| Shim::new(Sink::new(true)), |shim| shim.into_inner());
    // The same through three layers.
    let layered = || Shim::new(Shim::from_futures(Shim::from_tokio(Sink::new(true))));
    one_call_each(layered, |shim| shim.into_inner().into_inner().into_inner());
}

#[test]
fn write_all_buf_over_a_vectoring_writer_is_one_write() {
    let data = pattern(64 * 64);
    for vectored in 1..4 {
        let mut shim = Shim::from_futures(Sink::new(true)).for_tokio();
        for _ in 0..vectored {
            block_on(shim.write_all_buf(&mut pieces(&data, 64))).unwrap();
        }
        let sink = shim.into_inner();
        assert_eq!(sink.data.len(), vectored * data.len());
        assert_eq!(sink.calls(), vectored);
    }
}

#[test]
fn write_all_buf_over_a_writer_that_takes_one_slice_is_at_most_three_writes() {
    let data = pattern(64 * 64);
    let mut shim = Shim::from_futures(Sink::new(false)).for_tokio();
    block_on(shim.write_all_buf(&mut pieces(&data, 64))).unwrap();
    assert_eq!(shim.get_ref().data, data);
    assert!(shim.get_ref().calls() <= 3, "{:?}", shim.get_ref());
    // One call from then on, except for the occasional probe.
    let before = shim.get_ref().calls();
    for _ in 0..100 {
        block_on(shim.write_all_buf(&mut pieces(&data, 64))).unwrap();
    }
    let calls = shim.get_ref().calls() - before;
    assert!((100..=105).contains(&calls), "{calls}");
}

#[test]
fn what_is_copied_follows_what_is_accepted() {
    for pending in [None, Some(false)] {
        let data = pattern(1 << 20);
        let mut sink = Sink::new(false);
        sink.most = 1024;
        sink.pending = pending;
        let mut shim = Shim::from_futures(sink).for_tokio();
        block_on(async {
            let mut rest = &data[..];
            while !rest.is_empty() {
                let bufs = slices(&rest[..rest.len().min(64 * 64)], 64);
                let n = std::future::poll_fn(|cx| {
                    tokio::io::AsyncWrite::poll_write_vectored(Pin::new(&mut shim), cx, &bufs)
                });
                rest = &rest[n.await.unwrap()..];
            }
        });
        let sink = shim.into_inner();
        assert_eq!(sink.data, data);
        // Each single write of more than one slice was gathered first.
        let copied: usize = sink.writes.iter().sum();
        assert!(copied <= 3 * data.len() + 16 * 1024, "{copied} copied of {}, pending {pending:?}", data.len());
    }
}

#[test]
fn a_long_first_slice_is_written_without_a_copy() {
    let data = pattern(1 << 20);
    let bufs = slices(&data, 1 << 18);
    let mut sink = Sink::new(false);
    sink.data.reserve(1 << 20);
    let mut shim = Shim::from_futures(sink);
    let before = crate::alloc::heap();
    for rest in 0..4 {
        let n = AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut context(), &bufs[rest..]);
        assert_eq!(ready(n).unwrap(), 1 << 18);
    }
    assert!(crate::alloc::heap().wrapping_sub(before) < 1024, "no room for a copy was made");
    assert!(shim.get_ref().data == data);
    assert_eq!(shim.get_ref().writes, [1 << 18]);
}

#[test]
fn a_vectoring_writer_whose_buffer_was_full_twice_is_vectored_again_later() {
    let data = pattern(64 * 64);
    let bufs = slices(&data, 64);
    let mut shim = Shim::from_futures(Sink::new(true));
    let mut cx = context();
    shim.get_mut().most = 64;
    for _ in 0..2 {
        assert_eq!(ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut cx, &bufs)).unwrap(), 64);
    }
    shim.get_mut().most = usize::MAX;
    let mut gathered = 0;
    while ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut cx, &bufs)).unwrap() > 0
        && shim.get_ref().vectored_writes.len() == 2
    {
        gathered += 1;
        assert!(gathered <= 16);
    }
    assert_eq!(gathered, 16);
    for _ in 0..40 {
        ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut cx, &bufs)).unwrap();
    }
    assert_eq!((shim.get_ref().writes.len(), shim.get_ref().vectored_writes.len()), (16, 43));
}

#[test]
fn a_gathered_write_that_is_pending_is_retried_with_the_slices_of_the_next_call() {
    let mut cx = context();
    let mut shim = Shim::from_futures(Sink::new(false));
    let write = |shim: &mut Shim<Sink, _>, cx: &mut Context<'_>, bufs: &[&[u8]]| {
        let bufs: Vec<_> = bufs.iter().map(|buf| IoSlice::new(buf)).collect();
        AsyncWrite::poll_write_vectored(Pin::new(shim), cx, &bufs)
    };
    for _ in 0..2 {
        assert_eq!(ready(write(&mut shim, &mut cx, &[b"a", b"b"])).unwrap(), 1);
    }
    shim.get_mut().data.clear();
    shim.get_mut().pending = Some(false);
    assert!(write(&mut shim, &mut cx, &[b"not", b"taken"]).is_pending());
    assert_eq!(ready(write(&mut shim, &mut cx, &[b"", b"xy", b"", b"z"])).unwrap(), 3);
    assert!(write(&mut shim, &mut cx, &[b"not", b"taken"]).is_pending());
    assert_eq!(ready(write(&mut shim, &mut cx, &[b"one"])).unwrap(), 3);
    assert_eq!(shim.get_ref().data, b"xyzone");
}

#[test]
fn a_vectored_call_of_one_slice_reaches_the_inner_vectored_method() {
    let mut shim = Shim::from_futures(Sink::new(true));
    for bufs in [&[IoSlice::new(b"a")][..], &[IoSlice::new(b""), IoSlice::new(b"b")], &[]] {
        ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut context(), bufs)).unwrap();
    }
    assert_eq!((shim.get_ref().vectored_writes.len(), shim.get_ref().writes.len()), (3, 0));
}

#[test]
fn the_answer_over_futures_io_can_be_set() {
    assert!(Shim::from_futures(Sink::new(false)).supports_vectored_writes());
    assert!(!Shim::from_futures(Sink::new(true)).with_write_vectored(false).supports_vectored_writes());
    assert!(!Shim::from_tokio(Sink::new(false)).supports_vectored_writes());
    assert!(!Shim::new(Sink::new(false)).supports_vectored_writes());
}

#[test]
fn a_gathered_count_beyond_what_was_offered_is_an_error() {
    struct Liar;
    impl futures::io::AsyncWrite for Liar {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(data.len() + 1))
        }
        fn poll_write_vectored(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bufs[0].len()))
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
    let mut shim = Shim::from_futures(Liar);
    let bufs = [IoSlice::new(b"ab"), IoSlice::new(b"cd")];
    for _ in 0..2 {
        assert_eq!(ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut context(), &bufs)).unwrap(), 2);
    }
    let result = ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut context(), &bufs));
    assert_eq!(violation(result), ContractViolation::WroteTooMuch { returned: 5, offered: 4 });
}

/// A futures-io reader that vectors or not, and returns `n` bytes a call.
struct Source {
    vectors: bool,
    n: usize,
}

impl futures::io::AsyncRead for Source {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.n.min(slice.len())))
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = if self.vectors { bufs.iter().map(|buf| buf.len()).sum() } else { bufs[0].len() };
        Poll::Ready(Ok(self.n.min(len)))
    }
}

fn read_two<S: AsyncReadBuf + Unpin>(shim: &mut S) -> io::Result<usize> {
    let (mut a, mut b) = ([0; 4], [0; 4]);
    let mut bufs = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    ready(Pin::new(shim).poll_read_into_vectored(&mut context(), &mut bufs))
}

#[test]
fn vectored_reads_are_learned() {
    let mut shim = Shim::from_futures(Source { vectors: true, n: 6 });
    assert_eq!(read_two(&mut shim).unwrap(), 6);
    assert!(shim.supports_vectored_reads());

    let mut shim = Shim::from_futures(Source { vectors: false, n: 6 });
    assert!(shim.supports_vectored_reads());
    assert_eq!(read_two(&mut shim).unwrap(), 4);
    assert!(shim.supports_vectored_reads());
    assert_eq!(read_two(&mut shim).unwrap(), 4);
    assert!(!shim.supports_vectored_reads());
    // Reads that do not fill the first slice prove nothing.
    let mut shim = Shim::from_futures(Source { vectors: false, n: 3 });
    for _ in 0..9 {
        assert_eq!(read_two(&mut shim).unwrap(), 3);
    }
    assert!(shim.supports_vectored_reads());
    // A read that fills more than one slice restores the answer.
    shim.get_mut().n = 4;
    read_two(&mut shim).unwrap();
    read_two(&mut shim).unwrap();
    assert!(!shim.supports_vectored_reads());
    *shim.get_mut() = Source { vectors: true, n: 8 };
    read_two(&mut shim).unwrap();
    assert!(shim.supports_vectored_reads());
}

#[test]
fn vectored_reads_reach_the_reader_inside_in_one_call() {
    let mut shim = Shim::new(Shim::from_futures(Source { vectors: true, n: 7 })).for_futures();
    let (mut a, mut b) = ([0; 4], [0; 4]);
    let mut bufs = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    let n = futures::io::AsyncRead::poll_read_vectored(Pin::new(&mut shim), &mut context(), &mut bufs);
    assert_eq!(ready(n).unwrap(), 7);
}

#[test]
fn flush_and_shutdown_pass_through() {
    fn check<S: tokio::io::AsyncWrite + futures::io::AsyncWrite + AsyncWrite + Unpin>(mut shim: S) -> S {
        let mut cx = context();
        ready(tokio::io::AsyncWrite::poll_flush(Pin::new(&mut shim), &mut cx)).unwrap();
        ready(futures::io::AsyncWrite::poll_flush(Pin::new(&mut shim), &mut cx)).unwrap();
        ready(AsyncWrite::poll_flush(Pin::new(&mut shim), &mut cx)).unwrap();
        ready(tokio::io::AsyncWrite::poll_shutdown(Pin::new(&mut shim), &mut cx)).unwrap();
        ready(futures::io::AsyncWrite::poll_close(Pin::new(&mut shim), &mut cx)).unwrap();
        ready(AsyncWrite::poll_shutdown(Pin::new(&mut shim), &mut cx)).unwrap();
        shim
    }
    for sink in [
        check(Shim::from_tokio(Sink::new(true))).into_inner(),
        check(Shim::from_futures(Sink::new(true))).into_inner(),
        check(Shim::new(Sink::new(true))).into_inner(),
    ] {
        assert_eq!((sink.flushes, sink.shutdowns), (3, 3));
    }
}

/// A reader with every trait whose vectored reads change the slices that they are passed.
struct Changing {
    data: &'static [u8],
    /// Whether it exchanges a slice instead of advancing past what it filled.
    exchanges: bool,
}

impl Changing {
    fn fill(&mut self, mut bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if self.exchanges {
            bufs[0] = IoSliceMut::new(crate::hostile::leak(vec![0; 1000].into_boxed_slice()));
            return Ok(1000);
        }
        let mut filled = 0;
        while !bufs.is_empty() && !self.data.is_empty() {
            let n = self.data.len().min(bufs[0].len()).min(3);
            bufs[0][..n].copy_from_slice(&self.data[..n]);
            self.data = &self.data[n..];
            filled += n;
            IoSliceMut::advance_slices(&mut bufs, n);
        }
        Ok(filled)
    }
}

impl Read for Changing {
    fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        self.data.read(slice)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.fill(bufs)
    }
}

impl BufRead for Changing {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.data)
    }

    fn consume(&mut self, n: usize) {
        self.data = &self.data[n..];
    }
}

impl futures::io::AsyncRead for Changing {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.data.read(slice))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.fill(bufs))
    }
}

impl AsyncReadBuf for Changing {
    fn poll_read_into(self: Pin<&mut Self>, _: &mut Context<'_>, _: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        unreachable!("every read is vectored")
    }

    fn poll_read_into_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.fill(bufs))
    }
}

impl ReadBuf for Changing {
    fn read_into(&mut self, _: BorrowedCursor<'_>) -> io::Result<()> {
        unreachable!("every read is vectored")
    }

    fn read_into_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.fill(bufs)
    }
}

/// What each read returned and filled, and whether the shim still reports vectored reads.
type Outcome = (Vec<(io::Result<usize>, Vec<u8>)>, bool);

/// Reads twice into 4 and 4 bytes through every shim that forwards vectored reads.
fn through_every_shim(exchanges: bool) -> Vec<Outcome> {
    fn twice(mut read: impl FnMut(&mut [IoSliceMut<'_>]) -> io::Result<usize>) -> Vec<(io::Result<usize>, Vec<u8>)> {
        let read = |_| {
            let (mut one, mut two) = ([b'.'; 4], [b'.'; 4]);
            let result = read(&mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)]);
            (result, [one, two].concat())
        };
        (0..2).map(read).collect()
    }
    fn asynchronous<S: AsyncReadBuf + Unpin>(mut shim: S) -> Outcome {
        let reads = twice(|bufs| ready(Pin::new(&mut shim).poll_read_into_vectored(&mut context(), bufs)));
        (reads, shim.supports_vectored_reads())
    }
    fn synchronous<S: ReadBuf>(mut shim: S) -> Outcome {
        (twice(|bufs| ReadBuf::read_into_vectored(&mut shim, bufs)), ReadBuf::supports_vectored_reads(&shim))
    }
    let new = || Changing { data: b"one and two are here", exchanges };
    // Shims that read through their own buffer are left out. `Native` asks the inner reader.
    let native = |(reads, _): Outcome| (reads, true);
    vec![
        asynchronous(Shim::from_futures(new())),
        asynchronous(Shim::allow_std(new())),
        native(asynchronous(Shim::new(new()))),
        synchronous(Shim::from_std(new())),
        synchronous(Shim::from_std_buf(new())),
        native(synchronous(Shim::new(new()))),
        synchronous(BlockOn::new(Shim::from_futures(new()))),
    ]
}

#[test]
fn a_reader_that_advances_the_slices_it_is_passed_loses_nothing() {
    for (reads, vectored) in through_every_shim(false) {
        let reads: Vec<_> = reads.into_iter().map(|(result, data)| (result.unwrap(), data)).collect();
        assert_eq!(reads, [(8, b"one and ".to_vec()), (8, b"two are ".to_vec())]);
        assert!(vectored, "it filled both slices");
    }
}

#[test]
fn a_reader_that_exchanges_the_slices_it_is_passed_gets_an_error() {
    for (reads, vectored) in through_every_shim(true) {
        for (result, _) in reads {
            assert_eq!(violation(result), ContractViolation::ReadTooMuch { returned: 1000, offered: 8 });
        }
        assert!(vectored, "nothing is known of it");
    }
}
