//! A reader of every ecosystem that breaks its contract at the first call.

use std::io::{self, IoSliceMut};
use std::mem::{self, MaybeUninit};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use io_shim::{AsyncReadBuf, BorrowedCursor};
use tokio::io::ReadBuf;

use super::{AFTER, Calls, DATA, Dialect, FOREIGN, Wakes, faults, panic_quietly, provoke};
use crate::hostile::leak;

/// How many bytes a correct first read delivers.
const HONEST: usize = 8;

faults! {
    ReadFault {
        ReportsOneTooMany = "reports one byte more than offered",
        ReportsFarTooMany = "reports `usize::MAX` bytes",
        ReportsForAnEmptyBuffer = "reports a byte for an empty buffer",
        ReportsWithoutWriting = "reports bytes that it did not write",
        ReportsLessThanWritten = "reports fewer bytes than it wrote",
        WritesAndReportsNothing = "writes and reports nothing",
        SwapsInAnEqual = "swaps in a leaked buffer of the same length",
        SwapsInAnEmpty = "swaps in an empty buffer",
        SwapsInASmaller = "swaps in a smaller buffer",
        SwapsInALarger = "swaps in a larger buffer",
        SwapsInItsOwnFront = "swaps in the front of the same buffer",
        SwapsInItsOwnWhole = "swaps in the same buffer with its marks reset",
        SwapsAndRestores = "swaps the buffer and puts it back",
        SwapsAndPends = "swaps the buffer and returns `Pending`",
        SwapsAndFails = "swaps the buffer and fails",
        SwapsAndPanics = "swaps the buffer and panics",
        Clears = "fills, clears, and fills again",
        SetsFilledBack = "fills all, then lowers the filled mark",
        SetsFilledForth = "counts initialized bytes as filled",
        InitializesOnly = "initializes all and fills nothing",
        PanicsBeforeFilling = "panics before filling",
        PanicsWhileFilling = "panics with half of the data written",
        PanicsAfterFilling = "panics after filling",
        PendsAfterFilling = "returns `Pending` after filling",
        FailsAfterFilling = "fails after filling",
        Fails = "fails",
        IsInterrupted = "fails with `Interrupted`",
        WouldBlock = "fails with `WouldBlock`",
        DropsTheWaker = "returns `Pending` and drops the waker",
        WakesOften = "returns `Pending` and wakes a thousand times",
        WakesFromAnotherThread = "returns `Pending` and wakes from another thread",
        KeepsWakers = "returns `Pending` and keeps clones of the waker",
        EndsAndContinues = "reports the end, and continues after it",
        HintsTooMuch = "returns an `init_hint` of `usize::MAX`",
        ClaimsToVector = "claims vectored reads and uses the first slice only",
        VectoredReportsTooMany = "reports more bytes than all slices hold",
        VectoredFillsTheLast = "fills the last slice first",
        VectoredAdvances = "advances the slices past what it filled",
        VectoredExchanges = "replaces a slice by a longer one and fills that",
    }
}

impl ReadFault {
    /// Returns the reason if these traits cannot express the fault.
    pub fn expressible(self, dialect: Dialect) -> Result<(), &'static str> {
        use ReadFault::*;
        match (self, dialect) {
            (
                SwapsInAnEqual | SwapsInAnEmpty | SwapsInASmaller | SwapsInALarger | SwapsInItsOwnFront
                | SwapsInItsOwnWhole | SwapsAndRestores | SwapsAndPends | SwapsAndFails | SwapsAndPanics,
                Dialect::Futures | Dialect::Hyper | Dialect::IoShim,
            ) => Err("the buffer is passed by value and cannot be swapped"),
            (Clears | SetsFilledBack | SetsFilledForth | InitializesOnly, Dialect::Futures) => {
                Err("a slice has no marks")
            }
            (
                ReportsOneTooMany
                | ReportsFarTooMany
                | ReportsForAnEmptyBuffer
                | ReportsWithoutWriting
                | SetsFilledForth
                | Clears
                | SetsFilledBack,
                Dialect::Hyper,
            ) => Err("safe code can only fill hyper's buffer by `put_slice`, which counts what it writes"),
            (
                VectoredReportsTooMany | VectoredFillsTheLast | VectoredAdvances | VectoredExchanges,
                Dialect::Tokio | Dialect::Hyper,
            ) => Err("the traits have no vectored reads"),
            (HintsTooMuch | ClaimsToVector, Dialect::Tokio | Dialect::Futures | Dialect::Hyper) => {
                Err("the traits have no such query")
            }
            _ => Ok(()),
        }
    }

    /// Whether the reader wakes the task after `Pending`.
    pub(super) fn wakes(self) -> bool {
        !matches!(self, ReadFault::DropsTheWaker)
    }

    /// Whether the reader wrote every byte that it counts and that a wrapper may pass on. (In a
    /// vectored read, a count of one byte more than the first slice holds is possible.)
    pub(super) fn is_honest(self) -> bool {
        use ReadFault::*;
        !matches!(self, ReportsOneTooMany | ReportsWithoutWriting | SetsFilledForth | VectoredFillsTheLast)
    }

    /// What the reader does at its first call, if `room` bytes are offered.
    fn play(self, room: usize) -> Play {
        use ReadFault::*;
        let fill = HONEST.min(room);
        let honest = Play { writes: fill, reports: fill, outcome: Outcome::Ready };
        match self {
            ReportsOneTooMany => Play { writes: room, reports: room + 1, ..honest },
            ReportsFarTooMany => Play { reports: usize::MAX, ..honest },
            ReportsForAnEmptyBuffer => Play { reports: fill.max(1), ..honest },
            ReportsWithoutWriting => Play { writes: 0, ..honest },
            ReportsLessThanWritten => Play { writes: room, ..honest },
            WritesAndReportsNothing => Play { reports: 0, ..honest },
            SetsFilledForth => Play { writes: 0, reports: room, ..honest },
            PanicsBeforeFilling => Play { writes: 0, reports: 0, outcome: Outcome::Panic },
            PanicsWhileFilling => Play { writes: room / 2, reports: 0, outcome: Outcome::Panic },
            PanicsAfterFilling | SwapsAndPanics => Play { outcome: Outcome::Panic, ..honest },
            PendsAfterFilling | SwapsAndPends => Play { outcome: Outcome::Pending(Wakes::Once), ..honest },
            FailsAfterFilling | SwapsAndFails => Play { outcome: Outcome::Fail(io::ErrorKind::TimedOut), ..honest },
            Fails => Play { writes: 0, reports: 0, outcome: Outcome::Fail(io::ErrorKind::TimedOut) },
            IsInterrupted => Play { writes: 0, reports: 0, outcome: Outcome::Fail(io::ErrorKind::Interrupted) },
            WouldBlock => Play { writes: 0, reports: 0, outcome: Outcome::Fail(io::ErrorKind::WouldBlock) },
            DropsTheWaker => Play { writes: 0, reports: 0, outcome: Outcome::Pending(Wakes::Never) },
            WakesOften => Play { writes: 0, reports: 0, outcome: Outcome::Pending(Wakes::Often) },
            WakesFromAnotherThread => {
                Play { writes: 0, reports: 0, outcome: Outcome::Pending(Wakes::FromAnotherThread) }
            }
            KeepsWakers => Play { writes: 0, reports: 0, outcome: Outcome::Pending(Wakes::ByClones) },
            EndsAndContinues => Play { writes: 0, reports: 0, ..honest },
            _ => honest,
        }
    }
}

/// One call: how many bytes the reader writes, how many it counts, and what it returns.
struct Play {
    writes: usize,
    reports: usize,
    outcome: Outcome,
}

enum Outcome {
    Ready,
    Pending(Wakes),
    Fail(io::ErrorKind),
    Panic,
}

/// Has a [`ReadFault`] at its first call, then delivers [`AFTER`] and ends.
#[derive(Debug)]
pub struct HostileReader {
    fault: ReadFault,
    rest: &'static [u8],
    calls: Calls,
    wakers: Vec<Waker>,
}

impl HostileReader {
    pub(super) fn new(fault: ReadFault, calls: Calls) -> Self {
        HostileReader { fault, rest: AFTER, calls, wakers: Vec::new() }
    }

    /// Returns the fault at the first call, and at later calls as much of the rest as fits.
    fn play(&mut self, room: usize) -> Result<Play, &'static [u8]> {
        if self.calls.next() == 0 {
            return Ok(self.fault.play(room));
        }
        let (part, rest) = self.rest.split_at(self.rest.len().min(room));
        self.rest = rest;
        Err(part)
    }

    fn outcome<T>(&mut self, cx: &Context<'_>, outcome: Outcome, value: T) -> Poll<io::Result<T>> {
        match outcome {
            Outcome::Ready => Poll::Ready(Ok(value)),
            Outcome::Pending(wakes) => {
                provoke(wakes, cx, &mut self.wakers);
                Poll::Pending
            }
            Outcome::Fail(kind) => Poll::Ready(Err(kind.into())),
            Outcome::Panic => panic_quietly(),
        }
    }

    fn read_into_slice(&mut self, cx: &Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.play(slice.len()) {
            Ok(play) => {
                slice[..play.writes].fill(DATA);
                self.outcome(cx, play.outcome, play.reports)
            }
            Err(part) => {
                slice[..part.len()].copy_from_slice(part);
                Poll::Ready(Ok(part.len()))
            }
        }
    }

    fn read_vectored(&mut self, cx: &Context<'_>, bufs: &mut [IoSliceMut<'_>]) -> Poll<io::Result<usize>> {
        let total: usize = bufs.iter().map(|buf| buf.len()).sum();
        match self.fault {
            ReadFault::VectoredReportsTooMany if self.calls.made() == 0 => {
                self.calls.next();
                bufs.iter_mut().for_each(|buf| buf.fill(DATA));
                Poll::Ready(Ok(total + 1))
            }
            ReadFault::VectoredFillsTheLast if self.calls.made() == 0 => {
                self.calls.next();
                let Some(last) = bufs.last_mut() else { return Poll::Ready(Ok(0)) };
                last.fill(DATA);
                Poll::Ready(Ok(last.len()))
            }
            ReadFault::VectoredAdvances if self.calls.made() == 0 => {
                self.calls.next();
                let (mut bufs, mut filled) = (bufs, 0);
                while filled < total {
                    let n = 3.min(bufs[0].len());
                    bufs[0][..n].fill(DATA);
                    filled += n;
                    IoSliceMut::advance_slices(&mut bufs, n);
                }
                Poll::Ready(Ok(filled))
            }
            ReadFault::VectoredExchanges if self.calls.made() == 0 => {
                self.calls.next();
                let Some(last) = bufs.last_mut() else { return Poll::Ready(Ok(0)) };
                *last = IoSliceMut::new(leak(vec![FOREIGN; 2 * total + 1].into_boxed_slice()));
                Poll::Ready(Ok(last.len()))
            }
            _ => {
                let first = bufs.iter_mut().find(|buf| !buf.is_empty());
                self.read_into_slice(cx, first.map_or(&mut [], |buf| &mut **buf))
            }
        }
    }
}

impl AsyncReadBuf for HostileReader {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.play(cursor.capacity()) {
            Ok(play) => {
                match self.fault {
                    ReadFault::Clears => {
                        cursor.append(&vec![b'x'; play.writes]);
                        cursor.truncate_written(0);
                    }
                    ReadFault::SetsFilledBack => {
                        cursor.append(&vec![DATA; cursor.capacity()]);
                        cursor.truncate_written(play.writes);
                        return Poll::Ready(Ok(()));
                    }
                    ReadFault::InitializesOnly => {
                        cursor.ensure_init();
                        return Poll::Ready(Ok(()));
                    }
                    _ => {}
                }
                // A count beyond the capacity panics here, in the reader.
                cursor.ensure_init_to(play.writes.max(play.reports.min(cursor.capacity())))[..play.writes].fill(DATA);
                cursor.advance_checked(play.reports);
                self.outcome(cx, play.outcome, ())
            }
            Err(part) => {
                cursor.append(part);
                Poll::Ready(Ok(()))
            }
        }
    }

    fn poll_read_into_slice(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slice: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.read_into_slice(cx, slice)
    }

    fn poll_read_into_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.read_vectored(cx, bufs)
    }

    fn supports_vectored_reads(&self) -> bool {
        self.fault == ReadFault::ClaimsToVector
    }

    fn init_hint(&self, capacity: usize) -> usize {
        if self.fault == ReadFault::HintsTooMuch { usize::MAX } else { capacity.min(HONEST) }
    }
}

impl futures::io::AsyncRead for HostileReader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.read_into_slice(cx, slice)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.read_vectored(cx, bufs)
    }
}

/// In safe code, `put_slice` counts what it copies; writing to an initialized slice counts nothing.
/// hyper gives out that slice from 1.11 on. With older versions, only `unsafe` code can write to
/// it.
impl hyper::rt::Read for HostileReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.play(buf.remaining()) {
            Ok(play) => {
                // SAFETY: this initializes memory, and does not de-initialize any.
                let unfilled = unsafe { buf.as_mut() };
                if self.fault == ReadFault::InitializesOnly {
                    unfilled.fill(MaybeUninit::new(0));
                    return Poll::Ready(Ok(()));
                }
                if play.writes > play.reports {
                    unfilled[..play.writes].fill(MaybeUninit::new(DATA));
                }
                buf.put_slice(&vec![DATA; play.reports]);
                self.outcome(cx, play.outcome, ())
            }
            Err(part) => {
                buf.put_slice(part);
                Poll::Ready(Ok(()))
            }
        }
    }
}

/// A buffer over memory that is not the caller's.
fn leaked(len: usize) -> ReadBuf<'static> {
    let mut buf = ReadBuf::new(leak(vec![FOREIGN; len].into_boxed_slice()));
    buf.set_filled(len.min(HONEST));
    buf
}

impl HostileReader {
    /// Swaps the buffer as the fault says and fills the new one. Returns whether it did.
    fn swap(&self, buf: &mut ReadBuf<'_>) -> bool {
        use ReadFault::*;
        let room = buf.remaining();
        match self.fault {
            SwapsInAnEqual | SwapsAndPends | SwapsAndFails | SwapsAndPanics => *buf = leaked(room),
            SwapsInAnEmpty => *buf = leaked(0),
            SwapsInASmaller => *buf = leaked(room / 2),
            SwapsInALarger => *buf = leaked(room * 3),
            SwapsInItsOwnFront | SwapsInItsOwnWhole => {
                let own = leak(Box::new(mem::replace(buf, leaked(0))));
                let len = if self.fault == SwapsInItsOwnWhole { room } else { room / 2 };
                *buf = own.take(len);
                buf.put_slice(&vec![DATA; HONEST.min(buf.remaining())]);
            }
            SwapsAndRestores => {
                let own = mem::replace(buf, leaked(room));
                buf.clear();
                *buf = own;
                return false;
            }
            _ => return false,
        }
        true
    }
}

impl tokio::io::AsyncRead for HostileReader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let play = match self.play(buf.remaining()) {
            Ok(play) => play,
            Err(part) => {
                buf.put_slice(part);
                return Poll::Ready(Ok(()));
            }
        };
        match self.fault {
            _ if self.swap(buf) => {}
            ReadFault::SetsFilledBack => {
                buf.put_slice(&vec![DATA; buf.remaining()]);
                buf.set_filled(play.writes);
            }
            ReadFault::InitializesOnly => {
                buf.initialize_unfilled();
            }
            fault => {
                if fault == ReadFault::Clears {
                    buf.put_slice(&vec![b'x'; play.writes]);
                    buf.clear();
                    buf.set_filled(play.writes);
                    buf.set_filled(0);
                }
                let initialized = play.writes.max(play.reports.min(buf.remaining()));
                buf.initialize_unfilled_to(initialized)[..play.writes].fill(DATA);
                // A count beyond the capacity panics here, in the reader.
                buf.advance(play.reports);
            }
        }
        self.outcome(cx, play.outcome, ())
    }
}
