//! Seekers that break their contracts, and the suite for wrappers around them.

use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use io_shim::{AsyncReadBuf, AsyncSeek, AsyncWrite, BorrowedCursor};

use super::{Calls, Dialect, Report, Seen, faults, panic_quietly, see};

faults! {
    SeekFault {
        Fails = "fails to seek",
        FailsLate = "returns `Pending`, then fails",
        FailsToStart = "fails to start a seek",
        Pends = "returns `Pending` from a seek",
        Panics = "panics in a seek",
        ReportsElsewhere = "reports a position of `u64::MAX`",
        IsAbandonedForARead = "returns `Pending` from a seek, and is read",
        IsAbandonedForAWrite = "returns `Pending` from a seek, and is written to",
        IsAbandonedForAFlush = "returns `Pending` from a seek, and is flushed",
    }
}

impl SeekFault {
    /// Returns the reason if these traits cannot express the fault.
    pub fn expressible(self, dialect: Dialect) -> Result<(), &'static str> {
        match (self, dialect) {
            (_, Dialect::Hyper) => Err("hyper has no such trait"),
            (SeekFault::FailsToStart, Dialect::Futures | Dialect::IoShim) => Err("a seek has one phase"),
            _ => Ok(()),
        }
    }

    fn pends(self) -> bool {
        use SeekFault::*;
        matches!(self, FailsLate | Pends | IsAbandonedForARead | IsAbandonedForAWrite | IsAbandonedForAFlush)
    }
}

/// Has a [`SeekFault`] at its first seek, then seeks correctly. Each byte read is the low byte of
/// its position.
#[derive(Debug)]
pub struct HostileSeek {
    fault: SeekFault,
    position: u64,
    started: Option<SeekFrom>,
    pended: bool,
    calls: Calls,
}

impl HostileSeek {
    fn start(&mut self, position: SeekFrom) -> io::Result<()> {
        self.started = Some(position);
        if self.calls.made() == 0 && self.fault == SeekFault::FailsToStart {
            self.calls.next();
            self.started = None;
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(())
    }

    fn complete(&mut self, cx: &Context<'_>) -> Poll<io::Result<u64>> {
        let Some(seek) = self.started else { return Poll::Ready(Ok(self.position)) };
        if self.calls.made() == 0 {
            if self.fault.pends() && !std::mem::replace(&mut self.pended, true) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.calls.next();
            match self.fault {
                SeekFault::Fails | SeekFault::FailsLate => {
                    self.started = None;
                    return Poll::Ready(Err(io::ErrorKind::InvalidInput.into()));
                }
                SeekFault::Panics => panic_quietly(),
                SeekFault::ReportsElsewhere => {
                    self.started = None;
                    return Poll::Ready(Ok(u64::MAX));
                }
                _ => {}
            }
        }
        self.started = None;
        let position = match seek {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(n) => self.position.checked_add_signed(n),
            SeekFrom::End(n) => 1000u64.checked_add_signed(n),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Poll::Ready(Ok(self.position))
    }

    /// Completes a seek that has been started and drops its result, as files do at the next
    /// operation.
    fn settle(&mut self) {
        if let Some(SeekFrom::Start(position)) = self.started.take() {
            self.calls.next();
            self.position = position;
        }
    }

    fn read(&mut self, slice: &mut [u8]) -> usize {
        self.settle();
        for byte in &mut *slice {
            *byte = self.position as u8;
            self.position += 1;
        }
        slice.len()
    }

    fn write(&mut self, data: &[u8]) -> Poll<io::Result<usize>> {
        self.settle();
        self.position += data.len() as u64;
        Poll::Ready(Ok(data.len()))
    }

    fn flush(&mut self) -> Poll<io::Result<()>> {
        self.settle();
        Poll::Ready(Ok(()))
    }

    fn seek(&mut self, cx: &Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        if self.started != Some(position) {
            self.start(position)?;
        }
        self.complete(cx)
    }
}

impl AsyncReadBuf for HostileSeek {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let n = self.read(cursor.ensure_init());
        cursor.advance_checked(n);
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for HostileSeek {
    fn poll_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        self.seek(cx, position)
    }
}

macro_rules! writes {
    ($trait:path, $close:ident) => {
        impl $trait for HostileSeek {
            fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                self.write(data)
            }

            fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.flush()
            }

            fn $close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.flush()
            }
        }
    };
}

writes!(AsyncWrite, poll_shutdown);

writes!(futures::io::AsyncWrite, poll_close);

impl futures::io::AsyncRead for HostileSeek {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.read(slice)))
    }
}

impl futures::io::AsyncSeek for HostileSeek {
    fn poll_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        self.seek(cx, position)
    }
}

writes!(tokio::io::AsyncWrite, poll_shutdown);

impl tokio::io::AsyncRead for HostileSeek {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let n = self.read(buf.initialize_unfilled());
        buf.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncSeek for HostileSeek {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.start(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.complete(cx)
    }
}

/// Checks a wrapper around seekers with every fault that `dialect` can express. `make` wraps one. A
/// later seek must reach its position, and reads must go on from there.
pub fn seek<S: AsyncReadBuf + AsyncWrite + AsyncSeek>(
    dialect: Dialect,
    mut make: impl FnMut(HostileSeek) -> S,
) -> Vec<Report> {
    let mut reports = Vec::new();
    for &fault in SeekFault::ALL.iter().filter(|fault| fault.expressible(dialect).is_ok()) {
        let seeker = HostileSeek { fault, position: 0, started: None, pended: false, calls: Calls::default() };
        let mut seeker = Box::pin(make(seeker));
        let seen = see(true, |cx| seeker.as_mut().poll_seek(cx, SeekFrom::Start(70)).map_ok(|n| n as usize));
        let seen = if let Seen::Ready(n) = seen { Seen::Position(n) } else { seen };
        let between = see(true, |cx| match fault {
            SeekFault::IsAbandonedForARead => seeker.as_mut().poll_read_into_slice(cx, &mut [0; 5]),
            SeekFault::IsAbandonedForAWrite => seeker.as_mut().poll_write(cx, b"abcde"),
            SeekFault::IsAbandonedForAFlush => seeker.as_mut().poll_flush(cx).map_ok(|()| 0),
            _ => Poll::Ready(Ok(0)),
        });
        assert!(
            matches!(between, Seen::Ready(_)),
            "{fault:?}: the wrapper answered {between:?} to what came after the seek: it must do that and forget the seek"
        );
        // The same position again: it must not be mistaken for the abandoned seek.
        let mut position = None;
        for _ in 0..20 {
            if let Seen::Ready(n) =
                see(true, |cx| seeker.as_mut().poll_seek(cx, SeekFrom::Start(70)).map_ok(|n| n as usize))
            {
                position = Some(n);
                break;
            }
        }
        let mut byte = [0];
        let read = see(true, |cx| seeker.as_mut().poll_read_into_slice(cx, &mut byte));
        let recovered = position == Some(70) && read == Seen::Ready(1) && byte == [70];
        reports.push(Report { fault: fault.name(), call: "seek", seen, recovered });
    }
    reports
}
