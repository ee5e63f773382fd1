//! A writer of every ecosystem that breaks its contract at the first call.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use io_shim::AsyncWrite;

use super::{Calls, Dialect, Wakes, faults, panic_quietly, provoke};

faults! {
    WriteFault {
        TakesNothing = "accepts nothing",
        ReportsOneTooMany = "reports one byte more than given",
        ReportsFarTooMany = "reports `usize::MAX` bytes",
        ReportsForNoData = "reports a byte where none was given",
        TakesOneByte = "accepts one byte",
        ClaimsToVector = "claims vectored writes and accepts the first slice only",
        DeniesVectoring = "denies vectored writes and accepts all slices",
        Fails = "fails",
        FailsAfterTaking = "fails after accepting",
        IsInterrupted = "fails with `Interrupted`",
        PendsAfterTaking = "returns `Pending` after accepting",
        DropsTheWaker = "returns `Pending` and drops the waker",
        WakesOften = "returns `Pending` and wakes a thousand times",
        WakesFromAnotherThread = "returns `Pending` and wakes from another thread",
        PanicsBeforeTaking = "panics before accepting",
        PanicsAfterTaking = "panics after accepting",
        FlushFails = "fails to flush",
        FlushPends = "returns `Pending` from a flush",
        FlushPanics = "panics in a flush",
        ShutdownFails = "fails to shut down",
        ShutdownPanics = "panics in a shutdown",
        WritesAfterShutdown = "accepts data after its shutdown",
    }
}

impl WriteFault {
    /// Returns the reason if these traits cannot express the fault.
    pub fn expressible(self, dialect: Dialect) -> Result<(), &'static str> {
        match (self, dialect) {
            (WriteFault::ClaimsToVector | WriteFault::DeniesVectoring, Dialect::Futures) => {
                Err("the traits have no such query")
            }
            _ => Ok(()),
        }
    }

    /// Whether the writer wakes the task after `Pending`.
    pub(super) fn wakes(self) -> bool {
        self != WriteFault::DropsTheWaker
    }

    /// Which operation has the fault.
    pub(super) fn operation(self) -> Operation {
        use WriteFault::*;
        match self {
            FlushFails | FlushPends | FlushPanics => Operation::Flush,
            ShutdownFails | ShutdownPanics | WritesAfterShutdown => Operation::Shutdown,
            _ => Operation::Write,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Write,
    Flush,
    Shutdown,
}

/// Has a [`WriteFault`] at the first call of the operation in question, then accepts everything.
#[derive(Debug)]
pub struct HostileWriter {
    fault: WriteFault,
    calls: Calls,
    taken: Arc<Mutex<Vec<u8>>>,
    wakers: Vec<Waker>,
}

impl HostileWriter {
    pub(super) fn new(fault: WriteFault, calls: Calls, taken: Arc<Mutex<Vec<u8>>>) -> Self {
        HostileWriter { fault, calls, taken, wakers: Vec::new() }
    }

    fn take(&self, bufs: &[&[u8]]) -> usize {
        let mut taken = self.taken.lock().unwrap_or_else(|error| error.into_inner());
        bufs.iter().for_each(|buf| taken.extend_from_slice(buf));
        bufs.iter().map(|buf| buf.len()).sum()
    }

    /// Whether this is the call that has the fault.
    fn is_at_fault(&mut self, operation: Operation) -> bool {
        self.fault.operation() == operation && self.calls.next() == 0
    }

    fn pend<T>(&mut self, wakes: Wakes, cx: &Context<'_>) -> Poll<T> {
        provoke(wakes, cx, &mut self.wakers);
        Poll::Pending
    }

    fn write(&mut self, cx: &Context<'_>, bufs: &[&[u8]]) -> Poll<io::Result<usize>> {
        use WriteFault::*;
        let given: usize = bufs.iter().map(|buf| buf.len()).sum();
        let first = bufs.iter().position(|buf| !buf.is_empty()).unwrap_or(0);
        let first = bufs.get(first..=first).unwrap_or_default();
        if !self.is_at_fault(Operation::Write) {
            return Poll::Ready(Ok(self.take(bufs)));
        }
        match self.fault {
            TakesNothing => Poll::Ready(Ok(0)),
            ReportsOneTooMany => {
                self.take(bufs);
                Poll::Ready(Ok(given + 1))
            }
            ReportsFarTooMany => Poll::Ready(Ok(usize::MAX)),
            ReportsForNoData => Poll::Ready(Ok(self.take(bufs).max(1))),
            TakesOneByte => Poll::Ready(Ok(first.first().map_or(0, |buf| self.take(&[&buf[..buf.len().min(1)]])))),
            ClaimsToVector => Poll::Ready(Ok(self.take(first))),
            Fails => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            FailsAfterTaking => {
                self.take(bufs);
                Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
            }
            IsInterrupted => Poll::Ready(Err(io::ErrorKind::Interrupted.into())),
            PendsAfterTaking => {
                self.take(bufs);
                self.pend(Wakes::Once, cx)
            }
            DropsTheWaker => self.pend(Wakes::Never, cx),
            WakesOften => self.pend(Wakes::Often, cx),
            WakesFromAnotherThread => self.pend(Wakes::FromAnotherThread, cx),
            PanicsBeforeTaking => panic_quietly(),
            PanicsAfterTaking => {
                self.take(bufs);
                panic_quietly()
            }
            _ => Poll::Ready(Ok(self.take(bufs))),
        }
    }

    fn flush(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_at_fault(Operation::Flush) {
            return Poll::Ready(Ok(()));
        }
        match self.fault {
            WriteFault::FlushFails => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            WriteFault::FlushPends => self.pend(Wakes::Once, cx),
            _ => panic_quietly(),
        }
    }

    fn shutdown(&mut self) -> Poll<io::Result<()>> {
        if !self.is_at_fault(Operation::Shutdown) {
            return Poll::Ready(Ok(()));
        }
        match self.fault {
            WriteFault::ShutdownFails => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            WriteFault::ShutdownPanics => panic_quietly(),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn vectors(&self) -> bool {
        self.fault != WriteFault::DeniesVectoring
    }
}

macro_rules! writes {
    ($trait:path, $close:ident $(, $query:ident)?) => {
        impl $trait for HostileWriter {
            fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                self.write(cx, &[data])
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                let bufs: Vec<&[u8]> = bufs.iter().map(|buf| &**buf).collect();
                self.write(cx, &bufs)
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.flush(cx)
            }

            fn $close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.shutdown()
            }

            $(fn $query(&self) -> bool {
                self.vectors()
            })?
        }
    };
}

writes!(AsyncWrite, poll_shutdown, supports_vectored_writes);
writes!(futures::io::AsyncWrite, poll_close);
writes!(hyper::rt::Write, poll_shutdown, is_write_vectored);
writes!(tokio::io::AsyncWrite, poll_shutdown, is_write_vectored);
