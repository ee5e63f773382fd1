//! Counts the instructions of entering tokio's context at each poll.
//!
//! `cargo bench --bench context --features full` runs itself under valgrind, which must be
//! installed. It compares `TokioContext` with a plain poll and with async-compat. It fails if a
//! `TokioContext` around a future costs more than 1.1 times as much as async-compat's `Compat`.
//! Around a reader, `Compat` enters no context, so it costs less there.

#[path = "shared/callgrind.rs"]
mod callgrind;

use std::hint::black_box;
use std::io;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::task::{Context, Poll, Waker};

use async_compat::Compat;
use io_shim::Shim;
use io_shim::rt::TokioContext;
use tokio::io::ReadBuf;
use tokio::runtime::{Builder, Handle};

/// A future that is always ready, and a reader of 8 bytes a call.
struct Inner([u8; 8]);

impl Future for Inner {
    type Output = u8;

    #[inline(never)]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u8> {
        Poll::Ready(black_box(self.0[0]))
    }
}

impl tokio::io::AsyncRead for Inner {
    #[inline(never)]
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        buf.put_slice(&self.0);
        Poll::Ready(Ok(()))
    }
}

fn inner() -> Inner {
    black_box(Inner([1; 8]))
}

fn future<F: Future>(make: impl Fn() -> F, polls: usize) {
    let mut future = pin!(make());
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        assert!(black_box(future.as_mut()).poll(&mut cx).is_ready());
    }
}

/// Polls a new future each time.
fn once<F: Future>(make: impl Fn() -> F, polls: usize) {
    for _ in 0..polls {
        future(&make, 1);
    }
}

fn tokio_reader<R: tokio::io::AsyncRead>(reader: R, polls: usize) {
    let mut reader = pin!(reader);
    let mut cx = Context::from_waker(Waker::noop());
    let mut bytes = [0; 64];
    for _ in 0..polls {
        let mut buf = ReadBuf::new(black_box(&mut bytes));
        assert!(reader.as_mut().poll_read(&mut cx, &mut buf).is_ready());
        assert!(black_box(buf.filled().len()) == 8);
    }
}

fn futures_reader<R: futures::io::AsyncRead>(reader: R, polls: usize) {
    let mut reader = pin!(reader);
    let mut cx = Context::from_waker(Waker::noop());
    let mut bytes = [0; 64];
    let mut ready = 0;
    while ready < polls {
        // A shim yields after many reads that were ready.
        if let Poll::Ready(result) = reader.as_mut().poll_read(&mut cx, black_box(&mut bytes)) {
            assert!(black_box(result.unwrap()) == 8);
            ready += 1;
        }
    }
}

/// Polls a number of times, with the handle of a runtime.
type Way = fn(&Handle, usize);

/// The name of the case, whether it enters a runtime's context, and its polls: plain, in a
/// `TokioContext`, and in async-compat's `Compat`.
type Case = (&'static str, bool, [Way; 3]);

const FUTURE: [Way; 3] = [
    |_, n| future(inner, n),
    |handle, n| future(|| TokioContext::new(inner(), handle.clone()), n),
    |_, n| future(|| Compat::new(inner()), n),
];

const ONCE: [Way; 3] = [
    |_, n| once(inner, n),
    |handle, n| once(|| TokioContext::new(inner(), handle.clone()), n),
    |_, n| once(|| Compat::new(inner()), n),
];

const READER: [Way; 3] = [
    |_, n| tokio_reader(inner(), n),
    |handle, n| futures_reader(Shim::from_tokio(TokioContext::new(inner(), handle.clone())), n),
    |_, n| futures_reader(Compat::new(inner()), n),
];

const CASES: [Case; 5] = [
    ("poll of a future, elsewhere", false, FUTURE),
    ("poll of a future, in a runtime's context", true, FUTURE),
    ("a future made, polled and dropped, elsewhere", false, ONCE),
    ("the same, in a runtime's context", true, ONCE),
    ("read: tokio -> futures, elsewhere", false, READER),
];

fn run(case: usize, way: usize, polls: usize) {
    let (_, entered, ways) = CASES[case];
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    // Starts async-compat's own runtime in every run, so that its cost cancels out.
    future(|| Compat::new(inner()), 1);
    let _entered = entered.then(|| runtime.enter());
    ways[way](runtime.handle(), polls);
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [first, numbers @ ..] = &arguments[..] {
        let numbers: Vec<usize> = numbers.iter().map(|number| number.parse().expect("a number")).collect();
        if let ("run", [case, way, polls]) = (first.as_str(), &numbers[..]) {
            run(*case, *way, *polls);
            return ExitCode::SUCCESS;
        }
    }
    let mut worst = 0.0f64;
    println!("{:<46} {:>7} {:>13} {:>13}   instructions", "", "plain", "TokioContext", "async-compat");
    for (case, (name, ..)) in CASES.iter().enumerate() {
        let cost = |way: usize| callgrind::per_poll(&["run", &case.to_string(), &way.to_string()]);
        let [plain, ours, theirs] = [cost(0), cost(1), cost(2)];
        println!("{name:<46} {plain:>7.1} {ours:>13.1} {theirs:>13.1}   {:.2} times async-compat", ours / theirs);
        if !name.starts_with("read") {
            worst = worst.max(ours / theirs);
        }
    }
    if worst > 1.1 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
