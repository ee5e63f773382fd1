//! The model of writing: a recording writer at the bottom of a random stack of conversions, and
//! what its caller must observe.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use io_shim::{AsyncWrite, ContractViolation, Shim};

use super::script::{Record, Woken, data, records, size};

/// What the writer does at one call.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Takes at most this many bytes.
    Take(usize),
    Pending,
    Error,
    /// Reports more than it was given, by this number plus one.
    TakeTooMuch(usize),
}

#[derive(Clone, Copy, Debug)]
pub enum Layer {
    Tokio,
    /// Two nested shims.
    TokioTwice,
    /// With this answer to `supports_vectored_writes`.
    Futures(bool),
    FuturesBuf(bool),
    Native,
    BoxedTokio,
    BoxedFutures,
    BoxedNative,
    PinnedNative,
}

/// The ecosystem whose trait is called.
#[derive(Clone, Copy, Debug)]
pub enum By {
    Tokio,
    Futures,
    IoShim,
}

#[derive(Clone, Debug)]
pub enum Call {
    Write(By, usize),
    Vectored(By, Vec<usize>),
    Flush(By),
    Shutdown(By),
}

#[derive(Clone, Debug)]
pub struct Case {
    /// From the inside out.
    pub layers: Vec<Layer>,
    /// Whether the writer takes from more than one slice.
    pub vectored: bool,
    pub steps: Vec<Step>,
    pub calls: Vec<Call>,
}

impl Layer {
    fn decode([_, kind, high, _]: Record) -> Self {
        match kind % 9 {
            0 => Layer::Tokio,
            1 => Layer::TokioTwice,
            2 => Layer::Futures(high % 4 > 0),
            3 => Layer::FuturesBuf(high % 4 > 0),
            4 => Layer::Native,
            5 => Layer::BoxedTokio,
            6 => Layer::BoxedFutures,
            7 => Layer::BoxedNative,
            _ => Layer::PinnedNative,
        }
    }
}

impl Case {
    /// Decodes a case. With `hostile`, the writer may report more than it was given.
    pub fn decode(records: &[Record], hostile: bool) -> Self {
        let [depth, base, flags, _] = records.first().copied().unwrap_or_default();
        let mut layers = vec![match base % 4 {
            0 => Layer::Tokio,
            1 | 2 => Layer::Futures(true),
            _ => Layer::Native,
        }];
        let depth = 1 + usize::from(depth % 4);
        let (mut steps, mut calls) = (Vec::new(), Vec::new());
        for &record in records.iter().skip(1) {
            let [tag, kind, high, low] = record;
            let by = [By::Tokio, By::Futures, By::IoShim][usize::from(kind) % 3];
            match tag % 16 {
                0 if layers.len() < depth => layers.push(Layer::decode(record)),
                1 => steps.push(Step::Take(size(high, low))),
                // Long runs of calls that take everything, so that a shim has time to learn.
                2 | 3 => steps.extend((0..kind % 24).map(|_| Step::Take(usize::MAX))),
                4 => steps.push(Step::Pending),
                5 if kind % 2 == 0 => steps.push(Step::Error),
                5 if hostile => {
                    steps.push(Step::TakeTooMuch(if low % 4 == 0 { usize::MAX } else { usize::from(high) }))
                }
                6 | 7 => calls.push(Call::Write(by, size(high, low))),
                8..=14 => {
                    let lens = [(kind, high), (high, low), (low, tag), (tag, kind), (high, kind)];
                    let lens = lens[..1 + usize::from(tag / 16) % 5].iter().map(|&(high, low)| match high % 4 {
                        0 if kind % 2 == 0 => 0,
                        1 => size(high, low),
                        _ => usize::from(low),
                    });
                    let lens: Vec<_> = lens.collect();
                    // Several times, as a real caller writes many alike.
                    calls.extend((0..1 + tag / 64 * 2).map(|_| Call::Vectored(by, lens.clone())));
                }
                15 if kind % 2 == 0 => calls.push(Call::Flush(by)),
                15 => calls.push(Call::Shutdown(by)),
                _ => {}
            }
        }
        Case { layers, vectored: flags % 2 == 0, steps, calls }
    }

    pub fn run(&self) {
        let mut caller = Caller::new(self);
        for call in &self.calls {
            if !caller.call(call) {
                break;
            }
        }
        assert!(*caller.log.data.borrow() == data()[..caller.taken], "what was recorded is not what was taken");
        assert_eq!(caller.log.flushes.get(), caller.flushes);
        assert_eq!(caller.log.shutdowns.get(), caller.shutdowns);
    }
}

/// Runs the case that the bytes encode.
pub fn run(bytes: &[u8]) {
    let records = records(bytes);
    let hostile = records.first().is_some_and(|[.., flags, _]| flags & 2 != 0);
    Case::decode(&records, hostile).run();
}

#[derive(Debug, Default)]
struct Log {
    data: RefCell<Vec<u8>>,
    pendings: Cell<usize>,
    errors: Cell<usize>,
    /// How often it reported too much: in a call with one slice, which every conversion must
    /// notice, and in one with several.
    violations: Cell<usize>,
    vectored_violations: Cell<usize>,
    /// How often it took nothing of a write that was not empty.
    refusals: Cell<usize>,
    flushes: Cell<usize>,
    shutdowns: Cell<usize>,
}

fn bump(count: &Cell<usize>) {
    count.set(count.get() + 1);
}

struct Sink {
    steps: VecDeque<Step>,
    vectored: bool,
    log: Rc<Log>,
}

impl Sink {
    fn write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
        violations: fn(&Log) -> &Cell<usize>,
    ) -> Poll<io::Result<usize>> {
        let log = &*self.log;
        let mut most = match self.steps.pop_front() {
            None => usize::MAX,
            Some(Step::Take(most)) => most,
            Some(Step::Pending) => {
                bump(&log.pendings);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Some(Step::Error) => {
                bump(&log.errors);
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            Some(Step::TakeTooMuch(n)) => {
                bump(violations(log));
                let given: usize = bufs.iter().map(|buf| buf.len()).sum();
                return Poll::Ready(Ok(n.saturating_add(given).saturating_add(1)));
            }
        };
        let before = log.data.borrow().len();
        for buf in bufs.iter().filter(|buf| !buf.is_empty()).take(if self.vectored { usize::MAX } else { 1 }) {
            let part = &buf[..buf.len().min(most)];
            log.data.borrow_mut().extend_from_slice(part);
            most -= part.len();
        }
        let n = log.data.borrow().len() - before;
        if n == 0 && bufs.iter().any(|buf| !buf.is_empty()) {
            bump(&log.refusals);
        }
        Poll::Ready(Ok(n))
    }
}

macro_rules! sink {
    ($trait:path, $close:ident $(, $query:ident)?) => {
        impl $trait for Sink {
            fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                self.write(cx, &[IoSlice::new(data)], |log| &log.violations)
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.write(cx, bufs, |log| &log.vectored_violations)
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                bump(&self.log.flushes);
                Poll::Ready(Ok(()))
            }

            fn $close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                bump(&self.log.shutdowns);
                Poll::Ready(Ok(()))
            }

            $(fn $query(&self) -> bool {
                self.vectored
            })?
        }
    };
}

sink!(tokio::io::AsyncWrite, poll_shutdown, is_write_vectored);
sink!(futures::io::AsyncWrite, poll_close);
sink!(AsyncWrite, poll_shutdown, supports_vectored_writes);

/// A writer with the traits of all ecosystems.
trait Writer: tokio::io::AsyncWrite + futures::io::AsyncWrite + AsyncWrite {}

impl<T: tokio::io::AsyncWrite + futures::io::AsyncWrite + AsyncWrite> Writer for T {}

/// A stack of any height. It has the traits of all ecosystems, because pinned pointers forward
/// them.
type Stack = Pin<Box<dyn Writer>>;

impl Layer {
    fn wrap<T: Writer + Unpin + 'static>(self, inner: T) -> Stack {
        match self {
            Layer::Tokio => Box::pin(Shim::from_tokio(inner)),
            Layer::TokioTwice => Box::pin(Shim::from_tokio(Shim::from_tokio(inner))),
            Layer::Futures(true) => Box::pin(Shim::from_futures(inner)),
            Layer::Futures(answer) => Box::pin(Shim::from_futures(inner).with_write_vectored(answer)),
            Layer::FuturesBuf(answer) => Box::pin(Shim::from_futures_buf(inner).with_write_vectored(answer)),
            Layer::Native => Box::pin(Shim::new(inner)),
            Layer::BoxedTokio => Box::pin(Shim::from_tokio(Box::new(inner) as Box<dyn tokio::io::AsyncWrite + Unpin>)),
            Layer::BoxedFutures => {
                Box::pin(Shim::from_futures(Box::new(inner) as Box<dyn futures::io::AsyncWrite + Unpin>))
            }
            Layer::BoxedNative => Box::pin(Shim::new(Box::new(inner) as Box<dyn AsyncWrite + Unpin>)),
            Layer::PinnedNative => Box::pin(Shim::new(Box::pin(inner) as Pin<Box<dyn AsyncWrite>>)),
        }
    }

    /// What it answers to `supports_vectored_writes`, by the answer of the inner writer.
    fn answer(self, inner: bool) -> bool {
        match self {
            Layer::Futures(answer) | Layer::FuturesBuf(answer) => answer,
            Layer::BoxedFutures => true,
            _ => inner,
        }
    }
}

struct Caller {
    stack: Stack,
    log: Rc<Log>,
    /// What the stack answers to `supports_vectored_writes`.
    vectored: bool,
    taken: usize,
    flushes: usize,
    shutdowns: usize,
    /// The number of successive polls in which a layer yielded, and its limit.
    yields: usize,
    most_yields: usize,
}

impl Caller {
    fn new(case: &Case) -> Self {
        let log = Rc::new(Log::default());
        let sink = Sink { steps: case.steps.iter().copied().collect(), vectored: case.vectored, log: Rc::clone(&log) };
        let (base, layers) = case.layers.split_first().expect("a case has a layer");
        let stack = layers.iter().fold(base.wrap(sink), |stack, layer| layer.wrap(stack));
        let vectored = case.layers.iter().fold(case.vectored, |inner, layer| layer.answer(inner));
        Caller {
            stack,
            log,
            vectored,
            taken: 0,
            flushes: 0,
            shutdowns: 0,
            yields: 0,
            most_yields: 3 * case.layers.len(),
        }
    }

    /// Returns whether there was enough data left for the call.
    fn call(&mut self, call: &Call) -> bool {
        let (woken, waker) = Woken::new();
        let mut cx = Context::from_waker(&waker);
        assert_eq!(AsyncWrite::supports_vectored_writes(&self.stack), self.vectored);
        assert_eq!(tokio::io::AsyncWrite::is_write_vectored(&self.stack), self.vectored);
        let stack = self.stack.as_mut();

        let lens = match call {
            Call::Write(_, len) => std::slice::from_ref(len),
            Call::Vectored(_, lens) => lens,
            Call::Flush(by) | Call::Shutdown(by) => {
                let flushes = matches!(call, Call::Flush(_));
                let poll = match (by, flushes) {
                    (By::Tokio, true) => tokio::io::AsyncWrite::poll_flush(stack, &mut cx),
                    (By::Tokio, false) => tokio::io::AsyncWrite::poll_shutdown(stack, &mut cx),
                    (By::Futures, true) => futures::io::AsyncWrite::poll_flush(stack, &mut cx),
                    (By::Futures, false) => futures::io::AsyncWrite::poll_close(stack, &mut cx),
                    (By::IoShim, true) => AsyncWrite::poll_flush(stack, &mut cx),
                    (By::IoShim, false) => AsyncWrite::poll_shutdown(stack, &mut cx),
                };
                assert!(matches!(poll, Poll::Ready(Ok(()))));
                *(if flushes { &mut self.flushes } else { &mut self.shutdowns }) += 1;
                return true;
            }
        };

        // The next data, cut into slices.
        let given: usize = lens.iter().sum();
        let Some(mut rest) = data()[self.taken..].get(..given) else { return false };
        let mut bufs = Vec::new();
        for &len in lens {
            let (slice, later) = rest.split_at(len);
            bufs.push(IoSlice::new(slice));
            rest = later;
        }

        let log = &self.log;
        let refusals = log.refusals.get();
        let before = (log.pendings.get(), log.errors.get(), log.violations.get(), log.vectored_violations.get());
        let poll = match call {
            Call::Write(By::Tokio, _) => tokio::io::AsyncWrite::poll_write(stack, &mut cx, &bufs[0]),
            Call::Write(By::Futures, _) => futures::io::AsyncWrite::poll_write(stack, &mut cx, &bufs[0]),
            Call::Write(By::IoShim, _) => AsyncWrite::poll_write(stack, &mut cx, &bufs[0]),
            Call::Vectored(By::Tokio, _) => tokio::io::AsyncWrite::poll_write_vectored(stack, &mut cx, &bufs),
            Call::Vectored(By::Futures, _) => futures::io::AsyncWrite::poll_write_vectored(stack, &mut cx, &bufs),
            _ => AsyncWrite::poll_write_vectored(stack, &mut cx, &bufs),
        };
        let after = (log.pendings.get(), log.errors.get(), log.violations.get(), log.vectored_violations.get());
        let seen = (after.0 - before.0, after.1 - before.1, after.2 - before.2, after.3 - before.3);
        let recorded = log.data.borrow().len() - self.taken;
        let yielded = poll.is_pending() && seen.0 == 0;
        self.yields = if yielded { self.yields + 1 } else { 0 };
        match (seen, poll) {
            ((0, 0, 0, 0), Poll::Ready(Ok(n))) => {
                assert_eq!(n, recorded, "what was recorded is not what was taken");
                assert!(n <= given, "the count is out of bounds");
                assert!(n > 0 || given == 0 || log.refusals.get() > refusals, "only the conversion refused");
                assert!(log.data.borrow()[self.taken..] == data()[self.taken..self.taken + n], "the data differs");
                self.taken += n;
            }
            ((pending, 0, 0, 0), Poll::Pending) => {
                assert!(woken.take(), "the waker was lost");
                // A layer yields after enough ready calls, at most once each, before it calls the
                // inner writer.
                assert!(self.yields <= self.most_yields, "a layer yields too often");
                assert!(pending == 1 || recorded == 0, "it wrote, and yields");
                return true;
            }
            ((0, 1, 0, 0), Poll::Ready(Err(error))) => assert_eq!(error.kind(), io::ErrorKind::TimedOut),
            ((0, 0, 1, 0), Poll::Ready(Err(error))) => assert!(ContractViolation::of(&error).is_some()),
            // Counts of vectored writes are passed on unchecked.
            ((0, 0, 0, 1), Poll::Ready(Ok(n))) => assert!(n > given),
            (seen, poll) => panic!("{poll:?}, after the writer did {seen:?}"),
        }
        true
    }
}
