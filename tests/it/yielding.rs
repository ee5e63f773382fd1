//! When a shim yields: which polls return `Pending`, and that nothing else changes.

use std::fmt::Debug;
use std::io::{self, BufRead as _, IoSlice, IoSliceMut, Read as _, SeekFrom};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::FutureExt as _;
use futures::{Sink as _, SinkExt as _, Stream as _, StreamExt as _, stream};
use io_shim::rt::BlockOn;
use io_shim::{
    AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, ByteSink, ByteStream, Ecosystem, Shim, TrackedBuf, owned, spare,
};

use crate::mock::{Script, Step, Wakes, context, ready};
use crate::support::endless::Memory;

/// Polls by hand.
struct Driver {
    wakes: Arc<Wakes>,
    waker: Waker,
    pendings: usize,
}

impl Driver {
    fn new() -> Self {
        let wakes = Arc::new(Wakes::default());
        Driver { waker: wakes.clone().into(), wakes, pendings: 0 }
    }

    /// Polls once. A poll that is not ready must wake the task exactly once, and one that is ready
    /// must not wake it.
    #[track_caller]
    fn poll<T>(&mut self, poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        let before = self.wakes.0.load(Relaxed);
        let poll = poll(&mut Context::from_waker(&self.waker));
        let wakes = self.wakes.0.load(Relaxed) - before;
        assert_eq!(wakes, usize::from(poll.is_pending()), "wakes");
        self.pendings += wakes;
        poll
    }

    /// Polls until ready.
    #[track_caller]
    fn until_ready<T>(&mut self, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
        loop {
            if let Poll::Ready(value) = self.poll(&mut poll) {
                return value;
            }
        }
    }

    #[track_caller]
    fn run<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        self.until_ready(|cx| future.as_mut().poll(cx))
    }
}

/// Polls that often and writes down each result: `r` is ready, `e` is an error, `y` is a yield, and
/// `p` is `Pending` of the inner type. The last two differ in whether the inner type was called.
#[track_caller]
fn trace<T: Debug, S>(
    stream: &mut S,
    polls: usize,
    calls: impl Fn(&S) -> usize,
    mut poll: impl FnMut(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
) -> String
where
    S: Unpin,
{
    let mut driver = Driver::new();
    let mut one = || {
        let before = calls(stream);
        let poll = driver.poll(|cx| poll(Pin::new(stream), cx));
        match (poll, calls(stream) - before) {
            (Poll::Ready(Ok(_)), 1) => 'r',
            (Poll::Ready(Err(_)), 1) => 'e',
            (Poll::Pending, 1) => 'p',
            (Poll::Pending, 0) => 'y',
            (poll, calls) => panic!("{calls} calls for {poll:?}"),
        }
    };
    (0..polls).map(|_| one()).collect()
}

/// Returns how often the inner type was called.
fn calls<E: Ecosystem, V>(shim: &Shim<Memory, E, V>) -> usize {
    shim.get_ref().calls
}

fn read_4<S: AsyncReadBuf>(stream: Pin<&mut S>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    stream.poll_read_into_slice(cx, &mut [0; 4]).map_ok(drop)
}

fn write_4<S: AsyncWrite>(stream: Pin<&mut S>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    stream.poll_write(cx, &[1; 4]).map_ok(drop)
}

/// Checks the reading methods of every ecosystem. A poll that is not ready must fill nothing.
macro_rules! each_read {
    ($each:expr, |$poll:ident, $name:ident| $check:expr) => {{
        let mut bytes = vec![0; $each];
        let $name = "own trait";
        let $poll = |stream: Pin<&mut _>, cx: &mut Context<'_>| {
            let mut buf = io_shim::BorrowedBuf::from(&mut bytes[..]);
            let poll = AsyncReadBuf::poll_read_into(stream, cx, buf.unfilled());
            assert!(poll.is_ready() || buf.filled().is_empty());
            poll
        };
        $check;
        let $name = "own trait, slice";
        let $poll = |stream: Pin<&mut _>, cx: &mut Context<'_>| {
            AsyncReadBuf::poll_read_into_slice(stream, cx, &mut bytes).map_ok(|_| ())
        };
        $check;
        let $name = "tokio";
        let $poll = |stream: Pin<&mut _>, cx: &mut Context<'_>| {
            let mut buf = tokio::io::ReadBuf::new(&mut bytes);
            let poll = tokio::io::AsyncRead::poll_read(stream, cx, &mut buf);
            assert!(poll.is_ready() || buf.filled().is_empty());
            poll
        };
        $check;
        let $name = "futures";
        let $poll = |stream: Pin<&mut _>, cx: &mut Context<'_>| {
            futures::AsyncRead::poll_read(stream, cx, &mut bytes).map_ok(|_| ())
        };
        $check;
        let $name = "futures, vectored";
        let $poll = |stream: Pin<&mut _>, cx: &mut Context<'_>| {
            let mut bufs = [IoSliceMut::new(&mut bytes), IoSliceMut::new(&mut [])];
            futures::AsyncRead::poll_read_vectored(stream, cx, &mut bufs).map_ok(|_| ())
        };
        $check;
        let $name = "hyper";
        let $poll = |stream: Pin<&mut _>, cx: &mut Context<'_>| {
            let mut buf = hyper::rt::ReadBuf::new(&mut bytes);
            let poll = hyper::rt::Read::poll_read(stream, cx, buf.unfilled());
            assert!(poll.is_ready() || buf.filled().is_empty());
            poll
        };
        $check;
    }};
}

/// Checks the writing methods of every ecosystem.
macro_rules! each_write {
    (|$poll:ident, $name:ident| $check:expr) => {{
        let data = [1; 4];
        let bufs = [IoSlice::new(&data), IoSlice::new(&data)];
        each_write!(@ data, bufs, AsyncWrite, "own trait", |$poll, $name| $check);
        each_write!(@ data, bufs, tokio::io::AsyncWrite, "tokio", |$poll, $name| $check);
        each_write!(@ data, bufs, futures::AsyncWrite, "futures", |$poll, $name| $check);
        each_write!(@ data, bufs, hyper::rt::Write, "hyper", |$poll, $name| $check);
    }};
    (@ $data:ident, $bufs:ident, $trait:path, $text:literal, |$poll:ident, $name:ident| $check:expr) => {{
        use $trait as Trait;
        let $name = $text;
        let $poll = |stream: Pin<&mut _>, cx: &mut Context<'_>| Trait::poll_write(stream, cx, &$data);
        $check;
        let $name = concat!($text, ", vectored");
        let $poll = |stream: Pin<&mut _>, cx: &mut Context<'_>| Trait::poll_write_vectored(stream, cx, &$bufs);
        $check;
    }};
}

/// Checks every constructor that reads and writes `Memory`.
macro_rules! each_constructor {
    ($memory:expr, |$shim:ident, $constructor:ident| $check:expr) => {{
        each_constructor!(@ Shim::from_tokio($memory), "from_tokio", |$shim, $constructor| $check);
        each_constructor!(@ Shim::from_futures($memory), "from_futures", |$shim, $constructor| $check);
        each_constructor!(@ Shim::from_hyper($memory), "from_hyper", |$shim, $constructor| $check);
        each_constructor!(@ Shim::new($memory), "new", |$shim, $constructor| $check);
        each_constructor!(@ Shim::allow_std($memory), "allow_std", |$shim, $constructor| $check);
    }};
    (@ $make:expr, $text:literal, |$shim:ident, $constructor:ident| $check:expr) => {{
        let $constructor = $text;
        let $shim = || $make;
        $check;
    }};
}

#[test]
fn a_spent_budget_yields_once_and_calls_nothing() {
    each_constructor!(Memory::new(), |shim, constructor| {
        each_read!(4, |poll, name| {
            let trace = trace(&mut shim().with_budget(3), 11, calls, poll);
            assert_eq!(trace, "rrryrrryrrr", "{constructor}, {name}");
        });
        each_write!(|poll, name| {
            let trace = trace(&mut shim().with_budget(3), 11, calls, poll);
            assert_eq!(trace, "rrryrrryrrr", "{constructor}, {name}");
        });
    });
}

#[test]
fn a_shim_with_a_budget_of_0_never_yields() {
    each_constructor!(Memory::new(), |shim, constructor| {
        each_read!(4, |poll, name| {
            let trace = trace(&mut shim().with_budget(0), 1000, calls, poll);
            assert_eq!(trace, "r".repeat(1000), "{constructor}, {name}");
        });
        each_write!(|poll, name| {
            let trace = trace(&mut shim().with_budget(0), 1000, calls, poll);
            assert_eq!(trace, "r".repeat(1000), "{constructor}, {name}");
        });
    });
}

#[test]
fn without_a_setting_the_budget_is_128() {
    each_constructor!(Memory::new(), |shim, constructor| {
        let expected = "r".repeat(128) + "y" + &"r".repeat(128) + "y";
        each_read!(4, |poll, name| {
            let trace = trace(&mut shim(), 258, calls, poll);
            assert_eq!(trace, expected, "{constructor}, {name}");
        });
        each_write!(|poll, name| {
            let trace = trace(&mut shim(), 258, calls, poll);
            assert_eq!(trace, expected, "{constructor}, {name}");
        });
    });
}

#[test]
fn errors_and_the_end_of_file_count() {
    each_constructor!(Memory::failing(), |shim, constructor| {
        each_read!(4, |poll, name| {
            let trace = trace(&mut shim().with_budget(2), 8, calls, poll);
            assert_eq!(trace, "eeyeeyee", "{constructor}, {name}");
        });
        each_write!(|poll, name| {
            let trace = trace(&mut shim().with_budget(2), 8, calls, poll);
            assert_eq!(trace, "eeyeeyee", "{constructor}, {name}");
        });
    });
    each_constructor!(Memory::empty(), |shim, constructor| {
        each_read!(4, |poll, name| {
            let trace = trace(&mut shim().with_budget(2), 8, calls, poll);
            assert_eq!(trace, "rryrryrr", "{constructor}, {name}");
        });
    });
}

#[test]
fn a_reader_that_was_not_ready_has_its_whole_budget_again() {
    let script = || {
        let data = || Step::Data(vec![1; 4]);
        Script::new([data(), data(), Step::Pending, data(), data(), data(), data(), Step::Pending])
    };
    macro_rules! check {
        ($($constructor:ident)*) => {$(
            each_read!(4, |poll, name| {
                let mut shim = Shim::$constructor(script()).with_budget(3);
                let trace = trace(&mut shim, 9, |shim| shim.get_ref().calls, poll);
                assert_eq!(trace, "rrprrryrp", "{}, {name}", stringify!($constructor));
            });
        )*};
    }
    check!(from_tokio from_futures from_hyper new);
}

#[test]
fn a_writer_that_was_not_ready_has_its_whole_budget_again() {
    // Ready and not ready in turn, so that a budget of 2 lasts for ever.
    let sink = || crate::mock::Sink { pending: Some(true), ..crate::mock::Sink::new(true) };
    macro_rules! check {
        ($($constructor:ident)*) => {$(
            each_write!(|poll, name| {
                let mut shim = Shim::$constructor(sink()).with_budget(2);
                let trace = trace(&mut shim, 10, |shim| shim.get_ref().calls(), poll);
                assert_eq!(trace, "rprprprprp", "{}, {name}", stringify!($constructor));
            });
        )*};
    }
    check!(from_tokio from_futures from_hyper new);
}

/// Returns how many polls yield until `ready` polls were ready.
#[track_caller]
fn yields<S: Unpin>(
    mut stream: S,
    ready: usize,
    mut poll: impl FnMut(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<()>>,
) -> usize {
    let mut driver = Driver::new();
    for _ in 0..ready {
        driver.until_ready(|cx| poll(Pin::new(&mut stream), cx)).unwrap();
    }
    driver.pendings
}

#[test]
#[cfg_attr(miri, ignore = "takes too long")]
fn a_million_short_reads_or_writes_yield_7812_times() {
    const CALLS: usize = 1_000_000;
    assert_eq!(yields(Shim::from_futures(Memory::new()), CALLS, read_4), 7812);
    assert_eq!(yields(Shim::from_futures(Memory::new()).with_budget(0), CALLS, read_4), 0);
    assert_eq!(yields(Shim::from_futures(Memory::new()), CALLS, write_4), 7812);
    assert_eq!(yields(Shim::from_futures(Memory::new()).with_budget(0), CALLS, write_4), 0);
}

/// A call costs 1, and 1 more for each whole 8 KiB. The last call before a yield may cost more than
/// is left.
#[test]
#[cfg_attr(miri, ignore = "takes too long")]
fn large_calls_cost_more() {
    const CALLS: usize = 1001;
    for (len, calls_per_budget) in [(4, 128), (8191, 128), (8192, 64), (16 << 10, 43), (64 << 10, 15), (1 << 20, 1)] {
        let expected = (CALLS - 1) / calls_per_budget;
        each_constructor!(Memory::new(), |shim, constructor| {
            each_read!(len, |poll, name| {
                // hyper's buffer does not tell what is initialized, so the first reads are shorter.
                if name != "hyper" {
                    assert_eq!(yields(shim(), CALLS, poll), expected, "{len} bytes, {constructor}, {name}");
                }
            });
            let data = vec![1; len];
            let write = |shim: Pin<&mut _>, cx: &mut Context<'_>| AsyncWrite::poll_write(shim, cx, &data).map_ok(drop);
            assert_eq!(yields(shim(), CALLS, write), expected, "{len} bytes, {constructor}, writing");
            // Together they are as long.
            let (one, two) = data.split_at(len / 2);
            let bufs = [IoSlice::new(one), IoSlice::new(two)];
            let write =
                |shim: Pin<&mut _>, cx: &mut Context<'_>| AsyncWrite::poll_write_vectored(shim, cx, &bufs).map_ok(drop);
            assert_eq!(yields(shim(), CALLS, write), expected, "{len} bytes, {constructor}, writing vectored");
        });
    }
}

/// All are spent at the same call. The outer shim yields first, then the inner one, whose `Pending`
/// refills the outer one.
#[test]
fn nested_shims_yield_once_each() {
    let two = || Shim::from_tokio(Shim::from_futures(Memory::new()));
    let three = || Shim::new(two());
    assert_eq!(yields(two(), 1281, read_4), 2 * 10);
    assert_eq!(yields(two(), 1281, write_4), 2 * 10);
    assert_eq!(yields(three(), 1281, read_4), 3 * 10);
    assert_eq!(yields(three(), 1281, write_4), 3 * 10);
}

#[test]
fn reads_and_writes_are_counted_apart() {
    each_constructor!(Memory::new(), |shim, constructor| {
        let mut shim = shim().with_budget(3);
        assert_eq!(trace(&mut shim, 3, calls, read_4), "rrr", "{constructor}");
        assert_eq!(trace(&mut shim, 3, calls, write_4), "rrr", "{constructor}");
        assert_eq!(trace(&mut shim, 2, calls, read_4), "yr", "{constructor}");
        assert_eq!(trace(&mut shim, 2, calls, write_4), "yr", "{constructor}");
    });
}

#[test]
fn clones_and_views_keep_the_setting() {
    each_constructor!(Memory::new(), |shim, constructor| {
        macro_rules! check {
            ($($shim:expr, $read:expr;)*) => {$(
                assert_eq!(trace(&mut $shim, 6, calls, $read), "rryrry", "{constructor}, {}", stringify!($shim));
            )*};
        }
        check! {
            shim().with_budget(2).clone(), read_4;
            shim().with_budget(2).for_tokio(), read_4;
            shim().with_budget(2).for_futures(), read_4;
            shim().with_budget(2).for_hyper(), read_4;
            shim().with_budget(2).only::<io_shim::Every>(), read_4;
            shim().for_tokio().with_budget(2), read_4;
        }
    });
}

fn flush_and_close<S>(stream: &mut S)
where
    S: AsyncWrite + tokio::io::AsyncWrite + futures::AsyncWrite + hyper::rt::Write + Unpin,
{
    let (mut stream, mut cx) = (Pin::new(stream), context());
    ready(AsyncWrite::poll_flush(stream.as_mut(), &mut cx)).unwrap();
    ready(AsyncWrite::poll_shutdown(stream.as_mut(), &mut cx)).unwrap();
    ready(tokio::io::AsyncWrite::poll_flush(stream.as_mut(), &mut cx)).unwrap();
    ready(tokio::io::AsyncWrite::poll_shutdown(stream.as_mut(), &mut cx)).unwrap();
    ready(futures::AsyncWrite::poll_flush(stream.as_mut(), &mut cx)).unwrap();
    ready(futures::AsyncWrite::poll_close(stream.as_mut(), &mut cx)).unwrap();
    ready(hyper::rt::Write::poll_flush(stream.as_mut(), &mut cx)).unwrap();
    ready(hyper::rt::Write::poll_shutdown(stream.as_mut(), &mut cx)).unwrap();
}

#[test]
fn flushing_and_closing_never_yield_and_neither_spend_nor_refill() {
    each_constructor!(Memory::new(), |shim, constructor| {
        let mut shim = shim().with_budget(1);
        flush_and_close(&mut shim);
        assert_eq!(trace(&mut shim, 1, calls, write_4), "r", "{constructor}");
        flush_and_close(&mut shim);
        assert_eq!(trace(&mut shim, 1, calls, write_4), "y", "{constructor}");
    });
}

fn seek_to<S>(stream: &mut S, position: u64)
where
    S: AsyncSeek + tokio::io::AsyncSeek + futures::AsyncSeek + Unpin,
{
    let (mut stream, mut cx, start) = (Pin::new(stream), context(), SeekFrom::Start(position));
    assert_eq!(ready(AsyncSeek::poll_seek(stream.as_mut(), &mut cx, start)).unwrap(), position);
    assert_eq!(ready(futures::AsyncSeek::poll_seek(stream.as_mut(), &mut cx, start)).unwrap(), position);
    tokio::io::AsyncSeek::start_seek(stream.as_mut(), start).unwrap();
    assert_eq!(ready(tokio::io::AsyncSeek::poll_complete(stream.as_mut(), &mut cx)).unwrap(), position);
}

#[test]
fn seeking_never_yields_and_neither_spends_nor_refills() {
    macro_rules! check {
        ($($name:literal, $make:expr;)*) => {$(
            let (mut shim, mut bytes) = ($make.with_budget(1), [0; 2]);
            let mut read = |shim: &mut _| AsyncReadBuf::poll_read_into_slice(Pin::new(shim), &mut context(), &mut bytes);
            seek_to(&mut shim, 1);
            assert_eq!(ready(read(&mut shim)).unwrap(), 2, $name);
            seek_to(&mut shim, 3);
            assert!(read(&mut shim).is_pending(), $name);
            seek_to(&mut shim, 3);
            assert_eq!(ready(read(&mut shim)).unwrap(), 2, $name);
            assert_eq!(&bytes, b"lo", $name);
        )*};
    }
    check! {
        "from_tokio", Shim::from_tokio(io::Cursor::new(b"hello".to_vec()));
        "from_futures", Shim::from_futures(futures::io::Cursor::new(b"hello".to_vec()));
        "new", Shim::new(io::Cursor::new(b"hello".to_vec()));
        "allow_std", Shim::allow_std(io::Cursor::new(b"hello".to_vec()));
    }
}

#[test]
fn a_fresh_shim_is_ready_at_once() {
    macro_rules! check {
        ($($name:literal, $make:expr;)*) => {$({
            let read = futures::AsyncReadExt::read(&mut $make, &mut [0; 4]).now_or_never();
            assert_eq!(read.expect($name).unwrap(), 4);
            let mut shim = $make;
            let filled = futures::AsyncBufReadExt::fill_buf(&mut shim).now_or_never();
            assert!(!filled.expect($name).unwrap().is_empty());
            let line = futures::AsyncBufReadExt::lines($make).next().now_or_never();
            assert_eq!(line.expect($name).unwrap().unwrap(), "one");
            let line = tokio::io::AsyncBufReadExt::lines($make).next_line().now_or_never();
            assert_eq!(line.expect($name).unwrap().unwrap(), "one");
        })*};
    }
    const TEXT: &[u8] = b"one\ntwo\n";
    // The least budget there is.
    check! {
        "from_tokio", Shim::from_tokio(TEXT).with_budget(1);
        "from_futures", Shim::from_futures(TEXT).with_budget(1);
        "new", Shim::new(TEXT).with_budget(1);
        "allow_std", Shim::allow_std(TEXT).with_budget(1);
        "from_stream", Shim::from_stream(stream::iter([Ok::<_, io::Error>(TEXT)])).with_budget(1);
    }
    each_constructor!(Memory::new(), |shim, constructor| {
        let write = tokio::io::AsyncWriteExt::write(&mut shim().with_budget(1), b"1234").now_or_never();
        assert_eq!(write.expect(constructor).unwrap(), 4);
    });
    let mut shim = Shim::from_futures(futures::io::Cursor::new(TEXT)).with_budget(1);
    let seek = tokio::io::AsyncSeekExt::seek(&mut shim, SeekFrom::End(-1)).now_or_never();
    assert_eq!(seek.unwrap().unwrap(), 7);
}

/// Checks buffered readers of `text` whose buffers hold 3 bytes and whose budgets have `spent`
/// units less.
macro_rules! each_buffered {
    ($text:expr, $budget:expr, $spent:expr, |$shim:ident, $constructor:ident| $check:expr) => {{
        let text: &[u8] = $text;
        let from_futures_buf = || Shim::from_futures_buf(futures::io::BufReader::with_capacity(3, text)).with_budget($budget);
        let from_tokio_over_buffer = || Shim::from_tokio(tokio::io::BufReader::with_capacity(3, text)).with_budget($budget);
        let allow_std = || Shim::allow_std(io::BufReader::with_capacity(3, text)).with_budget($budget);
        let chunks = || stream::iter(text.chunks(3).map(Ok::<_, io::Error>).collect::<Vec<_>>());
        let from_stream = || Shim::from_stream(chunks()).with_budget($budget);
        let nested = || Shim::new(from_tokio_over_buffer()).with_budget($budget);
        let twice = || Shim::from_futures(nested()).with_budget($budget);
        each_buffered!(@ from_futures_buf $spent, |$shim, $constructor| $check);
        each_buffered!(@ from_tokio_over_buffer $spent, |$shim, $constructor| $check);
        each_buffered!(@ allow_std $spent, |$shim, $constructor| $check);
        each_buffered!(@ from_stream $spent, |$shim, $constructor| $check);
        each_buffered!(@ nested $spent, |$shim, $constructor| $check);
        each_buffered!(@ twice $spent, |$shim, $constructor| $check);
    }};
    (@ $make:ident $spent:expr, |$shim:ident, $constructor:ident| $check:expr) => {{
        let $constructor = stringify!($make);
        let $shim = || {
            let mut shim = $make();
            let spent: usize = $spent;
            for _ in 0..spent {
                Driver::new().until_ready(|cx| AsyncReadBuf::poll_read_into_slice(Pin::new(&mut shim), cx, &mut [0])).unwrap();
            }
            shim
        };
        $check;
    }};
}

/// Lines of 0 to 8 bytes, the last one without its end.
fn text(lines: usize) -> Vec<u8> {
    let line = |i: usize| "abcdefgh"[..i * 5 % 9].to_owned() + "\n";
    let mut text: String = (0..lines).map(line).collect();
    text.push_str("end");
    text.into_bytes()
}

/// Reads in every way, with the budget ending at every place. futures-lite panics if a buffer that
/// had data has none a moment later.
#[test]
#[cfg_attr(miri, ignore = "takes too long")]
fn what_is_read_does_not_depend_on_the_budget() {
    for budget in [0, 1, 2, 3, 4, 5, 128] {
        // Long enough for the budget to end, wherever it begins.
        let text = text(if budget == 128 { 130 } else { 24 });
        for spent in 0..usize::from(budget).max(1) {
            let rest = &text[spent..];
            let lines: Vec<_> = rest.lines().map(Result::unwrap).collect();
            let pieces: Vec<_> = rest.split(|byte| *byte == b'a').map(<[u8]>::to_vec).collect();
            each_buffered!(&text, budget, spent, |shim, constructor| {
                let check = |name: &str, driver: Driver| {
                    let at = format!("{constructor}, {name}, budget {budget}, {spent} spent");
                    assert_eq!(driver.pendings > 0, budget > 0, "{at}: {} yields", driver.pendings);
                };
                let mut driver = Driver::new();
                let read = driver.run(all(tokio::io::AsyncBufReadExt::lines(shim())));
                assert_eq!(read, lines);
                check("lines of tokio", driver);

                let mut driver = Driver::new();
                let read: Vec<_> = driver.run(futures::AsyncBufReadExt::lines(shim()).map(Result::unwrap).collect());
                assert_eq!(read, lines);
                check("lines of futures", driver);

                let mut driver = Driver::new();
                let read: Vec<_> = driver.run(smol::io::AsyncBufReadExt::lines(shim()).map(Result::unwrap).collect());
                assert_eq!(read, lines);
                check("lines of futures-lite", driver);

                let mut driver = Driver::new();
                let split = smol::io::AsyncBufReadExt::split(shim(), b'a').map(Result::unwrap);
                let read: Vec<_> = driver.run(split.collect());
                assert_eq!(read, pieces);
                check("split of futures-lite", driver);

                macro_rules! until {
                    ($name:literal, $trait:path) => {
                        let (mut driver, mut shim, mut all) = (Driver::new(), shim(), Vec::new());
                        loop {
                            use $trait as Trait;
                            let mut piece = Vec::new();
                            let n = driver.run(Trait::read_until(&mut shim, b'\n', &mut piece)).unwrap();
                            assert_eq!(n, piece.len());
                            if n == 0 {
                                break;
                            }
                            all.push(String::from_utf8(piece).unwrap().trim_end_matches('\n').to_owned());
                        }
                        assert_eq!(all, lines);
                        check($name, driver);
                    };
                }
                until!("read_until of tokio", tokio::io::AsyncBufReadExt);
                until!("read_until of futures", futures::AsyncBufReadExt);
                until!("read_until of futures-lite", smol::io::AsyncBufReadExt);

                macro_rules! fill {
                    ($name:literal, $trait:path) => {
                        let (mut driver, mut shim, mut all) = (Driver::new(), shim(), Vec::new());
                        loop {
                            use $trait as Trait;
                            let filled = driver.run(Trait::fill_buf(&mut shim)).unwrap().to_vec();
                            if filled.is_empty() {
                                break;
                            }
                            // Consumes a part, so that the buffer keeps data.
                            let n = filled.len().div_ceil(2);
                            all.extend_from_slice(&filled[..n]);
                            AsyncBufRead::consume(Pin::new(&mut shim), n);
                        }
                        assert_eq!(all, rest);
                        check($name, driver);
                    };
                }
                fill!("fill_buf of tokio", tokio::io::AsyncBufReadExt);
                fill!("fill_buf of futures", futures::AsyncBufReadExt);
                fill!("fill_buf of futures-lite", smol::io::AsyncBufReadExt);

                let read: Vec<_> = BlockOn::new(shim()).lines().map(Result::unwrap).collect();
                assert_eq!(read, lines, "{constructor}, BlockOn, budget {budget}, {spent} spent");
            });
        }
    }
}

/// Reads all lines. Those of tokio are not a stream.
async fn all<R: tokio::io::AsyncBufRead + Unpin>(mut lines: tokio::io::Lines<R>) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        all.push(line);
    }
    all
}

#[test]
fn a_filled_buffer_stays_filled_until_it_is_consumed() {
    for budget in 1..=3_u16 {
        each_buffered!(&text(40), budget, 0, |shim, constructor| {
            let mut shim = shim();
            let mut driver = Driver::new();
            let mut yields = 0;
            for _ in 0..20 {
                let before = driver.pendings;
                driver.until_ready(|cx| Pin::new(&mut shim).poll_fill_buf(cx).map_ok(<[u8]>::len)).unwrap();
                yields += driver.pendings - before;
                for _ in 0..usize::from(budget) + 2 {
                    let filled = ready(driver.poll(|cx| Pin::new(&mut shim).poll_fill_buf(cx).map_ok(<[u8]>::len)));
                    assert!(filled.unwrap() > 0, "{constructor}, budget {budget}");
                    // Consuming nothing changes nothing.
                    AsyncBufRead::consume(Pin::new(&mut shim), 0);
                }
                AsyncBufRead::consume(Pin::new(&mut shim), 1);
            }
            let layers = match constructor {
                "nested" => 2,
                "twice" => 3,
                _ => 1,
            };
            assert_eq!(yields, layers * (19 / usize::from(budget)), "{constructor}, budget {budget}");
        });
    }
}

#[test]
fn reads_and_consumption_spend_the_same_budget() {
    each_buffered!(&text(40), 4, 0, |shim, constructor| {
        let mut shim = shim();
        for _ in 0..2 {
            ready(AsyncReadBuf::poll_read_into_slice(Pin::new(&mut shim), &mut context(), &mut [0])).unwrap();
            ready(Pin::new(&mut shim).poll_fill_buf(&mut context()).map_ok(<[u8]>::len)).unwrap();
            AsyncBufRead::consume(Pin::new(&mut shim), 1);
        }
        assert!(Pin::new(&mut shim).poll_fill_buf(&mut context()).is_pending(), "{constructor}");
    });
}

#[test]
fn operations_over_what_is_no_shim_yield() {
    let mut driver = Driver::new();
    let mut buf = TrackedBuf::new();
    driver.run(owned::read_exact(&mut Memory::one_byte(), &mut buf, 1281)).unwrap();
    assert_eq!((buf.len(), driver.pendings), (1281, 10));

    // Calls that are ready at once count, too: the buffer has the budget.
    let mut driver = Driver::new();
    let mut buf = TrackedBuf::new();
    for _ in 0..1281 {
        assert_eq!(driver.run(owned::read_buf(&mut Memory::one_byte(), &mut buf, 1)).unwrap(), 1);
    }
    assert_eq!((buf.len(), driver.pendings), (1281, 10));

    // 1280 bytes, and the end of file.
    let mut driver = Driver::new();
    let mut buf = TrackedBuf::new();
    driver.run(owned::read_to_end(&mut Script::reads(1280, 1), &mut buf)).unwrap();
    assert_eq!((buf.len(), driver.pendings), (1280, 10));
    let mut driver = Driver::new();
    let mut buf = TrackedBuf::new();
    driver.run(owned::read_to_end_within(&mut Script::reads(1280, 1), &mut buf, 2000)).unwrap();
    assert_eq!((buf.len(), driver.pendings), (1280, 10));

    let mut driver = Driver::new();
    let mut writer = crate::mock::Sink::new(true);
    let copied = driver.run(owned::copy(&mut Script::reads(1280, 1), &mut writer, &mut TrackedBuf::new())).unwrap();
    assert_eq!((copied, writer.data.len()), (1280, 1280));
    assert!((10..=20).contains(&driver.pendings), "{}", driver.pendings);
}

#[test]
fn byte_streams_and_byte_sinks_over_what_is_no_shim_yield() {
    let mut driver = Driver::new();
    let mut chunks = ByteStream::new(Memory::one_byte());
    for _ in 0..1281 {
        assert_eq!(driver.run(chunks.next()).unwrap().unwrap(), "\n");
    }
    assert_eq!((driver.pendings, chunks.get_ref().calls), (10, 1281));

    let mut driver = Driver::new();
    let mut sink = ByteSink::new(Memory::new());
    for _ in 0..1281 {
        driver.run(sink.send(Bytes::from_static(b"1234"))).unwrap();
    }
    assert_eq!((driver.pendings, sink.get_ref().calls), (10, 1281));
}

/// A shim counts for the stream or sink that is made of it, so its setting holds there.
#[test]
fn byte_streams_and_byte_sinks_of_a_shim_leave_the_counting_to_it() {
    for (budget, pendings) in [(0, 0), (128, 10)] {
        let mut driver = Driver::new();
        let mut chunks = Shim::new(Memory::one_byte()).with_budget(budget).into_byte_stream();
        for _ in 0..1281 {
            assert_eq!(driver.run(chunks.next()).unwrap().unwrap(), "\n");
        }
        assert_eq!(driver.pendings, pendings);

        let mut driver = Driver::new();
        let mut sink = Shim::new(Memory::new()).with_budget(budget).into_byte_sink();
        for _ in 0..1281 {
            driver.run(sink.send(Bytes::from_static(b"1234"))).unwrap();
        }
        assert_eq!(driver.pendings, pendings);
    }
}

#[test]
fn a_fresh_byte_stream_or_byte_sink_is_ready_at_once() {
    let mut chunks = ByteStream::new(Memory::one_byte());
    let chunk = ready(Pin::new(&mut chunks).poll_next(&mut context()));
    assert_eq!(chunk.unwrap().unwrap(), "\n");
    let mut sink = ByteSink::new(Memory::new());
    ready(Pin::new(&mut sink).poll_ready(&mut context())).unwrap();
    Pin::new(&mut sink).start_send(Bytes::from_static(b"1234")).unwrap();
    ready(Pin::new(&mut sink).poll_flush(&mut context())).unwrap();
    assert_eq!(sink.get_ref().calls, 1);
}

/// A tokio thread polls up to 61 tasks before it looks at its timers. A task that yields must wait
/// for the timers, not for one of these polls.
#[test]
#[cfg_attr(miri, ignore = "takes too long")]
fn a_yield_lets_the_timers_of_a_tokio_thread_fire() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let late = runtime.block_on(async {
        let start = Instant::now();
        let slow = Memory::slow(Duration::from_millis(5));
        let reading = tokio::spawn(async move {
            let mut shim = Shim::from_futures(slow);
            let mut memory = Vec::with_capacity(1 << 20);
            // It ends by itself, so that a failure does not hang the test.
            while start.elapsed() < Duration::from_secs(2) {
                memory.clear();
                std::future::poll_fn(|cx| Pin::new(&mut shim).poll_read_into(cx, spare(&mut memory).unfilled()))
                    .await
                    .unwrap();
            }
        });
        tokio::spawn(tokio::time::sleep(Duration::from_millis(10))).await.unwrap();
        reading.abort();
        start.elapsed()
    });
    assert!(late < Duration::from_millis(200), "10 ms took {late:?}");
}

/// Before 1.44.1, tokio kept the wake-up of `yield_now` until `block_in_place` ended.
#[test]
#[cfg_attr(miri, ignore = "takes too long")]
fn a_yield_in_block_in_place_wakes_the_task() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let read = || BlockOn::new(Shim::from_tokio(Memory::one_byte())).read_exact(&mut [0; 1000]);
        let task = runtime.spawn(async move { tokio::task::block_in_place(read) });
        done.send(runtime.block_on(task).unwrap()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(20)).expect("the reader still waits").unwrap();
}

/// The task waits for the reader then, so the next yield of a read is one of its own.
#[test]
fn a_look_that_is_not_ready_answers_the_yield_of_a_write() {
    let steps = [Step::Pending, Step::Data(b"ab".to_vec())];
    let reader = tokio::io::BufReader::new(Script::new(steps));
    let mut shim = Shim::from_tokio(tokio::io::join(reader, tokio::io::sink())).with_budget(1);
    let mut cx = context();
    assert!(Pin::new(&mut shim).poll_write(&mut cx, b"x").is_ready());
    assert!(Pin::new(&mut shim).poll_write(&mut cx, b"x").is_pending(), "the budget is spent");
    assert!(Pin::new(&mut shim).poll_fill_buf(&mut cx).is_pending(), "the reader is not ready");
    assert_eq!(ready(Pin::new(&mut shim).poll_read_into_slice(&mut cx, &mut [0])).unwrap(), 1);
    assert!(Pin::new(&mut shim).poll_read_into_slice(&mut cx, &mut [0]).is_pending(), "the budget is spent");
    assert!(Pin::new(&mut shim).poll_write(&mut cx, b"x").is_pending(), "reads have yielded, so writes do");
}
