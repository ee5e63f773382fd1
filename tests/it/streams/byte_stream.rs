//! `ByteStream`: a reader as a stream of bytes.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::stream::FusedStream as _;
use futures::{Stream, StreamExt as _};
use io_shim::testing::conformance;
use io_shim::{AsyncReadBuf, BorrowedCursor, ByteStream, ContractViolation, Offer, Shim};

use crate::alloc::allocations;
use crate::mock::{Breaks, CountsZeroes, Outcome, SENTINEL, Script, Step, context, pattern, ready, violation};

fn next<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    stream.poll_next_unpin(&mut context())
}

#[test]
fn a_reader_of_its_stream_conforms() {
    let script = |data: &[u8]| {
        let steps = data.chunks(997).map(|chunk| Step::Data(chunk.to_vec()));
        Script::new(steps).with_pending()
    };
    conformance::read(|data| Shim::from_stream(Shim::new(script(data)).into_byte_stream()));
    conformance::read(|data| Shim::from_stream(Shim::from_futures(script(data)).into_byte_stream().with_capacity(100)));
    conformance::read(|data| Shim::from_stream(Shim::from_tokio(script(data)).for_tokio().into_byte_stream()));
    conformance::buf_read(|data| Shim::from_stream(Shim::from_hyper(script(data)).into_byte_stream().with_capacity(1)));
}

#[test]
fn its_items_are_those_of_tokio_utils_reader_stream() {
    fn items(
        mut stream: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Vec<Poll<Option<Result<Bytes, io::ErrorKind>>>> {
        let items =
            std::iter::repeat_with(|| next(&mut stream).map(|item| item.map(|item| item.map_err(|e| e.kind()))));
        items.take(250).collect()
    }
    for error in [false, true] {
        for capacity in [100, 4096] {
            let mut steps: Vec<_> =
                pattern(9000).chunks(250).flat_map(|chunk| [Step::Pending, Step::Data(chunk.to_vec())]).collect();
            if error {
                steps.truncate(31);
                steps.push(Step::Error(io::ErrorKind::ConnectionReset));
                steps.push(Step::Data(vec![1]));
            }
            let script = Script::new(steps);
            let theirs = items(tokio_util::io::ReaderStream::with_capacity(script.clone(), capacity));
            assert!(theirs.ends_with(&[Poll::Ready(None), Poll::Ready(None)]));
            assert_eq!(items(Shim::from_tokio(script.clone()).into_byte_stream().with_capacity(capacity)), theirs);
            let whole = Shim::from_futures(script).with_offer(Offer::Whole);
            assert_eq!(items(whole.into_byte_stream().with_capacity(capacity)), theirs);
        }
    }
}

/// Returns how many bytes were zeroed while `total` bytes were read, in chunks that were kept or
/// dropped at once.
fn zeroed(offer: Offer, n: usize, pending: bool, keep: bool, total: usize) -> usize {
    let reader = CountsZeroes { pending: pending.then_some(false), ..CountsZeroes::new(n, total) };
    let mut stream = Shim::from_futures(reader).with_offer(offer).into_byte_stream();
    let (mut kept, mut received) = (Vec::new(), 0);
    while received < total {
        if let Poll::Ready(chunk) = next(&mut stream) {
            let chunk = chunk.unwrap().unwrap();
            received += chunk.len();
            assert!(chunk.iter().all(|&byte| byte == SENTINEL));
            if keep {
                kept.push(chunk);
            }
        }
    }
    assert_eq!(received, total);
    stream.get_ref().get_ref().zeroes
}

#[test]
fn no_byte_of_an_allocation_is_zeroed_twice() {
    const TOTAL: usize = 128 << 10;
    for pending in [false, true] {
        for n in [64, 1024, 4096, 16 << 10] {
            // The chunks are kept: every byte is new memory, zeroed once.
            assert_eq!(zeroed(Offer::Whole, n, pending, true, TOTAL), TOTAL, "{n}");
            // The chunks are dropped: one allocation, zeroed once.
            assert_eq!(zeroed(Offer::Whole, n, pending, false, TOTAL), 4096, "{n}");
            assert_eq!(zeroed(Offer::Predicted, n, pending, false, TOTAL), 4096, "{n}");
        }
        // The stream remembers what is initialized in an allocation. So small reads are copied
        // through the bounce buffer only until zeroing ahead has credit. Then each allocation is
        // zeroed once.
        assert_eq!(zeroed(Offer::Predicted, 64, pending, true, TOTAL), 124_864);
        assert_eq!(zeroed(Offer::Predicted, 1024, pending, true, TOTAL), 126_976);
        for n in [64, 1024, 4096] {
            let bounce = Offer::bounce(512);
            assert_eq!(zeroed(bounce, n, pending, false, TOTAL), 512, "{n}");
            assert_eq!(zeroed(bounce, n, pending, true, TOTAL), 512, "{n}");
        }
    }
}

/// A reader with io-shim's trait that records how much of its cursor is initialized, and fills some
/// of it.
struct Noting {
    n: usize,
    initializes: usize,
    init: Rc<RefCell<Vec<usize>>>,
}

impl AsyncReadBuf for Noting {
    fn poll_read_into(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.init.borrow_mut().push(cursor.init_len());
        cursor.ensure_init_to(self.initializes.min(cursor.capacity()));
        cursor.append(&vec![1; self.n]);
        Poll::Ready(Ok(()))
    }
}

#[test]
fn the_watermark_survives_between_chunks_and_when_memory_is_used_again() {
    let init = Rc::<RefCell<Vec<usize>>>::default();
    let mut stream = ByteStream::new(Noting { n: 10, initializes: 25, init: init.clone() }).with_capacity(40);
    let first = next(&mut stream);
    for _ in 0..3 {
        assert!(next(&mut stream).is_ready());
    }
    assert_eq!(init.take(), [0, 15, 15, 10]);
    // The first chunk is still alive: the memory is new, and none of it is known to be initialized.
    assert!(next(&mut stream).is_ready());
    for _ in 0..3 {
        assert!(next(&mut stream).is_ready());
    }
    assert_eq!(init.take(), [0, 15, 15, 10]);
    drop(first);
    // All its chunks were dropped: the same memory, all of it initialized.
    for _ in 0..5 {
        assert!(next(&mut stream).is_ready());
    }
    assert_eq!(init.take(), [40, 30, 20, 10, 40]);
}

#[test]
fn memory_is_allocated_once_while_chunks_are_dropped() {
    let mut stream =
        ByteStream::new(Noting { n: 64, initializes: 0, init: Rc::new(RefCell::new(Vec::with_capacity(9999))) });
    let chunk = ready(next(&mut stream)).unwrap().unwrap();
    let start = chunk.as_ptr();
    drop(chunk);
    let before = allocations();
    for i in 1..1000 {
        // The stream yields after enough ready calls.
        let chunk =
            [(), ()].iter().find_map(|()| if let Poll::Ready(chunk) = next(&mut stream) { Some(chunk) } else { None });
        let chunk = chunk.unwrap().unwrap().unwrap();
        assert_eq!(chunk.as_ptr().addr() - start.addr(), i % 64 * 64);
    }
    // The allocations of the reader's own `vec!`.
    assert_eq!(allocations() - before, 999);
}

#[test]
fn chunks_stay_what_they_are() {
    let data = pattern(100_000);
    let script = || Script::new(data.chunks(777).map(|chunk| Step::Initialized(chunk.to_vec())));
    let chunks: Vec<Bytes> =
        futures::executor::block_on_stream(Shim::new(script()).into_byte_stream()).map(Result::unwrap).collect();
    assert!(chunks.concat() == data);
    // Keeps every third chunk and drops the others.
    let kept: Vec<Bytes> = futures::executor::block_on_stream(Shim::from_futures(script()).into_byte_stream())
        .map(Result::unwrap)
        .enumerate()
        .filter_map(|(i, chunk)| (i % 3 == 0).then_some(chunk))
        .collect();
    let expected: Vec<u8> = chunks.iter().step_by(3).flatten().copied().collect();
    assert!(kept.concat() == expected);
}

#[test]
fn an_error_ends_the_stream() {
    let script = Script::new([Step::Data(vec![1]), Step::Error(io::ErrorKind::TimedOut), Step::Data(vec![2])]);
    let mut stream = Shim::from_tokio(script).into_byte_stream();
    assert_eq!(ready(next(&mut stream)).unwrap().unwrap(), [1][..]);
    assert_eq!((stream.is_terminated(), stream.size_hint()), (false, (0, None)));
    assert_eq!(ready(next(&mut stream)).unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!((stream.is_terminated(), stream.size_hint()), (true, (0, Some(0))));
    for _ in 0..3 {
        assert!(ready(next(&mut stream)).is_none());
    }
    assert_eq!(stream.into_inner().into_inner().calls, 2);
}

#[test]
fn after_the_end_the_reader_is_not_polled_again() {
    let mut stream = Shim::from_tokio(Script::reads(1, 5)).into_byte_stream().with_capacity(0);
    for _ in 0..5 {
        // A read with no capacity would look like the end of file.
        assert_eq!(ready(next(&mut stream)).unwrap().unwrap().len(), 1);
    }
    for _ in 0..3 {
        assert!(ready(next(&mut stream)).is_none());
    }
    assert_eq!(stream.get_ref().get_ref().calls, 6);
}

#[test]
fn what_a_reader_filled_before_pending_is_not_lost() {
    assert_eq!(ready(next(&mut ByteStream::new(Breaks::pends(b"data")))).unwrap().unwrap(), "data");
}

const FAILS: Outcome = || Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
const PANICS: Outcome = || panic!("in a reader");

#[test]
fn what_a_reader_filled_before_an_error_comes_before_the_error() {
    let mut stream = ByteStream::new(Breaks::new([(b"data", FAILS)]));
    assert_eq!(ready(next(&mut stream)).unwrap().unwrap(), "data");
    assert_eq!((stream.is_terminated(), stream.size_hint()), (false, (1, Some(1))));
    assert_eq!(ready(next(&mut stream)).unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!((stream.is_terminated(), stream.size_hint()), (true, (0, Some(0))));
    assert!(ready(next(&mut stream)).is_none());
}

#[test]
fn what_a_reader_filled_before_it_panicked_comes_with_the_next_chunk() {
    let ok: Outcome = || Poll::Ready(Ok(()));
    for (outcome, capacity, chunks) in
        [(ok, 10, &["abcdef"][..]), (FAILS, 10, &["abcdef"]), (ok, 3, &["abc", "def"]), (FAILS, 3, &["abc", "def"])]
    {
        let mut stream = ByteStream::new(Breaks::new([(b"abc", PANICS), (b"def", outcome)])).with_capacity(capacity);
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| next(&mut stream))).is_err());
        for chunk in chunks {
            assert_eq!(ready(next(&mut stream)).unwrap().unwrap(), chunk);
        }
        if outcome().map(|result| result.is_err()) == Poll::Ready(true) {
            assert_eq!(ready(next(&mut stream)).unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert!(ready(next(&mut stream)).is_none());
        }
    }
}

#[test]
#[should_panic(expected = "capacity overflow")]
fn more_capacity_than_memory_can_have_panics_when_polled() {
    let _ = next(&mut ByteStream::new(Breaks::new([])).with_capacity(usize::MAX));
}

#[test]
fn a_reader_that_reports_more_than_it_was_given_gets_an_error() {
    /// A slice-only reader written by hand that reports too much at its third call.
    struct Liar(usize);
    impl AsyncReadBuf for Liar {
        fn poll_read_into(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            mut cursor: BorrowedCursor<'_>,
        ) -> Poll<io::Result<()>> {
            let n = ready(self.as_mut().poll_read_into_slice(cx, cursor.ensure_init()))?;
            cursor.advance_checked(n);
            Poll::Ready(Ok(()))
        }

        fn poll_read_into_slice(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            slice: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            self.0 += 1;
            Poll::Ready(Ok(if self.0 == 3 { slice.len() + 1 } else { 10 }))
        }

        fn init_hint(&self, capacity: usize) -> usize {
            capacity
        }
    }
    let mut stream = ByteStream::new(Liar(0)).with_capacity(20);
    for _ in 0..2 {
        assert_eq!(ready(next(&mut stream)).unwrap().unwrap(), [0; 10][..]);
    }
    let error = violation(ready(next(&mut stream)).unwrap());
    assert_eq!(error, ContractViolation::ReadTooMuch { returned: 21, offered: 20 });
    assert!(ready(next(&mut stream)).is_none());
}

#[test]
fn a_slice_only_reader_is_read_by_slices_in_memory_used_again_and_others_never() {
    /// Counts how it is read.
    #[derive(Default)]
    struct Ways {
        hint: usize,
        cursors: usize,
        slices: usize,
    }
    impl AsyncReadBuf for Ways {
        fn poll_read_into(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            mut cursor: BorrowedCursor<'_>,
        ) -> Poll<io::Result<()>> {
            self.cursors += 1;
            cursor.append(&[1; 50]);
            Poll::Ready(Ok(()))
        }

        fn poll_read_into_slice(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            self.slices += 1;
            Poll::Ready(Ok(50))
        }

        fn init_hint(&self, _: usize) -> usize {
            // Like a shim that reads through its bounce buffer from then on.
            if self.cursors == 0 { self.hint } else { 0 }
        }
    }
    for (hint, ways) in [(0, (6, 0)), (1, (2, 4))] {
        let mut stream = ByteStream::new(Ways { hint, ..Ways::default() }).with_capacity(100);
        for _ in 0..6 {
            assert_eq!(ready(next(&mut stream)).unwrap().unwrap(), [1; 50][..]);
        }
        let reader = stream.into_inner();
        assert_eq!((reader.cursors, reader.slices), ways);
    }
}

#[test]
fn auto_traits_are_those_of_the_reader() {
    use crate::auto_traits::implements;
    use std::marker::PhantomPinned;
    assert!(implements!(ByteStream<u8>: Send + Sync + Unpin + std::panic::UnwindSafe + std::fmt::Debug));
    assert!(!implements!(ByteStream<PhantomPinned>: Unpin));
    assert!(!implements!(ByteStream<Rc<u8>>: Send));
}
