//! Counts the instructions of a poll, exactly.
//!
//! `cargo bench --bench poll_cost` runs itself under valgrind, which must be installed. Each case
//! runs twice. The cost of a poll is the difference in instructions, divided by the difference in
//! polls. The inner readers and writers do almost nothing, so the conversion causes most of the
//! cost.
//!
//! Each reader and writer is passed to `black_box` once, so that its fields stay in memory, as they
//! do in a task.
//!
//! A pending poll is repeated and not counted, so a read or write includes its share of the yields.

#[path = "shared/callgrind.rs"]
mod callgrind;

use std::hint::black_box;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use hyper_util::rt::TokioIo;
use io_shim::{AsyncReadBuf, BorrowedBuf, BorrowedCursor, Shim};
use tokio::io::ReadBuf;
use tokio_util::compat::FuturesAsyncReadCompatExt as _;

/// A reader of `N` bytes a call, and a writer that accepts everything.
struct Inner<const N: usize = 8>([u8; N]);

impl<const N: usize> tokio::io::AsyncRead for Inner<N> {
    #[inline(never)]
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        buf.put_slice(&self.0);
        black_box(Poll::Ready(Ok(())))
    }
}

impl<const N: usize> futures::io::AsyncRead for Inner<N> {
    #[inline(never)]
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        slice[..N].copy_from_slice(&self.0);
        black_box(Poll::Ready(Ok(N)))
    }
}

impl<const N: usize> hyper::rt::Read for Inner<N> {
    #[inline(never)]
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        buf.put_slice(&self.0);
        black_box(Poll::Ready(Ok(())))
    }
}

impl AsyncReadBuf for Inner {
    #[inline(never)]
    fn poll_read_into(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        cursor.append(&self.0);
        black_box(Poll::Ready(Ok(())))
    }
}

/// Implements a write trait.
macro_rules! takes_all {
    ($trait:path, $close:ident) => {
        impl $trait for Inner {
            #[inline(never)]
            fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                black_box(Poll::Ready(Ok(data.len())))
            }

            #[inline(never)]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                black_box(Poll::Ready(Ok(bufs[0].len() + bufs[1].len())))
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn $close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
        }
    };
}

takes_all!(tokio::io::AsyncWrite, poll_shutdown);
takes_all!(futures::io::AsyncWrite, poll_close);

/// Calls `poll` until it was ready that many times. A yield costs one more call, with a new buffer.
#[inline(always)]
fn polls(polls: usize, mut poll: impl FnMut() -> Poll<()>) {
    let mut ready = 0;
    while ready < polls {
        if poll().is_ready() {
            ready += 1;
        }
    }
}

// `N` is the size of a read. `LEN` is the size of the buffer.

fn tokio_slice<const N: usize, const LEN: usize>(reader: impl tokio::io::AsyncRead, n: usize) {
    let mut reader = pin!(reader);
    black_box(&mut reader);
    let mut cx = Context::from_waker(Waker::noop());
    let mut bytes = [0; LEN];
    polls(n, || {
        let mut buf = ReadBuf::new(black_box(&mut bytes));
        let poll = reader.as_mut().poll_read(&mut cx, &mut buf).map(Result::unwrap);
        assert!(poll.is_pending() || black_box(buf.filled().len()) == N);
        poll
    });
}

fn tokio_uninit<R: tokio::io::AsyncRead>(reader: R, n: usize) {
    let mut reader = pin!(reader);
    black_box(&mut reader);
    let mut cx = Context::from_waker(Waker::noop());
    let mut memory = [std::mem::MaybeUninit::uninit(); 64];
    polls(n, || {
        let mut buf = ReadBuf::uninit(black_box(&mut memory));
        let poll = reader.as_mut().poll_read(&mut cx, &mut buf).map(Result::unwrap);
        assert!(poll.is_pending() || black_box(buf.filled().len()) == 8);
        poll
    });
}

fn futures_slice<const N: usize, const LEN: usize>(reader: impl futures::io::AsyncRead, n: usize) {
    let mut reader = pin!(reader);
    black_box(&mut reader);
    let mut cx = Context::from_waker(Waker::noop());
    let mut bytes = [0; LEN];
    polls(n, || {
        let poll = reader.as_mut().poll_read(&mut cx, black_box(&mut bytes)).map(Result::unwrap);
        poll.map(|n| assert!(black_box(n) == N))
    });
}

fn hyper_slice<const N: usize, const LEN: usize>(reader: impl hyper::rt::Read, n: usize) {
    let mut reader = pin!(reader);
    black_box(&mut reader);
    let mut cx = Context::from_waker(Waker::noop());
    let mut bytes = [0; LEN];
    polls(n, || {
        let mut buf = hyper::rt::ReadBuf::new(black_box(&mut bytes));
        let poll = reader.as_mut().poll_read(&mut cx, buf.unfilled()).map(Result::unwrap);
        assert!(poll.is_pending() || black_box(buf.filled().len()) == N);
        poll
    });
}

fn io_shim_uninit<R: AsyncReadBuf>(reader: R, n: usize) {
    let mut reader = pin!(reader);
    black_box(&mut reader);
    let mut cx = Context::from_waker(Waker::noop());
    let mut memory = [std::mem::MaybeUninit::uninit(); 64];
    polls(n, || {
        let mut buf = BorrowedBuf::from(&mut black_box(&mut memory)[..]);
        let poll = reader.as_mut().poll_read_into(&mut cx, buf.unfilled()).map(Result::unwrap);
        assert!(poll.is_pending() || black_box(buf.filled().len()) == 8);
        poll
    });
}

fn tokio_vectored<W: tokio::io::AsyncWrite>(writer: W, n: usize) {
    let mut writer = pin!(writer);
    black_box(&mut writer);
    let mut cx = Context::from_waker(Waker::noop());
    polls(n, || {
        let bufs = [IoSlice::new(b"ab"), IoSlice::new(b"cd")];
        let poll = writer.as_mut().poll_write_vectored(&mut cx, black_box(&bufs)).map(Result::unwrap);
        poll.map(|n| assert!(black_box(n) == 4))
    });
}

fn futures_vectored<W: futures::io::AsyncWrite>(writer: W, n: usize) {
    let mut writer = pin!(writer);
    black_box(&mut writer);
    let mut cx = Context::from_waker(Waker::noop());
    polls(n, || {
        let bufs = [IoSlice::new(b"ab"), IoSlice::new(b"cd")];
        let poll = writer.as_mut().poll_write_vectored(&mut cx, black_box(&bufs)).map(Result::unwrap);
        poll.map(|n| assert!(black_box(n) == 4))
    });
}

type Case = (&'static str, fn(usize), fn(usize));

/// The name of each case, its call without a shim, and its call through one.
const CASES: [Case; 8] = [
    (
        "read: tokio -> futures",
        |n| tokio_slice::<8, 64>(Inner([1; 8]), n),
        |n| futures_slice::<8, 64>(Shim::from_tokio(Inner([1; 8])), n),
    ),
    (
        "read: tokio -> io-shim",
        |n| tokio_uninit(Inner([1; 8]), n),
        |n| io_shim_uninit(Shim::from_tokio(Inner([1; 8])), n),
    ),
    ("read: tokio -> tokio", |n| tokio_uninit(Inner([1; 8]), n), |n| tokio_uninit(Shim::from_tokio(Inner([1; 8])), n)),
    ("read: io-shim -> tokio", |n| io_shim_uninit(Inner([1; 8]), n), |n| tokio_uninit(Shim::new(Inner([1; 8])), n)),
    (
        "read: io-shim -> futures",
        |n| io_shim_uninit(Inner([1; 8]), n),
        |n| futures_slice::<8, 64>(Shim::new(Inner([1; 8])), n),
    ),
    (
        "read: futures -> tokio, uninitialized",
        |n| futures_slice::<8, 64>(Inner([1; 8]), n),
        |n| tokio_uninit(Shim::from_futures(Inner([1; 8])), n),
    ),
    (
        "vectored write: tokio -> futures",
        |n| tokio_vectored(Inner([1; 8]), n),
        |n| futures_vectored(Shim::from_tokio(Inner([1; 8])), n),
    ),
    (
        "vectored write: futures -> tokio",
        |n| futures_vectored(Inner([1; 8]), n),
        |n| tokio_vectored(Shim::from_futures(Inner([1; 8])), n),
    ),
];

/// The length of a buffer that is larger than all reads.
const BIG: usize = 64 << 10;

/// The name, the call without an adapter, through a peer, and through a shim.
type Initialized = (&'static str, fn(usize), fn(usize), fn(usize));

/// Reads of `N` bytes into initialized memory, where a shim has nothing to gain.
const fn initialized<const N: usize>() -> [Initialized; 5] {
    [
        (
            "futures -> tokio, tokio-util's Compat",
            |n| futures_slice::<N, BIG>(Inner([1; N]), n),
            |n| tokio_slice::<N, BIG>(Inner([1; N]).compat(), n),
            |n| tokio_slice::<N, BIG>(Shim::from_futures(Inner([1; N])), n),
        ),
        (
            "tokio -> futures, tokio-util's Compat",
            |n| tokio_slice::<N, BIG>(Inner([1; N]), n),
            |n| futures_slice::<N, BIG>(tokio_util::compat::TokioAsyncReadCompatExt::compat(Inner([1; N])), n),
            |n| futures_slice::<N, BIG>(Shim::from_tokio(Inner([1; N])), n),
        ),
        (
            "tokio -> hyper, hyper-util's TokioIo",
            |n| tokio_slice::<N, BIG>(Inner([1; N]), n),
            |n| hyper_slice::<N, BIG>(TokioIo::new(Inner([1; N])), n),
            |n| hyper_slice::<N, BIG>(Shim::from_tokio(Inner([1; N])), n),
        ),
        (
            "hyper -> tokio, hyper-util's TokioIo",
            |n| hyper_slice::<N, BIG>(Inner([1; N]), n),
            |n| tokio_slice::<N, BIG>(TokioIo::new(Inner([1; N])), n),
            |n| tokio_slice::<N, BIG>(Shim::from_hyper(Inner([1; N])), n),
        ),
        (
            "hyper -> futures, TokioIo and Compat",
            |n| hyper_slice::<N, BIG>(Inner([1; N]), n),
            |n| {
                futures_slice::<N, BIG>(
                    tokio_util::compat::TokioAsyncReadCompatExt::compat(TokioIo::new(Inner([1; N]))),
                    n,
                )
            },
            |n| futures_slice::<N, BIG>(Shim::from_hyper(Inner([1; N])), n),
        ),
    ]
}

const INITIALIZED: [(&str, [Initialized; 5]); 3] =
    [("64 B", initialized::<64>()), ("1460 B", initialized::<1460>()), ("16 KiB", initialized::<16384>())];

/// Runs a call the given number of times: `table case column polls`.
fn run(arguments: &[String]) {
    let number = |i: usize| arguments[i].parse::<usize>().expect("a number");
    let (table, case, column, polls) = (number(0), number(1), number(2), number(3));
    let call = match table {
        0 => [CASES[case].1, CASES[case].2][column],
        table => {
            let case = INITIALIZED[table - 1].1[case];
            [case.1, case.2, case.3][column]
        }
    };
    call(polls);
}

/// Returns the instructions of a poll that was ready.
fn cost(table: usize, case: usize, column: usize) -> f64 {
    callgrind::per_poll(&["run", &table.to_string(), &case.to_string(), &column.to_string()])
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.len() == 5 {
        return run(&arguments[1..]);
    }
    println!("{:<40} {:>8} {:>8} {:>8}   instructions per poll", "", "without", "through", "more");
    for (case, (name, ..)) in CASES.iter().enumerate() {
        let [without, through] = [0, 1].map(|column| cost(0, case, column));
        println!("{name:<40} {without:>8.1} {through:>8.1} {:>8.1}", through - without);
    }
    println!("\n{:<49} {:>8} {:>8} {:>8} {:>8}", "into initialized memory", "without", "peer", "shim", "more");
    for (table, (size, cases)) in INITIALIZED.iter().enumerate() {
        for (case, (name, ..)) in cases.iter().enumerate() {
            let [without, peer, shim] = [0, 1, 2].map(|column| cost(table + 1, case, column));
            println!("{name:<40} {size:>8} {without:>8.1} {peer:>8.1} {shim:>8.1} {:>8.1}", shim - peer);
        }
    }
}
