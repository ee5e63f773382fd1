//! The watermark: no byte of a buffer is zeroed twice, over any polls and through any layers.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use io_shim::{AsyncReadBuf, BorrowedBuf, Offer, Shim};
use proptest::prelude::*;
use tokio::io::{AsyncRead, ReadBuf};

use crate::mock::{SENTINEL, Script, Step, config, context, ready, sentinels, zeroes};

/// Returns data without zeroes, so that every zero in memory comes from zeroing.
fn data() -> impl Strategy<Value = Vec<u8>> {
    (1usize..6000, 1u8..=150)
        .prop_map(|(len, first)| (0..len).map(|i| first.wrapping_add((i % 100) as u8).max(1)).collect())
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => data().prop_map(Step::Data),
        2 => data().prop_map(Step::Initialized),
        3 => Just(Step::Pending),
        1 => Just(Step::Error(io::ErrorKind::TimedOut)),
    ];
    proptest::collection::vec(step, 1..40)
}

/// The memory of one buffer, and how often each byte was zeroed.
struct Watched {
    memory: Vec<MaybeUninit<u8>>,
    zeroed: Vec<u8>,
}

impl Watched {
    fn new(capacity: usize) -> Self {
        Watched { memory: sentinels(capacity), zeroed: vec![0; capacity] }
    }

    /// Counts the zeroes past `filled` and covers them with sentinels again.
    fn look(&mut self, filled: usize) {
        for (byte, count) in self.memory[filled..].iter_mut().zip(&mut self.zeroed[filled..]) {
            // SAFETY: the memory was initialized with sentinels, and nothing de-initializes it.
            if unsafe { byte.assume_init() } == 0 {
                *count += 1;
                byte.write(SENTINEL);
            }
        }
    }
}

/// Reads all of a script into one held buffer after another and checks data, order and zeroing.
pub fn check<R: AsyncRead + Unpin>(mut reader: R, steps: &[Step], capacity: usize) {
    let expected: Vec<u8> = steps
        .iter()
        .flat_map(|step| match step {
            Step::Data(data) | Step::Initialized(data) => &data[..],
            _ => &[],
        })
        .copied()
        .collect();
    let mut received = Vec::new();
    let mut errors = 0;
    while received.len() < expected.len() {
        let mut watched = Watched::new(capacity);
        let (mut filled, mut init) = (0, 0);
        while filled < capacity && received.len() + filled < expected.len() {
            let mut buf = ReadBuf::uninit(&mut watched.memory);
            // SAFETY: the buffer of the last round reported that many initialized bytes.
            unsafe { buf.assume_init(init) };
            buf.set_filled(filled);
            match Pin::new(&mut reader).poll_read(&mut context(), &mut buf) {
                Poll::Ready(Ok(())) => assert!(buf.filled().len() > filled, "end of file before the end"),
                Poll::Ready(Err(error)) => {
                    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
                    errors += 1;
                    assert_eq!(buf.filled().len(), filled);
                }
                Poll::Pending => assert_eq!(buf.filled().len(), filled),
            }
            assert!(buf.initialized().len() >= init, "the watermark went down");
            (filled, init) = (buf.filled().len(), buf.initialized().len());
            watched.look(filled);
        }
        assert!(watched.zeroed.iter().all(|&count| count <= 1), "a byte was zeroed twice");
        // SAFETY: the memory was initialized with sentinels, and nothing de-initializes it.
        received.extend(watched.memory[..filled].iter().map(|byte| unsafe { byte.assume_init() }));
    }
    assert!(received == expected, "the data differs");
    assert!(errors <= steps.iter().filter(|step| matches!(step, Step::Error(_))).count());
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn nothing_is_zeroed_twice_through_layers(steps in steps(), capacity in 1usize..70_000) {
        let script = || Script::new(steps.clone());
        check(Shim::from_tokio(script()), &steps, capacity);
        check(Shim::from_futures(script()), &steps, capacity);
        check(Shim::new(script()), &steps, capacity);
        check(Shim::from_tokio(Shim::from_futures(Shim::from_tokio(script()))), &steps, capacity);
        check(Shim::new(Shim::from_tokio(Shim::new(script()))), &steps, capacity);
        check(Shim::from_futures(Box::pin(Shim::from_tokio(Shim::from_futures(script())))), &steps, capacity);
        check(Shim::from_futures(Shim::from_hyper(Shim::from_futures(script()))), &steps, capacity);
        check(Shim::from_futures(script()).with_offer(Offer::Whole), &steps, capacity);
        check(Shim::from_futures(script()).with_offer(Offer::bounce(999)), &steps, capacity);
    }
}

#[test]
fn the_watermark_of_a_tokio_buffer_reaches_a_tokio_reader_and_comes_back() {
    let mut shim = Shim::new(Shim::from_tokio(Script::new([Step::Initialized(vec![1; 10])])));
    let mut memory = sentinels(100);
    let mut buf = ReadBuf::uninit(&mut memory);
    buf.initialize_unfilled_to(40).fill(9);
    assert!(matches!(Pin::new(&mut shim).poll_read(&mut context(), &mut buf), Poll::Ready(Ok(()))));
    assert_eq!((buf.filled(), buf.initialized().len()), (&[1; 10][..], 100));
    // The bytes that were initialized before kept their values; the rest was zeroed.
    assert_eq!(buf.initialized()[10..40], [9; 30]);
    assert_eq!(buf.initialized()[40..], [0; 60]);
}

/// Polls into poisoned, initialized memory through the trait of every caller, repeatedly. Returns
/// the callers whose memory was changed beyond what was read.
fn touched<R>(mut reader: R, capacity: usize) -> Vec<&'static str>
where
    R: AsyncRead + futures::io::AsyncRead + hyper::rt::Read + AsyncReadBuf + Unpin,
{
    const POISON: u8 = 7;
    let mut cx = context();
    let mut touched = Vec::new();
    for caller in ["tokio", "futures", "io-shim", "hyper"].repeat(8) {
        let mut memory = vec![POISON; capacity];
        let n = match caller {
            "tokio" => {
                let mut buf = ReadBuf::new(&mut memory);
                ready(AsyncRead::poll_read(Pin::new(&mut reader), &mut cx, &mut buf)).unwrap();
                buf.filled().len()
            }
            "futures" => ready(futures::io::AsyncRead::poll_read(Pin::new(&mut reader), &mut cx, &mut memory)).unwrap(),
            "io-shim" => {
                let mut buf = BorrowedBuf::from(&mut memory[..]);
                ready(Pin::new(&mut reader).poll_read_into(&mut cx, buf.unfilled())).unwrap();
                buf.filled().len()
            }
            _ => {
                let mut buf = hyper::rt::ReadBuf::new(&mut memory);
                ready(hyper::rt::Read::poll_read(Pin::new(&mut reader), &mut cx, buf.unfilled())).unwrap();
                buf.filled().len()
            }
        };
        assert!(n > 0, "the script is too short");
        if memory[n..] != vec![POISON; capacity - n] && !touched.contains(&caller) {
            touched.push(caller);
        }
    }
    touched
}

#[test]
fn initialised_memory_is_left_alone_beyond_what_is_read_through_layers_of_hypers() {
    for capacity in [100, 3000, 70_000] {
        for len in [10, 1460, 5000] {
            let script = || Script::reads(200, len);
            let none: [&str; 0] = [];
            // A reader with io-shim's trait that appends, in any stack.
            assert_eq!(touched(Shim::from_hyper(Shim::new(script())), capacity), none);
            let stack = Shim::from_hyper(Shim::from_tokio(Shim::from_hyper(Shim::new(script()))));
            assert_eq!(touched(stack, capacity), none);
            let stack = Shim::from_tokio(Shim::from_hyper(Shim::from_tokio(Shim::new(script()))));
            assert_eq!(touched(stack, capacity), none);
        }
    }
}

/// hyper's buffer does not report what is initialized, but the shim that passes it on does. A hyper
/// caller's own buffer reports nothing, so a slice-only reader zeroes it. (hyper's HTTP/1 passes
/// no initialized memory.)
#[test]
fn initialised_memory_of_callers_other_than_hyper_is_left_alone_by_a_slice_only_reader() {
    for capacity in [100, 3000, 70_000] {
        for len in [10, 1460, 5000] {
            let script = || Script::reads(200, len);
            let known = |touched: Vec<&'static str>| touched.iter().all(|&caller| caller == "hyper");
            assert!(known(touched(Shim::from_futures(script()), capacity)), "{capacity} {len}");
            let stack = Shim::from_futures(Shim::from_hyper(Shim::from_tokio(script())));
            assert!(known(touched(stack, capacity)), "{capacity} {len}");
            let stack = Shim::from_hyper(Shim::from_tokio(Shim::from_hyper(Shim::from_futures(script()))));
            assert!(known(touched(stack, capacity)), "{capacity} {len}");
            let stack = Shim::from_tokio(Shim::from_hyper(Shim::from_tokio(Shim::from_futures(script()))));
            assert!(known(touched(stack, capacity)), "{capacity} {len}");
        }
    }
}

/// A hyper reader that is not a shim would lose what it initialized beyond what it filled, together
/// with its buffer. A shim reports it.
#[test]
fn nothing_is_zeroed_twice_through_layers_of_hypers() {
    let lens = [10, 1460, 3000, 5000, 100, 2048];
    let data = |i: usize| vec![1; lens[i % lens.len()]];
    let steps: Vec<_> =
        (0..60).map(|i| if i % 4 == 0 { Step::Initialized(data(i)) } else { Step::Data(data(i)) }).collect();
    let script = || Script::new(steps.clone());
    for capacity in [100, 3000, 70_000] {
        check(Shim::from_hyper(Shim::from_futures(script())), &steps, capacity);
        check(Shim::from_hyper(Shim::from_tokio(script())), &steps, capacity);
        check(Shim::from_hyper(Shim::new(script())), &steps, capacity);
        check(Shim::from_hyper(Shim::from_tokio(Shim::from_hyper(Shim::from_futures(script())))), &steps, capacity);
        check(Shim::from_tokio(Shim::from_hyper(Shim::from_hyper(Shim::from_tokio(script())))), &steps, capacity);
    }
}

/// A hyper reader between two shims that writes a prefix before what it forwards, and panics at the
/// end.
struct Prefixed<R>(R, usize);

impl<R: hyper::rt::Read + Unpin> hyper::rt::Read for Prefixed<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.1 += 1;
        assert!(self.1 < 5, "a hostile panic");
        buf.put_slice(b"prefix");
        // A buffer of its own does not affect the caller's.
        let mut own = [std::mem::MaybeUninit::uninit(); 10];
        let mut own = hyper::rt::ReadBuf::uninit(&mut own);
        ready(Pin::new(&mut self.0).poll_read(cx, own.unfilled())).unwrap();
        assert_eq!(own.filled(), [1; 10]);
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

#[test]
fn what_is_known_of_passed_memory_is_right_for_a_part_of_it_and_gone_after_the_call() {
    let mut shim = Shim::from_hyper(Prefixed(Shim::from_futures(Script::reads(100, 300)), 0));
    for round in 1..5 {
        let mut watched = Watched::new(3000);
        let mut buf = BorrowedBuf::from(&mut watched.memory[..]);
        buf.unfilled().ensure_init_to(20 * round);
        ready(Pin::new(&mut shim).poll_read_into(&mut context(), buf.unfilled())).unwrap();
        assert_eq!((&buf.filled()[..6], buf.filled().len()), (&b"prefix"[..], 296));
        assert!(buf.init_len() >= 296);
    }
    let mut memory = [7; 100];
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        let _ = Pin::new(&mut shim).poll_read_into(&mut context(), buf.unfilled());
    }));
    assert!(panicked.is_err());
    // The same memory in a hyper buffer of the caller, for which nothing is recorded: all that the
    // reader gets is zeroed.
    let mut reader = Shim::from_tokio(Shim::from_futures(Script::reads(1, 3)));
    let mut buf = hyper::rt::ReadBuf::new(&mut memory);
    ready(hyper::rt::Read::poll_read(Pin::new(&mut reader), &mut context(), buf.unfilled())).unwrap();
    assert_eq!(memory[3..], [0; 97]);
}

/// A hyper reader that first lets a shim read into memory of its own, next to the memory that it
/// was passed.
struct ReadsBeside<'a>([&'a mut [MaybeUninit<u8>]; 2]);

impl hyper::rt::Read for ReadsBeside<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        for memory in &mut self.0 {
            let mut inner = Shim::from_futures(Script::reads(1, 3)).with_offer(Offer::Whole);
            let mut own = hyper::rt::ReadBuf::uninit(memory);
            ready(hyper::rt::Read::poll_read(Pin::new(&mut inner), cx, own.unfilled())).unwrap();
        }
        buf.put_slice(b"read");
        Poll::Ready(Ok(()))
    }
}

#[test]
fn memory_next_to_what_was_passed_is_not_taken_for_a_part_of_it() {
    // Memory that is all initialized goes another way: as a slice.
    for known in [5, 10] {
        let mut memory = sentinels(30);
        let (before, rest) = memory.split_at_mut(10);
        let (passed, after) = rest.split_at_mut(10);
        let mut buf = BorrowedBuf::from(passed);
        buf.unfilled().ensure_init_to(known);
        let mut shim = Shim::from_hyper(ReadsBeside([before, after]));
        ready(Pin::new(&mut shim).poll_read_into(&mut context(), buf.unfilled())).unwrap();
        assert_eq!((buf.filled(), buf.init_len()), (&b"read"[..], known));
        assert_eq!((zeroes(&memory[..10]), zeroes(&memory[20..])), (7, 7), "not zeroed for the reader");
    }
}

/// Reads into one buffer, and checks after each read that no byte counts as initialized that was
/// not written.
fn counts_only_what_was_written(mut reader: impl AsyncReadBuf + Unpin) {
    let mut memory = sentinels(20_000);
    let (mut filled, mut init) = (0, 0);
    for _ in 0..3 {
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        // SAFETY: the buffer of the last round reported that many initialized bytes.
        unsafe { buf.set_init(init) };
        buf.unfilled().advance_checked(filled);
        ready(Pin::new(&mut reader).poll_read_into(&mut context(), buf.unfilled())).unwrap();
        (filled, init) = (buf.filled().len(), buf.init_len());
        // SAFETY: the memory was initialized with sentinels, and nothing de-initializes it.
        let written = memory.iter().take_while(|byte| unsafe { byte.assume_init() } != SENTINEL).count();
        assert_eq!(init, written);
    }
}

#[test]
fn nothing_counts_as_initialised_that_was_not_written() {
    let script = || Script::reads(9, 100);
    counts_only_what_was_written(Shim::from_tokio(script()));
    counts_only_what_was_written(Shim::from_futures(script()));
    counts_only_what_was_written(Shim::new(script()));
    // A hyper reader that is not a shim, and shims between which hyper's buffer is passed.
    counts_only_what_was_written(Shim::from_hyper(script()));
    counts_only_what_was_written(Shim::from_hyper(Shim::from_tokio(script())));
    counts_only_what_was_written(Shim::from_hyper(Shim::from_futures(script())));
    counts_only_what_was_written(Shim::from_hyper(Shim::from_tokio(Shim::from_hyper(Shim::new(script())))));
}

/// A reader that is not ready at first. It counts the zeroes of each slice, and overwrites them.
#[derive(Default)]
struct Scribbles(Vec<usize>);

impl futures::io::AsyncRead for Scribbles {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.push(slice.iter().filter(|&&byte| byte == 0).count());
        slice.fill(SENTINEL);
        if self.0.len() < 3 { Poll::Pending } else { Poll::Ready(Ok(100)) }
    }
}

/// For a shim that hyper itself calls, each poll is one with a new buffer.
#[test]
fn a_buffer_that_is_polled_again_after_pending_is_zeroed_again_if_it_is_hypers() {
    let shim = || Shim::from_futures(Scribbles::default());
    let mut memory = sentinels(20_000);

    let mut hyper = shim();
    let mut buf = hyper::rt::ReadBuf::uninit(&mut memory);
    while hyper::rt::Read::poll_read(Pin::new(&mut hyper), &mut context(), buf.unfilled()).is_pending() {}
    assert_eq!((buf.filled().len(), &hyper.get_ref().0[..]), (100, &[8192, 8192, 8192][..]));

    let mut nested = Shim::from_hyper(shim());
    let mut buf = ReadBuf::uninit(&mut memory);
    while AsyncRead::poll_read(Pin::new(&mut nested), &mut context(), &mut buf).is_pending() {}
    assert_eq!((buf.filled().len(), &nested.get_ref().get_ref().0[..]), (100, &[8192, 0, 0][..]));
}

/// A hyper reader between two shims that first makes an empty read of its own.
struct ReadsNothingFirst(Shim<Noting, io_shim::Futures>);

/// Counts the offered bytes that hold the earlier data.
struct Noting(std::rc::Rc<std::cell::Cell<usize>>);

impl futures::io::AsyncRead for Noting {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.set(slice.iter().filter(|&&byte| byte == 0xAA).count());
        Poll::Ready(Ok(1))
    }
}

impl hyper::rt::Read for ReadsNothingFirst {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut other = Shim::from_hyper(Shim::new(&b""[..]));
        assert_eq!(ready(Pin::new(&mut other).poll_read_into_slice(cx, &mut [])).unwrap(), 0);
        let mut none = BorrowedBuf::from(&mut [][..] as &mut [std::mem::MaybeUninit<u8>]);
        ready(Pin::new(&mut other).poll_read_into(cx, none.unfilled())).unwrap();
        hyper::rt::Read::poll_read(Pin::new(&mut self.0), cx, buf)
    }
}

#[test]
fn an_empty_read_inside_a_read_of_hypers_does_not_make_what_is_initialised_be_forgotten() {
    let seen = std::rc::Rc::default();
    let inner = Shim::from_futures(Noting(std::rc::Rc::clone(&seen))).with_offer(io_shim::Offer::Whole);
    let mut shim = Shim::from_hyper(ReadsNothingFirst(inner));
    let mut memory = [std::mem::MaybeUninit::uninit(); 4096];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    buf.unfilled().ensure_init_to(4000).fill(0xAA);
    ready(Pin::new(&mut shim).poll_read_into(&mut context(), buf.unfilled())).unwrap();
    assert_eq!(seen.get(), 4000, "bytes that were initialized were zeroed again");
}
