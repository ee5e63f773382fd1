//! The caller: makes the calls of a case, and compares what it observes with what the reader did.

use std::io::{self, IoSliceMut};
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use io_shim::{AsyncReadBuf, ContractViolation};

use super::super::script::{SENTINEL, Woken, data};
use super::case::{Call, Case, Shape};
use super::memory::{Memory, Read};
use super::source::{Log, Source, failure};
use super::stack::Stack;

pub struct Caller {
    pub stack: Stack,
    /// Whether a layer may hold data back.
    pub buffers: bool,
    pub log: Rc<Log>,
    pub woken: Arc<Woken>,
    pub waker: Waker,
    /// How much data arrived in calls in which the reader kept its contract.
    pub received: usize,
    /// The number of successive polls in which a layer yielded, and its limit.
    pub yields: usize,
    pub most_yields: usize,
}

/// The log of the reader before a call.
struct Before {
    given: usize,
    pendings: usize,
    errors: usize,
    empties: usize,
    hostile: usize,
    violations: usize,
}

impl Caller {
    pub fn new(case: &Case) -> Self {
        let log = Rc::new(Log::default());
        log.left.set(case.steps.len());
        let steps = case.steps.iter().copied().collect();
        let source = Source { steps, vectored: case.vectored, log: Rc::clone(&log) };
        let (base, layers) = case.layers.split_first().expect("a case has a layer");
        let stack = layers.iter().fold(base.wrap(source), |stack, layer| layer.wrap(stack));
        let (woken, waker) = Woken::new();
        let buffers = case.layers.iter().any(|layer| layer.buffers());
        Caller { stack, buffers, log, woken, waker, received: 0, yields: 0, most_yields: 3 * case.layers.len() }
    }

    /// Returns whether the order of the data can no longer be predicted.
    pub fn is_astray(&self) -> bool {
        self.buffers && self.log.hostile.get() > 0
    }

    pub fn call(&mut self, call: &Call, held: &mut Memory) {
        let log = &self.log;
        let before = Before {
            given: log.given.get(),
            pendings: log.pendings.get(),
            errors: log.errors.get(),
            empties: log.empties.get(),
            hostile: log.hostile.get(),
            violations: log.violations.get(),
        };
        match call {
            Call::Hold(shape) => {
                held.check();
                *held = Memory::new(*shape);
            }
            Call::Cursor { fresh: Some(shape), .. } | Call::Tokio { fresh: Some(shape) } => {
                self.read(call, &mut Memory::new(*shape), &before);
            }
            Call::Cursor { .. } | Call::Tokio { .. } => {
                self.read(call, held, &before);
                if held.room() == 0 {
                    *held = Memory::new(Shape { capacity: held.bytes.len(), init: 0, sentinels: held.sentinels });
                }
            }
            Call::Slice { len, .. } => self.read_slices(call, &[*len], &before),
            Call::Vectored { lens, .. } => self.read_slices(call, lens, &before),
        }
    }

    fn read(&mut self, call: &Call, memory: &mut Memory, before: &Before) {
        let mut cx = Context::from_waker(&self.waker);
        let hint = self.stack.init_hint(memory.room());
        assert!(hint <= memory.room(), "more would be initialized than there is");
        let marks = match call {
            Call::Cursor { limit, .. } => memory.read_with_cursor(&mut self.stack, &mut cx, *limit),
            _ => memory.read_with_tokio(&mut self.stack, &mut cx),
        };
        let bytes = memory.update(&marks, self.log.hostile.get() > before.hostile);
        self.judge(before, marks.poll, &bytes, marks.room);
    }

    fn read_slices(&mut self, call: &Call, lens: &[usize], before: &Before) {
        let mut cx = Context::from_waker(&self.waker);
        let stack = self.stack.as_mut();
        let mut memory: Vec<_> = lens.iter().map(|&len| vec![SENTINEL; len]).collect();
        let room = lens.iter().sum();
        let read = || match call {
            Call::Slice { io_shim: true, .. } => stack.poll_read_into_slice(&mut cx, &mut memory[0]),
            Call::Slice { io_shim: false, .. } => futures::io::AsyncRead::poll_read(stack, &mut cx, &mut memory[0]),
            _ => {
                let mut bufs: Vec<_> = memory.iter_mut().map(|bytes| IoSliceMut::new(bytes)).collect();
                if let Call::Vectored { io_shim: true, .. } = call {
                    AsyncReadBuf::poll_read_into_vectored(stack, &mut cx, &mut bufs)
                } else {
                    futures::io::AsyncRead::poll_read_vectored(stack, &mut cx, &mut bufs)
                }
            }
        };
        let poll = panic::catch_unwind(AssertUnwindSafe(read)).ok();
        let n = if let Some(Poll::Ready(Ok(n))) = poll { n } else { 0 };
        assert!(n <= room, "the count is out of bounds");
        let mut bytes = memory.concat();
        bytes.truncate(n);
        self.judge(before, poll.map(|poll| poll.map_ok(drop)), &bytes, room);
    }

    /// Compares what the caller observed with what the reader did.
    fn judge(&mut self, before: &Before, poll: Read, bytes: &[u8], room: usize) {
        let log = &self.log;
        let woken = self.woken.take();
        let yielded = matches!(poll, Some(Poll::Pending)) && log.pendings.get() == before.pendings;
        self.yields = if yielded { self.yields + 1 } else { 0 };
        if log.hostile.get() > before.hostile {
            if log.violations.get() > before.violations {
                let Some(Poll::Ready(Err(error))) = &poll else { panic!("a violation was not noticed: {poll:?}") };
                assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                assert!(ContractViolation::of(error).is_some(), "an error hides the violation");
                assert!(bytes.is_empty(), "data was accepted that does not exist");
            }
            if let (Some(filled), false) = (log.filled.get(), self.buffers) {
                assert_eq!(bytes.len(), filled, "what was filled did not arrive");
            }
            return;
        }
        let pending = log.pendings.get() - before.pendings;
        let failed = log.errors.get() - before.errors;
        match poll.expect("only the conversion panicked") {
            Poll::Pending => {
                assert_eq!(failed, 0, "a failure was swallowed");
                // A layer yields after enough ready calls, at most once each, before it calls the
                // inner reader.
                assert!(self.yields <= self.most_yields, "a layer yields too often");
                assert!(pending == 1 || log.given.get() == before.given, "it read, and yields");
                assert!(woken, "the waker was lost");
                assert!(bytes.is_empty(), "not ready, with data");
            }
            Poll::Ready(Err(error)) => {
                assert_eq!((pending, failed), (0, 1), "only the conversion failed: {error}");
                assert_eq!(error.kind(), failure().kind());
                assert!(bytes.is_empty(), "an error, with data");
            }
            Poll::Ready(Ok(())) => {
                assert_eq!((pending, failed), (0, 0), "an outcome was swallowed");
                let at_end = bytes.is_empty() && room > 0;
                assert!(!at_end || log.empties.get() > before.empties || self.is_astray(), "an end that is none");
            }
        }
        if !self.buffers {
            // A shim holds no data: exactly the data of this call must arrive.
            assert!(*bytes == data()[before.given..log.given.get()], "the data differs");
        } else if !self.is_astray() {
            assert!(*bytes == data()[self.received..][..bytes.len()], "the data differs");
        }
        self.received += bytes.len();
    }
}
